/** Reads columns of numbers out of a table; what cannot be read becomes problems, alike ones together. */
import type { Problem } from "../errors.ts";
import { readCell } from "./cells.ts";
import { abridge } from "./problems.ts";
import type { Table } from "./table.ts";

/** Relative spread below which a column counts as constant: rounding noise of 64-bit sums, no more. */
const CONSTANT_SPREAD = 1e-12;
/** Letters of a cell shown in a message. */
export const SHOWN_LETTERS = 40;

/** A column as read for some rows. */
export interface Reading {
  readonly values: Float64Array; // (T) NaN where empty or bad
  /** Places in `values` whose cell is empty; no problem by itself. */
  readonly empty: readonly number[];
  readonly problems: readonly Problem[];
}

/**
 * Reads one column of numbers.
 *
 * @param rows indices of the rows to read, (T)
 */
export function readNumbers(table: Table, rows: readonly number[], column: number): Reading {
  const values = new Float64Array(rows.length).fill(NaN);
  const empty: number[] = [];
  const faults = new Map<string, Problem[]>();
  rows.forEach((row, i) => {
    const text = table.cells[row][column];
    const cell = readCell(text);
    if (cell.kind === "number") values[i] = cell.value;
    else if (cell.kind === "empty") empty.push(i);
    else {
      const alike = faults.get(cell.fault) ?? [];
      alike.push({
        ...cellAt(table, row, column),
        value: text.slice(0, SHOWN_LETTERS),
        message: cell.advice,
      });
      faults.set(cell.fault, alike);
    }
  });
  return { values, empty, problems: [...faults.values()].flatMap((alike) => abridge(alike)) };
}

/** Reads the response: full, and not the same everywhere. */
export function readResponse(table: Table, rows: readonly number[], column: number): Reading {
  return readFull(table, rows, column, {
    empty: "the cell is empty; fill it in, because the response is needed in every row.",
    constant: "the response is the same in every row, so there is nothing to explain; name another column.",
  });
}

/** Reads a control: full, and not the same everywhere. */
export function readControl(table: Table, rows: readonly number[], column: number): Reading {
  return readFull(table, rows, column, {
    empty: "the cell is empty; fill it in, because a control is needed in every row.",
    constant: "the control is the same in every row, so it explains nothing; leave it out.",
  });
}

function readFull(
  table: Table,
  rows: readonly number[],
  column: number,
  say: { readonly empty: string; readonly constant: string },
): Reading {
  const reading = readNumbers(table, rows, column);
  const empty = reading.empty.map((i) => ({ ...cellAt(table, rows[i], column), message: say.empty }));
  const problems = [...reading.problems, ...abridge(empty)];
  if (problems.length === 0 && isConstant(reading.values)) {
    const value = String(reading.values[0]);
    problems.push({ where: table.name, column: table.columns[column], value, message: say.constant });
  }
  return { ...reading, problems };
}

/** Whether values vary by no more than rounding noise. */
export function isConstant(values: Float64Array): boolean {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return !(high - low > CONSTANT_SPREAD * Math.max(Math.abs(low), Math.abs(high)));
}

/** Where a cell is, for a problem. */
export function cellAt(
  table: Table,
  row: number,
  column: number,
): Pick<Required<Problem>, "where" | "row" | "column"> {
  return { where: table.name, row: table.lines[row], column: table.columns[column] };
}
