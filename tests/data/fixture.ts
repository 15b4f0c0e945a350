/** Small tables for the tests of the data code: a clean one, and ways to spoil it. */
import { isoDate } from "../../lib/data/dates.ts";
import type { Roles } from "../../lib/data/roles.ts";
import { selectSeries } from "../../lib/data/select.ts";
import { readTable, type Table } from "../../lib/data/table.ts";
import { InputError, type Problem } from "../../lib/errors.ts";

const FIRST_MONDAY = 19359; // 2023-01-02
export const ROWS = 40;

/** A header and 40 weekly rows: `date, tv_spend, radio_spend, price, sales`. */
export function cleanCells(): string[][] {
  const rows = Array.from({ length: ROWS }, (_, t) => [
    isoDate(FIRST_MONDAY + 7 * t),
    String(100 + 13 * (t % 7)),
    String(40 + 5 * (t % 11)),
    (4 + 0.25 * (t % 5)).toFixed(2),
    String(1000 + 17 * (t % 13) + t),
  ]);
  return [["date", "tv_spend", "radio_spend", "price", "sales"], ...rows];
}

/** Column places in {@link cleanCells}. */
export const COLUMN = { date: 0, tv: 1, radio: 2, price: 3, sales: 4 } as const;

/** The clean table after an edit, joined by a delimiter, without any quoting. */
export function joined(edit: (cells: string[][]) => void = () => {}, delimiter = ","): string {
  const cells = cleanCells();
  edit(cells);
  return cells.map((row) => row.join(delimiter) + "\n").join("");
}

export function tableOf(text: string | Uint8Array, name = "sales.csv"): Table {
  return readTable(typeof text === "string" ? new TextEncoder().encode(text) : text, name);
}

/** The problems of reading a table and selecting a series from it; none when all is well. */
export function problemsOf(text: string | Uint8Array, roles: Roles = {}): readonly Problem[] {
  return problemsIn(() => selectSeries(tableOf(text), roles));
}

/** The problems that an action throws as an InputError; any other error is thrown on. */
export function problemsIn(action: () => unknown): readonly Problem[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}
