/**
 * Log evidence from the rungs of tempered ladders: one stepping stone per pair of neighbours (Xie, Lewis, Fan, Kuo &
 * Chen 2011, "Improving marginal likelihood estimation for Bayesian phylogenetic model selection", Systematic
 * Biology 60), each the ratio of two normalising constants estimated from the draws of both rungs (Bennett 1976,
 * "Efficient estimation of free energy differences from Monte Carlo data", J. Computational Physics 22).
 */

/** Log likelihoods of every ladder on one rung: draws of ladder l are `first + l, first + l + ladders, ..`. */
export interface LadderDraws {
  readonly beta: number;
  /** (transitions, ladders) */
  readonly logLik: Float64Array;
}

export interface Evidence {
  readonly log: number;
  /** Standard error, from how far apart the ladders pull. */
  readonly error: number;
}

/**
 * Log evidence of the data, in the units of the log likelihoods.
 *
 * @param rungs from the posterior, beta = 1, to the prior, beta = 0
 * @param ladders at least two, independent of one another
 */
export function logEvidence(rungs: readonly LadderDraws[], ladders: number): Evidence {
  let log = 0;
  const shifts = new Float64Array(ladders);
  for (let i = 0; i + 1 < rungs.length; i++) {
    const { ratio, pull } = stone(rungs[i]!, rungs[i + 1]!, ladders);
    log += ratio;
    pull.forEach((value, l) => shifts[l]! += value);
  }
  // Ladders are independent of one another, however correlated their own draws and stones are.
  const squares = shifts.reduce((sum, shift) => sum + shift * shift, 0);
  return { log, error: Math.sqrt(ladders / (ladders - 1) * squares) };
}

/**
 * ln of the ratio of the normalising constants of two neighbours, colder over hotter: the c at which
 * sum_hot logistic(x - c) = sum_cold logistic(c - x), with x = (beta_cold - beta_hot) log likelihood; and how far
 * each ladder pulls it, which is its part of the sums over their slope.
 */
function stone(
  cold: LadderDraws,
  hot: LadderDraws,
  ladders: number,
): { readonly ratio: number; readonly pull: Float64Array } {
  const step = cold.beta - hot.beta;
  const scaled = ({ logLik }: LadderDraws) =>
    logLik.map((value) => Number.isNaN(value) ? -Infinity : step * value);
  const xCold = scaled(cold), xHot = scaled(hot);
  const balance = (c: number) => {
    let sum = 0;
    for (const x of xHot) sum += logistic(x - c);
    for (const x of xCold) sum -= logistic(c - x);
    return sum;
  };
  let low = Infinity, high = -Infinity;
  for (const x of [xCold, xHot].flatMap((xs) => [...xs])) {
    if (x > -Infinity) low = Math.min(low, x);
    high = Math.max(high, x);
  }
  low -= Math.log(xHot.length) + 1; // here the cold sum is below one, and one draw within reach tips the balance
  for (let i = 0; i < 60 && high - low > 1e-9; i++) {
    const middle = 0.5 * (low + high);
    if (balance(middle) > 0) low = middle;
    else high = middle;
  }
  const ratio = 0.5 * (low + high), pull = new Float64Array(ladders);
  let slope = 0;
  const add = (p: number, sign: number, i: number) => {
    slope += p * (1 - p);
    pull[i % ladders]! += sign * p;
  };
  xHot.forEach((x, i) => add(logistic(x - ratio), 1, i));
  xCold.forEach((x, i) => add(logistic(ratio - x), -1, i));
  return { ratio, pull: pull.map((sum) => sum / slope) };
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
