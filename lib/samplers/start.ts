/** Starting points: independent prior draws, thinned towards where the data can be reached at all. */
import { conditionalSize } from "./anneal.ts";

/** Prior draws each chain chooses its start from. */
export const CANDIDATES = 32;
/** Effective share of the candidates that the starting temperature keeps. */
const KEEP = 0.25;

/** Start of one problem's chains, and the inverse temperature at which they are draws. */
export interface Start {
  /** Index of the candidate each chain starts from. */
  readonly chosen: readonly number[];
  readonly beta: number;
}

/**
 * Sampling-importance-resampling at a small inverse temperature (Rubin 1987): each chain picks one of its own
 * candidates with weight exp(beta * logLik), so chains stay independent of one another and none starts where
 * the likelihood is beyond repair.
 *
 * @param logLik of the candidates, (chains, CANDIDATES)
 * @param uniform one number in (0, 1) per chain
 */
export function chooseStart(logLik: Float64Array, uniform: readonly number[]): Start {
  let low = 0, high = 1;
  const finite = logLik.filter(Number.isFinite);
  for (let i = 0; i < 60; i++) { // beta spans many decades: bisect its logarithm after the first step
    const middle = low === 0 ? high / 4 : Math.sqrt(low * high);
    if (conditionalSize(finite, middle) < KEEP) high = middle;
    else low = middle;
  }
  const chosen = uniform.map((u, chain) => {
    const own = logLik.subarray(chain * CANDIDATES, (chain + 1) * CANDIDATES);
    const weights = Array.from(own, (value) => Number.isFinite(value) ? low * value : -Infinity);
    const highest = Math.max(...weights);
    const scaled = weights.map((w) => Math.exp(w - highest));
    let left = u * scaled.reduce((sum, w) => sum + w, 0);
    const at = scaled.findIndex((w) => (left -= w) < 0);
    return chain * CANDIDATES + Math.max(0, at);
  });
  return { chosen, beta: low };
}
