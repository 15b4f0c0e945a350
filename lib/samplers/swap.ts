/** The swap of two neighbouring rungs in f64: the reference of kernels/samplers/swap.wgsl. */
import { philox, Purpose, wordToUniform } from "../random.ts";

/** Where a swap finds one of its two replicas. */
export interface Rung {
  readonly beta: number;
  readonly logLik: number;
}

/**
 * Probability that two replicas exchange their places: min(1, exp((beta_i - beta_j) (L_j - L_i))), and 0 where that
 * is not a number.
 */
export function swapProbability(a: Rung, b: Rung): number {
  const logRatio = (a.beta - b.beta) * (b.logLik - a.logLik);
  return Number.isFinite(logRatio) ? Math.exp(Math.min(0, logRatio)) : 0;
}

/** Whether they do. @param chain index of the colder one in its ensemble, for the random numbers */
export function swaps(
  cold: Rung,
  hot: Rung,
  key: readonly [number, number],
  chain: number,
  counter: number,
): boolean {
  return wordToUniform(philox([chain, counter, 0, Purpose.swap], key)[0]) < swapProbability(cold, hot);
}
