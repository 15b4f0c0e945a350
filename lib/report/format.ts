/** Numbers and durations as people read them. */

const MISSING = "-";

/** Four significant digits, thousands by commas, `-` for what could not be computed: `0.4981`, `12,340`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  const size = Math.abs(Number(value.toPrecision(4))); // rounded first, or 9.9996 would show five digits
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(2);
  const decimals = size === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)));
  return grouped(value, Math.min(decimals, 4));
}

/** A whole number with thousands by commas. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? grouped(value, 0) : MISSING;
}

/** A number with so many decimals, `-` for what could not be computed. */
export function formatFixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : MISSING;
}

/** A share as `97%`; what rounds to nothing or all is said to be `<1%` or `>99%`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return MISSING;
  if (share < 0.005) return "<1%";
  return share > 0.995 ? ">99%" : `${Math.round(100 * share)}%`;
}

/** A mean and its 90% interval: `1,420 (1,180 to 1,690)`. */
export function formatInterval(
  { mean, q5, q95 }: { readonly mean: number; readonly q5: number; readonly q95: number },
  format: (value: number) => string = formatNumber,
): string {
  return `${format(mean)} (${format(q5)} to ${format(q95)})`;
}

/** A large count in three digits: `940`, `1.25 k`, `190 k`, `1.3 M`, `2.1 G`. */
export function formatLarge(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  const steps = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return steps === 0
    ? formatCount(value)
    : `${Number((value / 1000 ** steps).toPrecision(3))} ${" kMG"[steps]}`;
}

/** How numbers that stand beside each other are written: in one unit, with as many decimals. */
export interface Scale {
  /** `""`, `thousands`, `millions` or `billions`. */
  readonly unit: string;
  format(value: number): string;
}

/** A scale that shows three digits of the largest value, four where it needs no unit. */
export function commonScale(values: readonly number[]): Scale {
  const largest = values.filter(Number.isFinite).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  const step = largest < 10_000 ? 0 : Math.min(3, Math.floor(Math.log10(largest) / 3));
  const divisor = 1000 ** step, shown = largest / divisor;
  const decimals = shown === 0 ? 0 : Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(shown))));
  return {
    unit: ["", "thousands", "millions", "billions"][step],
    format: (value) => Number.isFinite(value) ? grouped(value / divisor, decimals) : MISSING,
  };
}

/** Seconds as `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 10 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return MISSING;
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
}

/** `1 chain`, `4 chains`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
