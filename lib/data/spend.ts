/** Reads spend columns and sums them into one series, leaving out channels that are hardly used. */
import type { Problem } from "../errors.ts";
import { formatCount, plural } from "../report/format.ts";
import { cellAt, isConstant, type Reading, readNumbers } from "./columns.ts";
import { abridge } from "./problems.ts";
import type { Note } from "./roles.ts";
import type { Table } from "./table.ts";

/** Spend columns that are above zero on a smaller share of rows are left out. */
export const SPARSE_SHARE = 0.1;
/** Relative slip up to which one column counts as the sum of others: sums rounded to cents. */
const SAME_SUM = 1e-6;

/** One spend column of a series. */
export interface Channel {
  readonly name: string;
  readonly values: Float64Array; // (T) 0 where the cell is empty
  /** Share of rows with spend. */
  readonly active: number;
  /** Whether it is in the sum. */
  readonly kept: boolean;
}

/** Spend columns and their sum. */
export interface SpendReading {
  readonly total: Float64Array; // (T) over the kept channels
  readonly channels: readonly Channel[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
}

/**
 * Reads and sums spend columns. An empty cell counts as no spend where another spend column of the same row is
 * filled, because exports leave the cells of idle channels empty; a row with no spend value at all is a problem.
 *
 * @param rows indices of the rows of the series, (T)
 */
export function readSpend(table: Table, rows: readonly number[], columns: readonly number[]): SpendReading {
  const readings = columns.map((column) => readNumbers(table, rows, column));
  const problems = [
    ...readings.flatMap((reading) => [...reading.problems]),
    ...readings.flatMap(({ values }, k) => negativeCells(table, rows, columns[k], values)),
    ...emptyRows(table, rows, columns, readings),
  ];
  const channels = readings.map(({ values }, k): Channel => {
    const filled = values.map((value) => Number.isNaN(value) ? 0 : value);
    const active = filled.filter((value) => value > 0).length / rows.length;
    return { name: table.columns[columns[k]], values: filled, active, kept: active >= SPARSE_SHARE };
  });
  const kept = channels.filter((channel) => channel.kept);
  const total = Float64Array.from(rows, (_, i) => kept.reduce((sum, { values }) => sum + values[i], 0));
  const notes = [
    ...emptyNote(channels, readings.map(({ empty }) => empty.length), rows.length),
    ...leftOutNote(channels),
  ];
  if (problems.length === 0 && columns.length > 0) problems.push(...sumProblems(table.name, channels, total));
  return { total, channels, problems, notes };
}

function negativeCells(
  table: Table,
  rows: readonly number[],
  column: number,
  values: Float64Array,
): Problem[] {
  const message = "spend is negative; correct it, or put refunds and credits in the row they belong to.";
  return abridge(
    rows.flatMap((row, i) =>
      values[i] < 0 ? [{ ...cellAt(table, row, column), value: table.cells[row][column], message }] : []
    ),
  );
}

function emptyRows(
  table: Table,
  rows: readonly number[],
  columns: readonly number[],
  readings: readonly Reading[],
): Problem[] {
  if (columns.length === 0) return [];
  const [first, ...others] = readings.map(({ empty }) => new Set(empty));
  const column = columns.length === 1 ? { column: table.columns[columns[0]] } : {};
  const what = columns.length === 1 ? "the spend cell is" : `all ${columns.length} spend cells are`;
  const message = `${what} empty; fill in what was spent, 0 where it was nothing.`;
  const places = [...first].filter((i) => others.every((empty) => empty.has(i)));
  return abridge(places.map((i) => ({ where: table.name, row: table.lines[rows[i]], ...column, message })));
}

/** What is wrong with spend columns that read well one by one. */
function sumProblems(where: string, channels: readonly Channel[], total: Float64Array): Problem[] {
  const kept = channels.filter((channel) => channel.kept);
  const column = channels.map(({ name }) => name).join(", ");
  if (kept.length === 0) {
    const shares = channels.map((channel) => `${channel.name} on ${activeShare(channel)}`).join(", ");
    const message = `spend is above zero on too few rows (${shares}); at least 10% of rows are needed.`;
    return [{ where, column, message }];
  }
  const sum = kept.length > 1 ? kept.find((each) => isSumOfOthers(each, kept)) : undefined;
  if (sum !== undefined) {
    const message =
      "the column is the sum of the other spend columns, so spend would count twice; leave it out.";
    return [{ where, column: sum.name, message }];
  }
  if (!isConstant(total)) return [];
  const message = "spend is the same in every row, so no response curve can be learned from it.";
  return [{ where, column, value: String(total[0]), message }];
}

function isSumOfOthers(channel: Channel, kept: readonly Channel[]): boolean {
  return channel.values.every((value, i) => {
    const others = kept.reduce((sum, each) => each === channel ? sum : sum + each.values[i], 0);
    return Math.abs(value - others) <= SAME_SUM * Math.max(value, others);
  });
}

function emptyNote(channels: readonly Channel[], empty: readonly number[], rows: number): Note[] {
  const listed = channels.flatMap(({ name, kept }, k) =>
    kept && empty[k] > 0 ? [`${name} ${formatCount(empty[k])}`] : []
  );
  const message = `empty cells taken as no spend, in ${plural(rows, "row")}: ${listed.join(", ")}.`;
  return listed.length === 0 ? [] : [{ severity: "REVIEW", message }];
}

function leftOutNote(channels: readonly Channel[]): Note[] {
  const listed = channels.filter(({ kept }) => !kept).map((channel) =>
    channel.active === 0 ? `${channel.name} never` : `${channel.name} on ${activeShare(channel)}`
  );
  const message = `left out of the sum, above zero on under 10% of rows: ${listed.join(", ")}.`;
  return listed.length === 0 ? [] : [{ severity: "INFO", message }];
}

function activeShare({ active }: Channel): string {
  return `${(100 * active).toFixed(1)}%`;
}
