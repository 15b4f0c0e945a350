/** Importance weights between the target and an approximation that has a density: how far its draws can be used. */
import { type Psis, psis } from "../diagnostics/psis.ts";
import type { Ensemble, Evaluation } from "../engine/ensemble.ts";
import { systematic } from "../samplers/anneal.ts";

/** Of one problem: what approximations need of an ensemble. */
export type Target = Pick<Ensemble, "dim" | "evaluate">;

/** Independent draws of an approximation, with both log densities. */
export interface Proposals extends Pick<Evaluation, "logPrior" | "logLik"> {
  readonly positions: Float64Array; // (n, D)
  /** Normalised log density of the approximation at its draws, (n). */
  readonly logProposal: Float64Array;
}

/** Weights of the proposals. */
export interface Weighed extends Pick<Psis, "logWeights"> {
  /** Pareto k-hat of the ratios; Infinity where no tail can be fitted. */
  readonly kHat: number;
  /** 1 / sum of squared weights (Kish 1965): how many equal weights would be as good. */
  readonly effectiveSize: number;
}

/** Pareto smoothed weights target / approximation (Vehtari et al. 2024). A draw without a density has weight 0. */
export function weigh({ logPrior, logLik, logProposal }: Proposals): Weighed {
  const ratios = logProposal.map((log, i) => {
    const ratio = logPrior[i]! + logLik[i]! - log;
    return Number.isFinite(ratio) ? ratio : -Infinity;
  });
  if (!ratios.some(Number.isFinite)) return { logWeights: ratios, kHat: Infinity, effectiveSize: 0 };
  const { logWeights, k } = psis(ratios);
  return { logWeights, kHat: k, effectiveSize: 1 / logWeights.reduce((sum, w) => sum + Math.exp(2 * w), 0) };
}

/**
 * The proposals `chosen`, each as often as it is named.
 *
 * @returns the positions and the two parts of their log density
 */
export function pick(
  { positions, logPrior, logLik }: Proposals,
  chosen: ArrayLike<number>,
): Omit<Proposals, "logProposal"> {
  const dim = positions.length / logPrior.length, count = chosen.length;
  const picked = {
    positions: new Float64Array(count * dim),
    logPrior: new Float64Array(count),
    logLik: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const from = chosen[i]!;
    picked.positions.set(positions.subarray(from * dim, (from + 1) * dim), i * dim);
    picked.logPrior[i] = logPrior[from]!;
    picked.logLik[i] = logLik[from]!;
  }
  return picked;
}

/**
 * `count` indices in proportion to their weights (sampling-importance-resampling, Rubin 1987; systematic, so that a
 * weight w is named w * count times to within one).
 *
 * @param uniform in (0, 1)
 */
export function resample(logWeights: Float64Array, count: number, uniform: number): number[] {
  return systematic(logWeights, uniform, count);
}
