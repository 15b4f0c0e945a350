/** Which column plays which part: as told, or else by well-known names, which is always reported. */
import { didYouMean } from "../suggest.ts";
import type { Problem } from "../errors.ts";
import { readDate } from "./dates.ts";
import type { Table } from "./table.ts";

/** Columns by part, as the user names them; what is left out is looked for. */
export interface Roles {
  readonly date?: string | undefined;
  /** Summed into one series. `*` stands for any letters: `*_spend`. */
  readonly spend?: readonly string[] | undefined;
  readonly target?: string | undefined;
  readonly controls?: readonly string[] | undefined;
  /** Column that says which series a row belongs to, and the series to take. */
  readonly group?: string | undefined;
  readonly only?: string | undefined;
}

/** Something to know that does not stop a fit. */
export interface Note {
  readonly severity: "REVIEW" | "INFO";
  readonly column?: string;
  readonly message: string;
}

/** Column indices by part; a part is absent when it could not be resolved (then there is a problem too). */
export interface ResolvedRoles {
  readonly date?: number;
  readonly spend: readonly number[];
  readonly target?: number;
  readonly controls: readonly number[];
}

/** A finding of columns, with everything that was wrong on the way. */
export interface Resolution {
  readonly resolved: ResolvedRoles;
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
}

/** Names taken for a response when none is given, in any case, if exactly one occurs. */
const TARGET_NAMES = [
  "y",
  "sales",
  "revenue",
  "conversions",
  "orders",
  "purchases",
  "transactions",
  "kpi",
  "response",
  "target",
];
/** Names taken for spend when none is given: `spend`, `tv_spend`, `spend_tv`, `tvSpend`, `cost`, Robyn's `tv_S`. */
const SPEND_NAME = /^(spend|cost)$|[_ .-](spend|cost)$|^(spend|cost)[_ .-]|[a-z]Spend$|[a-z]_S$/;
const SPEND_NAME_ANY_CASE = /^(spend|cost)$|[_ .-](spend|cost)$|^(spend|cost)[_ .-]/i;
/** Names under which running numbers are taken for a time index. */
const INDEX_NAME = /^(t|time|index|day|week|month|period|obs|row)$/i;
/** Share of rows that must look like dates for a column to be taken as the dates. */
const MOSTLY = 0.8;
/** Column names listed in a message. */
const MOST_NAMES = 24;

/**
 * Finds the column of every part.
 *
 * @param rows indices of the rows of the chosen series, for telling dates by their content
 */
export function resolveRoles(table: Table, rows: readonly number[], roles: Roles): Resolution {
  const problems: Problem[] = [];
  const notes: Note[] = [];
  const find = (option: string, name: string): number | undefined => {
    const index = table.columns.indexOf(name);
    if (index >= 0) return index;
    problems.push({ where: option, value: name, message: missingColumn(table, name) });
    return undefined;
  };
  const findAll = (option: string, names: readonly string[]): number[] =>
    names.flatMap((name) => {
      const exact = table.columns.indexOf(name);
      const matched = exact < 0 && name.includes("*") ? matchPattern(table, name) : [];
      return matched.length > 0 ? matched : find(option, name) ?? [];
    });

  const controls = findAll("--control", roles.controls ?? []);
  let target = roles.target === undefined ? undefined : find("--target", roles.target);
  if (roles.target === undefined) {
    const found = inferTarget(table);
    if (typeof found === "number") {
      target = found;
      notes.push(taken("--target", "response", [table.columns[found]]));
    } else problems.push(found);
  }
  const given = roles.spend ?? [];
  let spend = findAll("--spend", given);
  if (given.length === 0) {
    spend = inferSpend(table).filter((index) => index !== target && !controls.includes(index));
    if (spend.length > 0) notes.push(taken("--spend", "spend", spend.map((index) => table.columns[index])));
    else {
      const message = `no column is named like spend; name it with --spend. ${listColumns(table)}`;
      problems.push({ where: "--spend", message });
    }
  }
  let date = roles.date === undefined ? undefined : find("--date", roles.date);
  if (roles.date === undefined) {
    date = inferDate(table, rows);
    notes.push(
      date === undefined
        ? {
          severity: "INFO",
          message: "no date column was found: rows are taken in file order, one step apart.",
        }
        : taken("--date", "date", [table.columns[date]]),
    );
  }
  const group = roles.group === undefined ? -1 : table.columns.indexOf(roles.group);
  problems.push(...clashes(table, [
    ["--date", date === undefined ? [] : [date]],
    ["--spend", spend],
    ["--target", target === undefined ? [] : [target]],
    ["--control", controls],
    ["--group", group < 0 ? [] : [group]],
  ]));
  return {
    resolved: {
      ...(date !== undefined && { date }),
      spend: [...new Set(spend)],
      ...(target !== undefined && { target }),
      controls: [...new Set(controls)],
    },
    problems,
    notes,
  };
}

