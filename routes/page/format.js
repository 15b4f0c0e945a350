/** Numbers and durations as people read them, the same as in the terminal's reports. */

const MISSING = "-";

/**
 * Four significant digits, thousands by commas: `0.4981`, `12,340`.
 *
 * @param {number | null | undefined} value
 */
export function formatNumber(value) {
  if (!isNumber(value)) return MISSING;
  const size = Math.abs(Number(value.toPrecision(4))); // rounded first, or 9.9996 would show five digits
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(2);
  const decimals = size === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)));
  return grouped(value, Math.min(decimals, 4));
}

/**
 * A whole number with thousands by commas.
 *
 * @param {number | null | undefined} value
 */
export const formatCount = (value) => isNumber(value) ? grouped(value, 0) : MISSING;

/**
 * A number with so many decimals.
 *
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export const formatFixed = (value, decimals) => isNumber(value) ? value.toFixed(decimals) : MISSING;

/**
 * A share as `97%`; what rounds to nothing or all is said to be `<1%` or `>99%`.
 *
 * @param {number | null | undefined} share
 */
export function formatShare(share) {
  if (!isNumber(share)) return MISSING;
  if (share < 0.005) return "<1%";
  return share > 0.995 ? ">99%" : `${Math.round(100 * share)}%`;
}

/**
 * A large count in three digits: `940`, `1.25 k`, `1.3 M`.
 *
 * @param {number | null | undefined} value
 */
export function formatLarge(value) {
  if (!isNumber(value)) return MISSING;
  const steps = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return steps === 0
    ? formatCount(value)
    : `${Number((value / 1000 ** steps).toPrecision(3))} ${" kMG"[steps]}`;
}

/**
 * Seconds as `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 10 min`.
 *
 * @param {number | null | undefined} seconds
 */
export function formatSeconds(seconds) {
  if (!isNumber(seconds)) return MISSING;
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
}

/**
 * `1 chain`, `4 chains`.
 *
 * @param {number} count
 * @param {string} noun
 */
export const plural = (count, noun, nouns = `${noun}s`) =>
  `${formatCount(count)} ${count === 1 ? noun : nouns}`;

/**
 * A number with the 90% interval around it.
 *
 * @param {import("./shapes.d.ts").Quantity} quantity
 * @param {(value: number | null) => string} [format]
 */
export const interval = ({ q5, q95 }, format = formatNumber) => `${format(q5)} to ${format(q95)}`;

/** @param {number | null | undefined} value @returns {value is number} */
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** @param {number} value @param {number} decimals */
const grouped = (value, decimals) =>
  value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
