/**
 * The ratio of two normalising constants from draws of both densities: the acceptance-ratio method (Bennett 1976,
 * "Efficient estimation of free energy differences from Monte Carlo data", J. Computational Physics 22), which is the
 * optimal bridge of Meng & Wong (1996, "Simulating ratios of normalizing constants via a simple identity", Statistica
 * Sinica 6) for independent draws.
 */

/** Enough for the whole range of f32: a single density near its lowest value stretches the bracket that far. */
const HALVINGS = 200;

export interface Ratio {
  /** ln of the normalising constant above over the one below. */
  readonly log: number;
  /** How far each group of draws pulls it, (groups). */
  readonly pull: Float64Array;
}

/**
 * The c at which sum_below logistic(x - c) = sum_above logistic(c - x), x the log of the ratio of the unnormalised
 * densities, above over below.
 *
 * @param above x at draws of the upper density; Infinity where a draw is to count for nothing
 * @param below x at draws of the lower density; -Infinity where the upper one vanishes
 * @param groups independent of one another: draw i of either is in group i mod `groups`
 */
export function bennett(above: Float64Array, below: Float64Array, groups: number): Ratio {
  const count = above.reduce((sum, x) => sum + (x < Infinity ? 1 : 0), 0),
    shift = Math.log(count / below.length);
  const balance = (c: number) => {
    let sum = 0;
    for (const x of below) sum += logistic(x - c);
    for (const x of above) sum -= logistic(c - x);
    return sum;
  };
  let low = Infinity, high = -Infinity;
  for (const xs of [above, below]) {
    for (const x of xs) {
      if (!Number.isFinite(x)) continue;
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  // Down there the sum above is below one, and one draw within reach tips the balance; up there it is the other way.
  low -= Math.log(below.length) + 1;
  high += Math.log(above.length) + 1;
  for (let i = 0; i < HALVINGS && high - low > 1e-9; i++) {
    const middle = 0.5 * (low + high);
    if (balance(middle) > 0) low = middle;
    else high = middle;
  }
  const c = 0.5 * (low + high), pull = new Float64Array(groups);
  let slope = 0;
  const add = (p: number, sign: number, i: number) => {
    slope += p * (1 - p);
    pull[i % groups]! += sign * p;
  };
  below.forEach((x, i) => add(logistic(x - c), 1, i));
  above.forEach((x, i) => add(logistic(c - x), -1, i));
  return { log: c + shift, pull: pull.map((sum) => sum / slope) };
}

/** Standard error of a sum of ratios from the total pull of each group on it, (groups). */
export function pullError(pull: Float64Array): number {
  const groups = pull.length, squares = pull.reduce((sum, one) => sum + one * one, 0);
  return Math.sqrt(groups / (groups - 1) * squares);
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
