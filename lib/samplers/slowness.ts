/**
 * How long a rung takes to forget: the autocorrelation of the log likelihood over the moves of one rung, swaps left
 * out. High where a rung holds two phases, such as near-prior draws and draws that have found the data, and one seldom
 * turns into the other.
 */
import type { TransitionBatch } from "../engine/ensemble.ts";

/** Sums over pairs of log likelihoods: x of a replica before its move on a rung, y after it. */
export interface Pairs {
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
}

export const NO_PAIRS: Pairs = { count: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0 };

/**
 * Fewest pairs that tell anything. While a ladder is still on its way to equilibrium every rung looks slow: taken
 * from some hundreds of transitions, slowness drew the rungs away from where they were needed (measured on the real
 * daily series of the tests, K = 3).
 */
const FEWEST_PAIRS = 5000;
/** Largest autocorrelation taken at its word. */
const LARGEST = 0.99;

/** Where the replica at every chain came from: its log likelihood one transition earlier, (transitions, chains). */
export function logLikBefore(batch: TransitionBatch): Float64Array {
  const { transitions, chains, replica, logLik } = batch, before = new Float64Array(logLik.length).fill(NaN);
  const latest = new Float64Array(chains).fill(NaN); // by replica
  for (let i = 0; i < transitions; i++) {
    const end = (i + 1) * chains;
    for (let at = i * chains; at < end; at++) before[at] = latest[replica[at]!]!;
    for (let at = i * chains; at < end; at++) latest[replica[at]!] = logLik[at]!;
  }
  return before;
}

/** Adds the pairs of some rows; what is not finite is left out. @param before of {@link logLikBefore} */
export function addPairs(
  pairs: Pairs,
  before: Float64Array,
  after: Float64Array,
  rows: readonly number[],
): Pairs {
  let { count, x, y, xx, yy, xy } = pairs;
  for (const row of rows) {
    const from = before[row]!, to = after[row]!;
    if (!Number.isFinite(from) || !Number.isFinite(to)) continue;
    count++;
    x += from;
    y += to;
    xx += from * from;
    yy += to * to;
    xy += from * to;
  }
  return { count, x, y, xx, yy, xy };
}

/** Integrated autocorrelation time, in transitions, of moves whose lag-one autocorrelation is that of the pairs. */
export function slowness({ count, x, y, xx, yy, xy }: Pairs): number {
  if (count < FEWEST_PAIRS) return 1;
  const covariance = xy / count - x / count * y / count;
  const variances = (xx / count - (x / count) ** 2) * (yy / count - (y / count) ** 2);
  const correlation = variances > 0 ? covariance / Math.sqrt(variances) : 0;
  const bounded = Math.min(LARGEST, Math.max(0, correlation));
  return (1 + bounded) / (1 - bounded);
}
