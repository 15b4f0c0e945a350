/** Where a command line's fit gets its data and its settings from: files, named on the line. */
import { InputError } from "../errors.ts";
import { ENGINES } from "../fit_types.ts";
import { COLUMN_OPTIONS, readBytes, readTableFile } from "./data_source.ts";
import type { FitSources } from "./fit_request.ts";
import type { Line, OptionTable } from "./options.ts";

/** Options about where things come from and where the work is done. */
export const SOURCE_OPTIONS = {
  config: { kind: "text", hint: "FILE.json", help: "model settings; --components and --preset go before it" },
  engine: { kind: "choice", choices: ENGINES, fallback: "auto", help: "where to compute" },
} as const satisfies OptionTable;

/**
 * The sources a line names; nothing is read yet.
 *
 * @param line whose first word, if any, is the data file
 * @param options of the command
 */
export function sourcesOf<T extends typeof SOURCE_OPTIONS>(
  { values, positionals: [file], problems }: Line<T>,
  options: OptionTable,
): FitSources {
  const { config, engine } = values as Line<typeof SOURCE_OPTIONS>["values"];
  // With `--spned tv` on the line, "no spend column" would be a misleading second complaint.
  const columnsInDoubt = problems.some(({ where }) => {
    const name = where.slice("--".length);
    return Object.hasOwn(COLUMN_OPTIONS, name) || !Object.hasOwn(options, name);
  });
  const data = async () => {
    const table = await readTableFile(file);
    return columnsInDoubt ? undefined : table;
  };
  return {
    ...(file === undefined ? {} : { data: { name: file, read: data } }),
    ...(config === undefined ? {} : { config: { name: config, read: () => readConfig(config) } }),
    engine,
  };
}

async function readConfig(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError([{
      where: path,
      message: `is not valid JSON (${(error as Error).message}); mend it, or leave --config out.`,
    }]);
  }
}
