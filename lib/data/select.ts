/** From a table and the parts its columns play to one checked series, or to every reason why not. */
import type { Problem } from "../errors.ts";
import { formatCount, plural } from "../report/format.ts";
import { type Cadence, describeCadence } from "./cadence.ts";
import { readControl, type Reading, readResponse } from "./columns.ts";
import { chooseRows } from "./groups.ts";
import { throwIfAny } from "./problems.ts";
import { type Note, type ResolvedRoles, resolveRoles, type Roles } from "./roles.ts";
import type { Series } from "./series.ts";
import { type Channel, readSpend, type SpendReading } from "./spend.ts";
import type { Table } from "./table.ts";
import { checkTimeline, type Timeline } from "./timeline.ts";

/** Fewest rows that are fit. */
export const FEWEST_ROWS = 30;

/** A series with what there is to know about how it was read. */
export interface Selection {
  readonly series: Series;
  /** Every spend column looked at, those left out included. */
  readonly channels: readonly Channel[];
  /** Undefined when there are no dates. */
  readonly cadence?: Cadence;
  /** What was assumed, inferred or left out. */
  readonly notes: readonly Note[];
}

/** Outcome of looking at a table: a selection unless there are problems. */
export interface Examination {
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
  readonly selection?: Selection;
}

/**
 * Picks one series out of a table: the rows of one group, spend columns summed, everything checked.
 *
 * @throws InputError with every problem
 */
export function selectSeries(table: Table, roles: Roles): Selection {
  const { problems, selection } = examineTable(table, roles);
  throwIfAny(problems);
  return selection!;
}

/** As {@link selectSeries}, but hands problems back instead of throwing them. */
export function examineTable(table: Table, roles: Roles): Examination {
  const chosen = chooseRows(table, roles);
  if (!("rows" in chosen)) {
    // Roles are checked against all rows; cells are not, because several series in one pile repeat every date.
    const { problems, notes } = resolveRoles(table, table.cells.map((_, row) => row), roles);
    return { problems: [chosen, ...problems], notes };
  }
  const { rows } = chosen;
  const { resolved, ...roleFindings } = resolveRoles(table, rows, roles);
  const timeline = resolved.date === undefined ? undefined : checkTimeline(table, rows, resolved.date);
  const spend = readSpend(table, rows, resolved.spend);
  const response = resolved.target === undefined ? undefined : readResponse(table, rows, resolved.target);
  const controls = resolved.controls.map((column) => readControl(table, rows, column));
  const problems = [
    ...roleFindings.problems,
    ...(rows.length < FEWEST_ROWS ? [{ where: chosen.name, message: tooFewRows(rows.length, "row") }] : []),
    ...timeline?.problems ?? [],
    ...[spend, response, ...controls].flatMap((reading) =>
      reading === undefined ? [] : [...reading.problems]
    ),
  ];
  const notes = [
    ...chosen.notes,
    ...roleFindings.notes,
    ...timelineNotes(timeline, rows.length),
    ...spend.notes,
  ];
  if (problems.length > 0 || response === undefined) return { problems, notes };

  const series = assemble(table, chosen.name, resolved, { timeline, spend, response, controls });
  const { cadence } = timeline ?? {};
  return {
    problems,
    notes,
    selection: { series, channels: spend.channels, ...(cadence && { cadence }), notes },
  };
}

interface Parts {
  readonly timeline: Timeline | undefined;
  readonly spend: SpendReading;
  readonly response: Reading;
  readonly controls: readonly Reading[];
}

function assemble(table: Table, name: string, resolved: ResolvedRoles, parts: Parts): Series {
  const { timeline, spend, response, controls } = parts;
  const named = (kept: boolean) =>
    spend.channels.filter((each) => each.kept === kept).map((each) => each.name);
  return {
    name,
    ...(timeline && { dates: timeline.dates, dateColumn: table.columns[resolved.date!] }),
    spend: spend.total,
    spendColumns: named(true),
    leftOut: named(false),
    response: response.values,
    targetColumn: table.columns[resolved.target!],
    controls: controls.map(({ values }, i) => ({ name: table.columns[resolved.controls[i]], values })),
  };
}

function timelineNotes(timeline: Timeline | undefined, rows: number): Note[] {
  if (timeline?.cadence === undefined) return [];
  const [first, last] = [timeline.dates[0], timeline.dates.at(-1)];
  const message = `${plural(rows, "row")}, ${describeCadence(timeline.cadence)}, from ${first} to ${last}.`;
  return [{ severity: "INFO", message }];
}

/** `12 training rows are too few; …` */
export function tooFewRows(rows: number, noun: string): string {
  const are = rows === 1 ? "is" : "are";
  return `${plural(rows, noun)} ${are} too few; at least ${formatCount(FEWEST_ROWS)} are needed.`;
}
