/**
 * Log evidence from the rungs of tempered ladders: one stepping stone per pair of neighbours (Xie, Lewis, Fan, Kuo &
 * Chen 2011, "Improving marginal likelihood estimation for Bayesian phylogenetic model selection", Systematic
 * Biology 60), each the ratio of two normalising constants estimated from the draws of both rungs.
 */
import { bennett, pullError } from "./bennett.ts";

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
    const cold = rungs[i]!, hot = rungs[i + 1]!, step = cold.beta - hot.beta;
    const [above, below] = [cold, hot].map(({ logLik }) =>
      logLik.map((value) => Number.isNaN(value) ? -Infinity : step * value)
    );
    const { log: ratio, pull } = bennett(above!, below!, ladders);
    log += ratio;
    pull.forEach((value, l) => shifts[l]! += value);
  }
  // Ladders are independent of one another, however correlated their own draws and stones are.
  return { log, error: pullError(shifts) };
}
