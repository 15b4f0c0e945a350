/** Checks that the rows of a series follow each other in time, each once, in regular steps. */
import type { Problem } from "../errors.ts";
import { formatCount, plural } from "../report/format.ts";
import { type Cadence, describeCadence, findCadence, irregularities, nextDate } from "./cadence.ts";
import { SHOWN_LETTERS } from "./columns.ts";
import { readDate } from "./dates.ts";
import { abridge } from "./problems.ts";
import type { Table } from "./table.ts";

/** The dates of a series. */
export interface Timeline {
  /** (T) ISO dates, or running numbers as text. */
  readonly dates: readonly string[];
  readonly cadence?: Cadence;
  readonly problems: readonly Problem[];
}

/** A row's date, once read. */
interface Stamp {
  readonly line: number;
  readonly day: number;
  readonly text: string;
  readonly kind: "day" | "index";
}

/**
 * Reads a date column and checks it: every cell a date, no date twice, rising order, no gaps.
 *
 * @param rows indices of the rows of the series
 * @param column index of the date column
 */
export function checkTimeline(table: Table, rows: readonly number[], column: number): Timeline {
  const place = (line: number) => ({ where: table.name, row: line, column: table.columns[column] });
  const empty: Problem[] = [], foreign: Problem[] = [];
  const stamps: Stamp[] = [];
  for (const row of rows) {
    const value = table.cells[row][column];
    const line = table.lines[row];
    const cell = readDate(value);
    if (cell.kind === "day" || cell.kind === "index") stamps.push({ ...cell, line });
    else if (cell.kind === "empty") {
      empty.push({ ...place(line), message: "the date is missing; fill it in." });
    } else foreign.push({ ...place(line), value: value.slice(0, SHOWN_LETTERS), message: cell.advice });
  }
  const dates = stamps.map(({ text }) => text);
  const mixed = stamps.find(({ kind }) => kind !== stamps[0].kind);
  if (mixed !== undefined) {
    const message = "the column mixes dates and plain numbers; write every row as year-month-day.";
    foreign.push({ ...place(mixed.line), value: mixed.text, message });
  }
  const bad = [...abridge(empty), ...abridge(foreign)];
  // With dates missing, what looks like a gap may be one of them.
  if (bad.length > 0) return { dates, problems: bad };
  const repeated = duplicates(stamps, place);
  const piled = repeated.length > 0 ? severalSeries(table, rows, column) : undefined;
  if (piled !== undefined) return { dates, problems: [piled] };
  const order = [...abridge(repeated), ...abridge(reversals(stamps, place))];
  const distinct = [...new Map(stamps.map((stamp) => [stamp.day, stamp])).values()].sort((a, b) =>
    a.day - b.day
  );
  const { cadence, problems } = steps(distinct, place, table.name);
  return { dates, problems: [...order, ...problems], ...(cadence && { cadence }) };
}

type Place = (line: number) => { where: string; row: number; column: string };

function duplicates(stamps: readonly Stamp[], place: Place): Problem[] {
  const first = new Map<number, number>();
  const problems: Problem[] = [];
  for (const { day, line, text } of stamps) {
    const before = first.get(day);
    if (before === undefined) first.set(day, line);
    else {
      const message = `the date is in row ${before} too; remove one of the rows or add them up.`;
      problems.push({ ...place(line), value: text, message });
    }
  }
  return problems;
}

/** Dates that repeat only across the values of another column are several series in one table. */
function severalSeries(table: Table, rows: readonly number[], date: number): Problem | undefined {
  const found = table.columns.flatMap((name, column) => {
    if (column === date || !pairsAreDistinct(table, rows, column, date)) return [];
    const names = new Set(rows.map((row) => table.cells[row][column]));
    return names.size <= rows.length / 2 ? [{ name, names }] : [];
  }).sort((a, b) => a.names.size - b.names.size);
  if (found.length === 0) return undefined;
  const { name, names } = found[0];
  const [example] = names;
  const message =
    `dates repeat: the table seems to hold ${formatCount(names.size)} series, one for each ${name}; ` +
    `pick one with --group ${name} --only ${example}, or another of its values.`;
  return { where: table.name, column: table.columns[date], message };
}

function pairsAreDistinct(table: Table, rows: readonly number[], first: number, second: number): boolean {
  const seen = new Set<string>();
  return rows.every((row) => {
    const pair = `${table.cells[row][first]}\n${table.cells[row][second]}`;
    if (seen.has(pair)) return false;
    seen.add(pair);
    return true;
  });
}

function reversals(stamps: readonly Stamp[], place: Place): Problem[] {
  const problems: Problem[] = [];
  for (let i = 1; i < stamps.length; i++) {
    if (stamps[i].day >= stamps[i - 1].day) continue;
    const message = `the date lies before that of the row above, ${
      stamps[i - 1].text
    }; sort the rows by date.`;
    problems.push({ ...place(stamps[i].line), value: stamps[i].text, message });
  }
  return problems;
}

function steps(
  stamps: readonly Stamp[],
  place: Place,
  where: string,
): { cadence?: Cadence; problems: readonly Problem[] } {
  if (stamps.length < 3) return { problems: [] };
  const days = stamps.map(({ day }) => day);
  const cadence = findCadence(days, stamps[0].kind === "index");
  if (cadence === undefined) {
    const message =
      "the dates follow no regular step (daily, weekly, monthly); bring the rows to equal steps.";
    return { problems: [{ where, column: place(0).column, message }] };
  }
  const problems = irregularities(days, cadence).map(({ index, missing }): Problem => {
    const [before, after] = [stamps[index - 1], stamps[index]];
    const expected = nextDate(cadence, before.day);
    if (missing === 0) {
      const message = `the date does not fit: rows are ${describeCadence(cadence)} and the one before is ` +
        `${before.text}, so ${expected} was expected.`;
      return { ...place(after.line), value: after.text, message };
    }
    const message =
      `gap between ${before.text} and ${after.text}: rows are ${describeCadence(cadence)} and ` +
      `${plural(missing, "row")} from ${expected} on ${missing === 1 ? "is" : "are"} missing; add ` +
      `${missing === 1 ? "it" : "them"}, with 0 where nothing was spent, or fit only the rows on one side.`;
    return { ...place(after.line), message };
  });
  return { cadence, problems: abridge(problems) };
}
