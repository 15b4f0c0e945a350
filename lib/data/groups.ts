/** Picks the rows of one series out of a table that holds several. */
import { didYouMean } from "../suggest.ts";
import type { Problem } from "../errors.ts";
import { formatCount, plural } from "../report/format.ts";
import { missingColumn, type Note, type Roles } from "./roles.ts";
import type { Table } from "./table.ts";

/** Series names listed in a message. */
const MOST_NAMES = 12;

/** The rows of one series. */
export interface ChosenRows {
  /** Indices into the table's rows. */
  readonly rows: readonly number[];
  /** The series' name, for messages and reports. */
  readonly name: string;
  readonly notes: readonly Note[];
}

/** The rows of the series asked for, of the only one there is, or all; else the problem. */
export function chooseRows(table: Table, { group, only }: Roles): ChosenRows | Problem {
  const all = table.cells.map((_, row) => row);
  if (group === undefined) {
    const message = "name the column that holds the series' names too, with --group.";
    return only === undefined
      ? { rows: all, name: table.name, notes: [] }
      : { where: "--only", value: only, message };
  }
  const column = table.columns.indexOf(group);
  if (column < 0) return { where: "--group", value: group, message: missingColumn(table, group) };
  const series = Map.groupBy(all, (row) => table.cells[row][column]);
  if (only !== undefined) {
    const rows = series.get(only);
    if (rows !== undefined) return { rows, name: `${table.name}: ${only}`, notes: [] };
    const guess = didYouMean(only, series.keys());
    const message = `column ${group} has no such series.${guess || ` It has ${listSeries(series)}.`}`;
    return { where: "--only", value: only, message };
  }
  const [first] = series.keys();
  if (series.size === 1) {
    const note: Note = { severity: "INFO", column: group, message: `holds one series, ${first}.` };
    return { rows: all, name: `${table.name}: ${first}`, notes: [note] };
  }
  const message = `holds ${formatCount(series.size)} series; pick one with --only: ${listSeries(series)}.`;
  return { where: "--group", column: group, message };
}

function listSeries(series: ReadonlyMap<string, readonly number[]>): string {
  const listed = [...series].slice(0, MOST_NAMES);
  const more = series.size - listed.length;
  return listed.map(([name, rows]) => `${name || "(empty)"} (${plural(rows.length, "row")})`).join(", ") +
    (more > 0 ? ` and ${formatCount(more)} more` : "");
}
