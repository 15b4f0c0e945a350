/** How often a series has a row, and where rows are missing from it. */
import { dayOf, isoDate, monthOf, weekdayOf } from "./dates.ts";

/** The regular step from one row to the next. */
export type Cadence =
  | { readonly unit: "day" | "month" | "index"; readonly step: number }
  /** Monday to Friday. */
  | { readonly unit: "weekday"; readonly step: 1 };

/** A place where two neighbouring dates are not one step apart. */
export interface Irregularity {
  /** Index of the later of the two dates. */
  readonly index: number;
  /** Rows missing between them; 0 when they lie closer than a step or off the grid. */
  readonly missing: number;
}

/** Share of steps off the grid beyond which no cadence is believed in. */
const MOST_IRREGULAR = 0.2;

/**
 * The cadence of dates in strictly rising order: of the commonest distance in days, the commonest in months and
 * working days, the one that the fewest rows leave.
 *
 * @param days (T) days since 1970-01-01, or running numbers when `index`
 * @returns undefined when even that one is left by more than a fifth of the steps
 */
export function findCadence(days: readonly number[], index: boolean): Cadence | undefined {
  if (days.length < 2) return undefined;
  const candidates: Cadence[] = [{ unit: index ? "index" : "day", step: commonestStep(days) }];
  if (!index) {
    candidates.push({ unit: "weekday", step: 1 });
    const months = commonestStep(days.map(monthOf));
    if (months > 0) candidates.push({ unit: "month", step: months });
  }
  const ranked = candidates
    .map((cadence) => ({ cadence, off: irregularities(days, cadence).length }))
    .sort((a, b) => a.off - b.off);
  return ranked[0].off > MOST_IRREGULAR * (days.length - 1) ? undefined : ranked[0].cadence;
}

/** Every place where the dates leave their cadence; one date off the grid between two on it counts once. */
export function irregularities(days: readonly number[], cadence: Cadence): Irregularity[] {
  const found: Irregularity[] = [];
  for (let i = 1; i < days.length; i++) {
    const steps = stepsBetween(cadence, days[i - 1], days[i]);
    if (steps === 1) continue;
    const missing = Number.isInteger(steps) && steps > 1 ? steps - 1 : 0;
    found.push({ index: i, missing });
    const misplaced = missing === 0 && i + 1 < days.length;
    if (misplaced && stepsBetween(cadence, days[i - 1], days[i + 1]) === 2) i++;
  }
  return found;
}

/** Steps from one date to another; not whole when they do not lie on one grid. */
function stepsBetween(cadence: Cadence, from: number, to: number): number {
  switch (cadence.unit) {
    case "month":
      return (monthOf(to) - monthOf(from)) / cadence.step;
    case "weekday": {
      // Fold weeks of seven days into five; Monday is 0.
      const folded = (day: number) => 5 * Math.floor((day + 3) / 7) + Math.min(4, (weekdayOf(day) + 6) % 7);
      return folded(to) - folded(from);
    }
    default:
      return (to - from) / cadence.step;
  }
}

/** The date one step after another, as text. */
export function nextDate(cadence: Cadence, from: number): string {
  switch (cadence.unit) {
    case "index":
      return String(from + cadence.step);
    case "weekday":
      return isoDate(from + (weekdayOf(from) === 5 ? 3 : 1));
    case "day":
      return isoDate(from + cadence.step);
    case "month": {
      const month = monthOf(from) + cadence.step;
      const dayOfMonth = new Date(from * 86_400_000).getUTCDate();
      const [year, inYear] = [Math.floor(month / 12), (month % 12) + 1];
      // Months shorter than the day of the month end on their last day.
      for (let day = dayOfMonth;; day--) {
        const made = dayOf(year, inYear, day);
        if (made !== undefined) return isoDate(made);
      }
    }
  }
}

/** `daily`, `weekly`, `every 14 days`, `monthly`. */
export function describeCadence({ unit, step }: Cadence): string {
  const known: Record<string, string> = {
    "day 1": "daily",
    "day 7": "weekly",
    "weekday 1": "on weekdays",
    "month 1": "monthly",
    "month 3": "quarterly",
    "month 12": "yearly",
    "index 1": "numbered",
  };
  return known[`${unit} ${step}`] ?? (unit === "index" ? `numbered by ${step}` : `every ${step} ${unit}s`);
}

/** The distance between neighbours that occurs most often; the smallest of several. */
function commonestStep(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < values.length; i++) {
    const step = values[i] - values[i - 1];
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0][0];
}
