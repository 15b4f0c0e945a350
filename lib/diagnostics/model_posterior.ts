/**
 * Posterior probabilities of rival models with equal prior odds, from their log evidences (Kass & Raftery 1995,
 * "Bayes factors", JASA 90), and how far the errors of the evidences could move them.
 */
import { logSumExp, normalQuantile } from "./numeric.ts";

/** Log evidence of one model and its standard error, natural logarithms. */
export interface LogEvidence {
  readonly log: number;
  readonly error: number;
}

/** Posterior probability of one model; `low` to `high` is its central 90% interval. */
export interface ModelProbability {
  readonly probability: number;
  readonly low: number;
  readonly high: number;
}

const REACH = normalQuantile(0.95);

/**
 * Probability of each model given that one of them holds, in the order given.
 *
 * Its interval is taken on the log odds of the model against all others, L_k = z_k - ln sum_(j != k) exp(z_j), whose
 * variance by the delta method is s_k^2 + sum_j q_j^2 s_j^2 with q_j the share of model j among the others. With two
 * models L_k is linear in the evidences, so that nothing is approximated, however large the errors.
 *
 * @param evidences all of the same data in the same units, their errors independent
 */
export function modelPosterior(evidences: readonly LogEvidence[]): ModelProbability[] {
  return evidences.map(({ log, error }, k) => {
    const others = evidences.filter((_, j) => j !== k);
    const rest = logSumExp(Float64Array.from(others, (other) => other.log));
    const shifts = others.map((other) => Math.exp(other.log - rest) * other.error);
    const odds = log - rest, spread = REACH * Math.hypot(error, ...shifts);
    return { probability: logistic(odds), low: logistic(odds - spread), high: logistic(odds + spread) };
  });
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
