/**
 * How well the predictive distribution foretold the held-out rows, from its draws.
 */
import { mean, quantile, squaredDistance } from "./numeric.ts";

/** Scores of the held-out rows, in the units of the response. */
export interface HoldoutScores {
  /** Root mean squared error of the predictive mean. */
  readonly rmse: number;
  /** Mean continuous ranked probability score: the absolute error of a whole distribution. Smaller is better. */
  readonly crps: number;
  /** Share of rows inside the central 90% predictive interval. */
  readonly coverage_90: number;
}

/**
 * Scores predictive draws against what happened.
 *
 * @param observed (H), at least one row
 * @param predictive draws of y_t including its noise, (S), of held-out row t; may reuse one buffer between calls
 */
export function scoreHoldout(
  observed: Readonly<Float64Array>,
  predictive: (t: number) => Readonly<Float64Array>,
): HoldoutScores {
  const misses = new Float64Array(observed.length), scores = new Float64Array(observed.length);
  let covered = 0;
  observed.forEach((y, t) => {
    const sorted = Float64Array.from(predictive(t)).sort();
    const at = (index: number) => sorted[index];
    misses[t] = mean(sorted) - y;
    scores[t] = crps(sorted, y);
    if (y >= quantile(at, sorted.length, 0.05) && y <= quantile(at, sorted.length, 0.95)) covered++;
  });
  return {
    rmse: Math.sqrt(squaredDistance(misses, 0) / observed.length),
    crps: mean(scores),
    coverage_90: covered / observed.length,
  };
}

/**
 * Continuous ranked probability score of the empirical distribution of draws: mean |x - y| - mean |x - x'| / 2
 * (Gneiting & Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", JASA 102(477),
 * equation 21), the second mean from order statistics. Draws serve every model alike; the closed form for
 * mixtures of normals (Grimit et al. 2006) needs a sum over all pairs of draws and components.
 *
 * @param sorted draws, ascending, (S)
 */
export function crps(sorted: Readonly<Float64Array>, y: number): number {
  const count = sorted.length;
  let error = 0, spread = 0;
  for (let i = 0; i < count; i++) {
    error += Math.abs(sorted[i] - y);
    // Measured from y, so that a large common level costs no digits.
    spread += (2 * i + 1 - count) * (sorted[i] - y);
  }
  return error / count - spread / (count * count);
}
