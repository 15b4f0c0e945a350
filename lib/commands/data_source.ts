/** Where a command's data comes from: a CSV file and the options that say what its columns are. */
import { basename } from "node:path";
import type { Roles } from "../data/roles.ts";
import { readTable, type Table } from "../data/table.ts";
import { InputError } from "../errors.ts";
import type { OptionTable, Values } from "./options.ts";

/** Options that say which column plays which part. */
export const COLUMN_OPTIONS = {
  date: { kind: "text", hint: "COL", help: "date column (default: the one that holds dates)" },
  spend: { kind: "list", hint: "COL", help: "spend columns, summed; * stands for any letters: *_spend" },
  target: { kind: "text", hint: "COL", help: "response column, such as sales" },
  control: { kind: "list", hint: "COL", help: "columns that explain the response too, such as price" },
  group: { kind: "text", hint: "COL", help: "column that names the series, where a file holds several" },
  only: { kind: "text", hint: "ID", help: "the series to take from the --group column" },
} as const satisfies OptionTable;

type ColumnValues = Values<typeof COLUMN_OPTIONS>;

/** The parts of the columns, as the data code wants them. */
export function rolesOf({ date, spend, target, control, group, only }: ColumnValues): Roles {
  return { date, spend, target, controls: control, group, only };
}

/** @throws InputError if a column is named where there is no file to have it */
export function refuseColumnsWithoutFile(values: ColumnValues): void {
  const named = (Object.keys(COLUMN_OPTIONS) as (keyof ColumnValues)[]).filter((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (named.length === 0) return;
  throw new InputError(named.map((name) => ({
    where: `--${name}`,
    message: "names a column of your data, but no file is given; add DATA.csv.",
  })));
}

/** @throws InputError if the file cannot be opened or is no table */
export async function readTableFile(path: string): Promise<Table> {
  return readTable(await readBytes(path), basename(path));
}

/** @throws InputError if the file is missing, is a directory or may not be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const fail = (message: string) => new InputError([{ where: path, message }]);
    if (error instanceof Deno.errors.NotFound) {
      throw fail("there is no such file; check the path and where you are.");
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw fail("the file may not be read: permission denied.");
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw fail("lies outside of what this command may read; give a file in the directory of hillmix.");
    }
    if ((await Deno.stat(path)).isDirectory) throw fail("is a directory; give a file.");
    throw error;
  }
}
