/**
 * Advice that comes with a verdict without changing it: how far to trust the predictive scores.
 */
import type { Loo } from "./loo.ts";
import type { HoldoutScores } from "./scores.ts";

/** Standard errors from 90% at which coverage is remarked on; by chance about once in a hundred calibrated fits. */
const COVERAGE_LIMIT = 2.58;

/** A sentence when some rows' leave-one-out terms cannot be trusted; otherwise none. */
export function looNotes({ badK, k, kThreshold }: Pick<Loo, "badK" | "k" | "kThreshold">): string[] {
  if (badK === 0) return [];
  return [
    `LOO is unreliable on ${badK} of ${k.length} rows (Pareto k-hat above ${
      kThreshold.toFixed(2)
    }): each pulls ` +
    "the fit strongly towards itself, as outliers do. Look at these rows, and compare models on held-out rows " +
    "(--holdout 0.2) instead.",
  ];
}

/**
 * A sentence when the 90% intervals caught far too few or too many held-out rows; otherwise none.
 *
 * @param rows how many rows were held out
 */
export function coverageNotes({ coverage_90 }: Pick<HoldoutScores, "coverage_90">, rows: number): string[] {
  const standardError = Math.sqrt(0.9 * 0.1 / rows);
  if (Math.abs(coverage_90 - 0.9) <= COVERAGE_LIMIT * standardError) return [];
  const what = `The 90% predictive intervals hold ${
    (100 * coverage_90).toFixed(0)
  }% of the ${rows} held-out rows`;
  return [
    coverage_90 < 0.9
      ? `${what}: they are too narrow or off centre, because the series changed after training or the model ` +
        "misses something. Add controls or seasonality, and do not rely on interval widths when planning."
      : `${what}: they are wider than they need to be, often because a few extreme training rows inflate sigma. ` +
        "Check those rows.",
  ];
}

/** Share of transitions at the depth limit that is remarked on. */
const DEPTH_HIT_SHARE = 0.01;

/** A sentence when many trajectories of the no-U-turn sampler were cut at its depth limit; otherwise none. */
export function treeDepthNotes(hits: number, transitions: number): string[] {
  if (hits <= DEPTH_HIT_SHARE * transitions) return [];
  return [
    `${hits} of ${transitions} trajectories were cut at the largest tree depth: the sampler crawls along a long ` +
    "narrow ridge. The draws are sound but strongly correlated; raise --warmup, or use --method chees.",
  ];
}
