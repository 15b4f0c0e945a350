/**
 * Expected log predictive density of rows the model has not seen, estimated from the training rows alone: PSIS
 * leave-one-out cross-validation and WAIC (Vehtari, Gelman & Gabry 2017, "Practical Bayesian model evaluation
 * using leave-one-out cross-validation and WAIC", Statistics and Computing 27), as R's `loo` 2.5.1 has them.
 */
import { effectiveSize } from "./ess.ts";
import { logSumExp, mean, variance } from "./numeric.ts";
import { kThreshold, psis } from "./psis.ts";

/** Log likelihoods of every training row at every draw, handed over row by row so that no T x S table is needed. */
export interface LogLikelihoods {
  /** Training rows, T. */
  readonly rows: number;
  readonly chains: number;
  /** Draws per chain. Some thousand draws in all are plenty here: thin long runs before asking. */
  readonly draws: number;
  /** ln p(y_t | draw) of row t, (chains, draws) row-major; may reuse one buffer between calls. */
  row(t: number): Readonly<Float64Array>;
}

/** An estimate of the expected log predictive density (elpd), larger is better. */
export interface Elpd {
  readonly elpd: number;
  /** Standard error over rows. */
  readonly se: number;
  /** Effective number of parameters. */
  readonly effectiveParameters: number;
  /** Contribution of each row, (T); differences between two models are taken row by row. */
  readonly pointwise: Float64Array;
}

/** PSIS-LOO, with its own check. */
export interface Loo extends Elpd {
  /** Pareto k-hat of each row, (T). */
  readonly k: Float64Array;
  /** The k-hat a row may have at this number of draws. */
  readonly kThreshold: number;
  /** Rows above it: their terms, and with them the sum, cannot be trusted. */
  readonly badK: number;
}

/** Leave-one-out cross-validation by PSIS, corrected for autocorrelation by each row's relative efficiency. */
export function looElpd(logLik: LogLikelihoods): Loo {
  const { rows, chains, draws } = logLik;
  const pointwise = new Float64Array(rows), k = new Float64Array(rows);
  let effectiveParameters = 0;
  for (let t = 0; t < rows; t++) {
    const row = logLik.row(t);
    const weights = psis(row.map((value) => -value), relativeEfficiency(row, chains, draws));
    pointwise[t] = logSumExp(weights.logWeights.map((weight, s) => weight + row[s]));
    effectiveParameters += logMeanExp(row) - pointwise[t];
    k[t] = weights.k;
  }
  const threshold = kThreshold(chains * draws);
  // Written so that a NaN counts as bad.
  const badK = k.reduce((bad, value) => value <= threshold ? bad : bad + 1, 0);
  return { ...sumOverRows(pointwise), effectiveParameters, k, kThreshold: threshold, badK };
}

/** The widely applicable information criterion on the elpd scale; multiply by -2 for the deviance scale. */
export function waicElpd(logLik: LogLikelihoods): Elpd {
  const pointwise = new Float64Array(logLik.rows);
  let effectiveParameters = 0;
  for (let t = 0; t < logLik.rows; t++) {
    const row = logLik.row(t);
    const penalty = variance(row);
    pointwise[t] = logMeanExp(row) - penalty;
    effectiveParameters += penalty;
  }
  return { ...sumOverRows(pointwise), effectiveParameters };
}

/**
 * Effective over actual sample size of exp(ln likelihood), from whole chains. 1 where it has none: a constant
 * needs no correction.
 */
export function relativeEfficiency(
  logLik: Readonly<Float64Array>,
  chains: number,
  draws: number,
): number {
  // Scaling leaves the ratio alone and keeps exp() within range.
  const top = logLik.reduce((a, b) => Math.max(a, b), -Infinity);
  const ess = effectiveSize({ chains, draws, values: logLik.map((value) => Math.exp(value - top)) });
  return Number.isNaN(ess) ? 1 : ess / logLik.length;
}

function logMeanExp(values: Readonly<Float64Array>): number {
  return logSumExp(values) - Math.log(values.length);
}

function sumOverRows(pointwise: Float64Array): { elpd: number; se: number; pointwise: Float64Array } {
  const rows = pointwise.length;
  return { elpd: mean(pointwise) * rows, se: Math.sqrt(rows * variance(pointwise)), pointwise };
}
