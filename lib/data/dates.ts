/** Dates as people write them in tables: ISO dates and running numbers are read, other forms are explained. */

/** What a date cell holds. `day` counts days from 1970-01-01; an index is the number itself. */
export type DateCell =
  | { readonly kind: "day"; readonly day: number; readonly text: string }
  | { readonly kind: "index"; readonly day: number; readonly text: string }
  | { readonly kind: "empty" }
  /** `dateLike` when a date is plainly meant, if only in another form. */
  | { readonly kind: "bad"; readonly dateLike: boolean; readonly advice: string };

const DAY_MS = 86_400_000;
const ISO =
  /^(\d{4})([-/])(\d{1,2})(?:\2(\d{1,2}))?(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?$/;
const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})$/;
const SHORT = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$/;
const ISO_WEEK = /^\d{4}-?W\d{1,2}$/i;
const MONTH_NAME = /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b/i;

/**
 * Reads one date. Taken are `2023-01-31`, `2023/1/31`, either with a time of day (which is dropped), months as
 * `2023-01`, and whole numbers that count rows.
 *
 * @param text the cell, without surrounding blanks
 */
export function readDate(text: string): DateCell {
  if (text === "") return { kind: "empty" };
  const iso = ISO.exec(text);
  if (iso) {
    const day = dayOf(Number(iso[1]), Number(iso[3]), Number(iso[4] ?? 1));
    return day === undefined
      ? bad(true, "the date is not in the calendar; correct it.")
      : { kind: "day", day, text: isoDate(day) };
  }
  const compact = COMPACT.exec(text);
  if (compact && dayOf(Number(compact[1]), Number(compact[2]), Number(compact[3])) !== undefined) {
    return bad(true, `the date needs dashes; write it as ${compact[1]}-${compact[2]}-${compact[3]}.`);
  }
  if (/^-?\d{1,9}$/.test(text)) return { kind: "index", day: Number(text), text: String(Number(text)) };
  const short = SHORT.exec(text);
  if (short) return bad(true, adviceForShort(short));
  if (ISO_WEEK.test(text)) {
    return bad(true, "the cell names a week; write the first day of that week, as 2023-01-30.");
  }
  const dateLike = MONTH_NAME.test(text) && /\d/.test(text);
  return bad(
    dateLike,
    "the cell is not a date that can be read; write dates as year-month-day, such as 2023-01-31.",
  );
}

/** Day-first or month-first is for the writer to say, unless one of the numbers can only be a day. */
function adviceForShort(match: RegExpExecArray): string {
  const [first, second] = [Number(match[1]), Number(match[3])];
  const year = match[4].length === 2 ? 2000 + Number(match[4]) : Number(match[4]);
  const readings = [[first, second], [second, first]]
    .map(([day, month]) => dayOf(year, month, day))
    .filter((day) => day !== undefined)
    .map(isoDate);
  const distinct = [...new Set(readings)];
  if (distinct.length === 0) {
    return "the date is not in the calendar; write dates as year-month-day, such as 2023-01-31.";
  }
  return distinct.length === 1
    ? `the date is not in year-month-day order; write it as ${distinct[0]}.`
    : `day and month could be in either order; write ${distinct[0]} or ${distinct[1]}.`;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, undefined if there is no such date. */
export function dayOf(year: number, month: number, day: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day);
  const made = new Date(ms);
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day ? ms / DAY_MS : undefined;
}

/** `2023-01-31` for days from 1970-01-01. */
export function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 0 (Sunday) to 6 (Saturday). */
export function weekdayOf(day: number): number {
  return new Date(day * DAY_MS).getUTCDay();
}

/** Months from year 0 to the month a day lies in. */
export function monthOf(day: number): number {
  const date = new Date(day * DAY_MS);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

function bad(dateLike: boolean, advice: string): DateCell {
  return { kind: "bad", dateLike, advice };
}