/** A column that is wanted and not there, with the nearest name or else the list of names. */
export function missingColumn(table: Table, name: string): string {
  const same = table.columns.find((column) => column.toLowerCase() === name.trim().toLowerCase());
  const guess = same === undefined ? didYouMean(name, table.columns) : ` Did you mean "${same}"?`;
  return `${table.name} has no such column.${guess || ` ${listColumns(table)}`}`;
}

function listColumns(table: Table): string {
  return `Its columns are ${listNames(table.columns)}.`;
}

function listNames(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function matchPattern(table: Table, pattern: string): number[] {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join(".*")}$`);
  return table.columns.flatMap((column, index) => expression.test(column) ? [index] : []);
}

function inferTarget(table: Table): number | Problem {
  const wordsOf = (column: string) => column.toLowerCase().split(/[^a-z0-9]+/);
  const named = table.columns.flatMap((column, i) => TARGET_NAMES.includes(column.toLowerCase()) ? [i] : []);
  if (named.length === 1) return named[0];
  const likely = table.columns.filter((column) =>
    wordsOf(column).some((word) => TARGET_NAMES.includes(word))
  );
  const message = likely.length > 0
    ? `which column is the response is not clear; name it with --target: ${listNames(likely)}.`
    : `no column is named like a response; name it with --target. ${listColumns(table)}`;
  return { where: "--target", message };
}

function inferSpend(table: Table): number[] {
  return table.columns.flatMap((column, index) =>
    SPEND_NAME.test(column) || SPEND_NAME_ANY_CASE.test(column) ? [index] : []
  );
}

/** The first column of dates, else the first column of rising whole numbers under a name for time. */
function inferDate(table: Table, rows: readonly number[]): number | undefined {
  const cellsOf = (column: number) => rows.map((row) => readDate(table.cells[row][column]));
  const dated = table.columns.findIndex((_, column) => {
    const cells = cellsOf(column);
    const dates = cells.filter((cell) => cell.kind === "day" || (cell.kind === "bad" && cell.dateLike));
    return dates.length > 0 && dates.length >= MOSTLY * cells.length;
  });
  if (dated >= 0) return dated;
  const numbered = table.columns.findIndex((name, column) => {
    if (!INDEX_NAME.test(name)) return false;
    const cells = cellsOf(column);
    return cells.length > 0 && cells.every((cell, i) => {
      const before = cells[i - 1];
      return cell.kind === "index" &&
        (before === undefined || (before.kind === "index" && before.day < cell.day));
    });
  });
  return numbered >= 0 ? numbered : undefined;
}

function taken(option: string, part: string, columns: readonly string[]): Note {
  return {
    severity: "INFO",
    message: `taken for ${part} by name: ${columns.join(", ")} (say otherwise with ${option}).`,
  };
}

/** Columns named for two parts, or twice for one. */
function clashes(table: Table, parts: readonly (readonly [string, readonly number[]])[]): Problem[] {
  const options = new Map<number, string[]>();
  for (const [option, columns] of parts) {
    for (const column of columns) options.set(column, [...options.get(column) ?? [], option]);
  }
  return [...options].filter(([, named]) => named.length > 1).map(([column, named]) => {
    const parts = [...new Set(named)];
    return {
      where: parts.join(" and "),
      column: table.columns[column],
      message: parts.length === 1
        ? "the column is named twice; name it once."
        : "one column cannot play two parts; name different columns.",
    };
  });
}
