/**
 * Differences of leave-one-out predictive accuracy between models of the same rows, taken row by row (Vehtari,
 * Gelman & Gabry 2017, "Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC",
 * Statistics and Computing 27, section 5.2).
 */
import { mean, variance } from "./numeric.ts";

/** How far a model's elpd lies from that of the best. */
export interface ElpdDifference {
  /** 0 for the best, negative for all others. */
  readonly difference: number;
  /** Standard error of the difference over rows; 0 for the best. */
  readonly se: number;
}

/**
 * Every model against the one of largest elpd, in the order given.
 *
 * @param pointwise contributions of each row to each model's elpd, (models, rows); NaN where one could not be had,
 * which makes that model's difference NaN and bars it from being the best
 */
export function compareElpd(pointwise: readonly Readonly<Float64Array>[]): ElpdDifference[] {
  const totals = pointwise.map((rows) => mean(rows) * rows.length);
  const best = totals.reduce((top, total, i) => total > (totals[top] ?? -Infinity) ? i : top, -1);
  return pointwise.map((rows) =>
    elpdDifference(rows, pointwise[best] ?? new Float64Array(rows.length).fill(NaN))
  );
}

/**
 * One model against another of the same rows, negative where it predicts worse.
 *
 * @param rows contributions of each row to the model's elpd, (rows), and `base` those to the other's
 */
export function elpdDifference(
  rows: Readonly<Float64Array>,
  base: Readonly<Float64Array>,
): ElpdDifference {
  const differences = rows.map((value, t) => value - base[t]);
  return { difference: mean(differences) * rows.length, se: Math.sqrt(rows.length * variance(differences)) };
}

/** Differences below this are small whatever their standard error says, which is then too small itself. */
const SMALL_DIFFERENCE = 4;

/**
 * Whether a difference speaks against a model: more than two standard errors and more than 4 (Sivula, Magnusson,
 * Matamoros & Vehtari 2020, "Uncertainty in Bayesian leave-one-out cross-validation based model comparison").
 */
export function isClearlyWorse({ difference, se }: ElpdDifference): boolean {
  return !(difference >= -SMALL_DIFFERENCE || difference >= -2 * se); // NaN counts as worse
}
