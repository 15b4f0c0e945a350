/** What a benchmark is, and the little that all of them need: medians, aligned lines, ratios in words. */
import type { Series } from "../../lib/data/series.ts";
import { median } from "../../lib/data/statistics.ts";

/** Data of the user's own to measure on. */
export interface Subject {
  readonly series: Series;
  /** K. */
  readonly components: number;
}

/** How a benchmark is run. */
export interface BenchContext {
  /** A subset in a fraction of the time. */
  readonly quick: boolean;
  /** Takes text for people, as it comes. */
  readonly write: (text: string) => void;
  /** In place of the benchmark's own data, where it can take other data. */
  readonly subject?: Subject;
}

/** One benchmark; its figures are plain data for `--json`, null where a gate failed or a peer is absent. */
export interface Benchmark {
  readonly title: string;
  run(context: BenchContext): Promise<unknown>;
}

/** Median of a few repeats. */
export const middle = (values: readonly number[]): number => median(Float64Array.from(values));

/** Cells right-aligned in columns of the given widths, the first one left-aligned. */
export function tableLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  return padded.join("  ").trimEnd() + "\n";
}

/** `12.3x` of a ratio, three digits from 10 on. */
export function times(ratio: number): string {
  return `${ratio < 99.5 ? Number(ratio.toPrecision(2)) : Math.round(ratio)}x`;
}
