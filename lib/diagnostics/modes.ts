/**
 * Modes of a posterior as its draws show them: groups that a deep valley in the distribution of some label-invariant
 * quantity keeps apart. A group is split where the histogram of any one quantity falls far below the peaks on both
 * sides, and the parts again, until no valley is left. Modes that no single quantity tells apart stay together.
 */
import type { Draws } from "./draws.ts";

/** Bins between the outermost quantiles: fine ones see narrow valleys, coarse ones small modes beyond a wide one. */
const BINS = [48, 24, 12];
const OUTERMOST = 0.001;
/** A valley is at most this high, as a share of the lower of its two peaks, */
const DEEPEST = 0.2;
/** lower than that peak by so many standard deviations of their difference, */
const CLEAR = 6;
/** and leaves at least this share of all draws on either side. */
const SMALLEST = 0.004;

/** A group of draws. */
export interface Mode {
  /** Indices of its draws, as in the columns. */
  readonly members: readonly number[];
}

/** Modes, heaviest first. @param draws label-invariant columns only */
export function findModes(draws: Draws): Mode[] {
  const total = draws.chains * draws.draws, columns = [...draws.columns.values()];
  const split = (members: readonly number[]): Mode[] => {
    const best = columns.map((column) => valley(members.map((i) => column[i]!), total))
      .map((found, c) => ({ ...found, column: columns[c]! }))
      .reduce((a, b) => b.height < a.height ? b : a, { height: Infinity, at: NaN, column: columns[0]! });
    if (best.height > DEEPEST) return [{ members }];
    const below = members.filter((i) => best.column[i]! < best.at);
    const above = members.filter((i) => !(best.column[i]! < best.at));
    return [...split(below), ...split(above)];
  };
  return split(Array.from({ length: total }, (_, i) => i)).sort((a, b) =>
    b.members.length - a.members.length
  );
}

/** A place to split, and the density there as a share of the lower of the peaks on its two sides. */
interface Valley {
  readonly height: number;
  readonly at: number;
}

const NO_VALLEY: Valley = { height: Infinity, at: NaN };

/** The deepest clear valley at any width of bin. @param total draws of all groups */
function valley(values: readonly number[], total: number): Valley {
  const sorted = Float64Array.from(values).sort(), count = sorted.length;
  const low = sorted[Math.floor(OUTERMOST * count)]!, high = sorted[Math.ceil((1 - OUTERMOST) * count) - 1]!;
  if (!(high > low)) return NO_VALLEY;
  return BINS.map((bins) => valleyOf(histogram(sorted, low, high, bins), low, (high - low) / bins, total))
    .reduce((a, b) => b.height < a.height ? b : a);
}

/** Counts in bins of equal width; what lies beyond the ends goes into the outermost. */
function histogram(values: Float64Array, low: number, high: number, bins: number): Float64Array {
  const counts = new Float64Array(bins);
  for (const value of values) {
    counts[Math.min(bins - 1, Math.max(0, Math.floor((value - low) / (high - low) * bins)))]!++;
  }
  return counts;
}

function valleyOf(counts: Float64Array, low: number, width: number, total: number): Valley {
  const highest = (from: Float64Array) => {
    let most = 0;
    return from.map((count) => most = Math.max(most, count));
  };
  const before = highest(counts), after = highest(counts.slice().reverse()).reverse();
  const all = counts.reduce((sum, count) => sum + count, 0);
  let best = NO_VALLEY, passed = 0;
  counts.forEach((count, i) => {
    const peak = Math.min(before[i]!, after[i]!), height = peak > 0 ? count / peak : Infinity;
    const smaller = Math.min(passed, all - passed - count);
    passed += count;
    if (height >= best.height || smaller < SMALLEST * total) return;
    if (peak - count < CLEAR * Math.sqrt(peak + count)) return;
    best = { height, at: low + (i + 0.5) * width };
  });
  return best;
}

/** How a mode was reached. */
export interface Entries {
  /** Share of all draws, and its standard error from how the chains differ. */
  readonly weight: number;
  readonly weightError: number;
  /** Chains with draws in it that descend from the prior, */
  readonly ladders: number;
  /** and the visits to the prior that they descend from. */
  readonly entries: number;
}

/** @param origins which visit to the prior each draw descends from, -1 for none, (chains, draws) */
export function entriesOf({ members }: Mode, origins: Int32Array, { chains, draws }: Draws): Entries {
  const shares = new Float64Array(chains), ladders = new Set<number>(), entries = new Set<number>();
  for (const i of members) {
    const chain = Math.floor(i / draws);
    shares[chain]! += 1 / draws;
    if (origins[i]! < 0) continue;
    ladders.add(chain);
    entries.add(origins[i]!);
  }
  const weight = members.length / (chains * draws);
  const squares = shares.reduce((sum, share) => sum + (share - weight) ** 2, 0);
  return {
    weight,
    weightError: Math.sqrt(squares / (chains * (chains - 1))),
    ladders: ladders.size,
    entries: entries.size,
  };
}
