/** `bench`: runs the measurements under tests/bench, which are not part of a fit and load only when asked for. */
import { selectSeries } from "../data/select.ts";
import { splitHoldout } from "../data/split.ts";
import { InputError, type Problem } from "../errors.ts";
import { defineCommand, Exit } from "./command.ts";
import { COLUMN_OPTIONS, readTableFile, refuseColumnsWithoutFile, rolesOf } from "./data_source.ts";
import { gather, type Line, type OptionTable } from "./options.ts";

const { control: _, ...COLUMNS } = COLUMN_OPTIONS; // the peers' models have no controls
const COMPONENTS = 3;

const OPTIONS = {
  ...COLUMNS,
  components: {
    kind: "integer",
    min: 1,
    max: 8,
    help: `number of response curves of DATA.csv (default ${COMPONENTS})`,
  },
  holdout: { kind: "number", min: 0, max: 0.5, help: "share of the last rows to leave out (default 0)" },
  json: { kind: "flag", help: "print the figures as JSON" },
} as const satisfies OptionTable;

export const bench = defineCommand({
  name: "bench",
  summary: "Measure speed against peers on this machine, after checking that the results are right.",
  positionals: [
    { name: "NAME", required: false, help: "one benchmark; without it all are run" },
    { name: "DATA.csv", required: false, help: "peers: data to fit, in place of simulated ones" },
  ],
  options: OPTIONS,
  example: "bench peers sales.csv --spend tv,radio --target revenue --components 2",
  async run(line, { out }) {
    const subject = await readSubject(line);
    const { runBenchmarks } = await import("../../tests/bench/main.ts");
    await runBenchmarks(line.positionals[0], line.values.json, (text: string) => out.write(text), subject);
    return Exit.done;
  },
});

/** The user's data and number of curves; undefined without a file. */
async function readSubject({ values, positionals, problems: found }: Line<typeof OPTIONS>) {
  const problems: Problem[] = [...found], [, file] = positionals;
  const columns = { ...values, control: [] };
  const series = await gather(problems, async () => {
    if (file === undefined) return refuseColumnsWithoutFile(columns);
    const { series } = selectSeries(await readTableFile(file), rolesOf(columns));
    return splitHoldout(series, values.holdout ?? 0).train;
  });
  for (const name of ["components", "holdout"] as const) {
    if (file !== undefined || values[name] === undefined) continue;
    problems.push({
      where: `--${name}`,
      message: "is about data of your own, but no file is given; add DATA.csv.",
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  return series === undefined ? undefined : { series, components: values.components ?? COMPONENTS };
}
