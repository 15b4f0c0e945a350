/** Starting points: independent prior draws, thinned towards where the data can be reached at all. */
import type { Ensemble } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
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

/**
 * Chooses every chain's start from its candidates and places it there.
 *
 * @param candidates prior draws, (chains, CANDIDATES, D)
 * @returns per problem, its chains' positions and the inverse temperature at which they are draws
 */
export async function startChains(ensemble: Ensemble, candidates: Float64Array, seed: number) {
  const { dim, problems, chains } = ensemble, each = chains / problems;
  const { logLik } = await ensemble.evaluate(candidates);
  const placed = new Float64Array(chains * dim);
  const starts = Array.from({ length: problems }, (_, p) => {
    const uniform = Array.from(
      { length: each },
      (_, c) => new RandomStream(seed, Purpose.start, p * each + c).uniform(),
    );
    const first = p * each * CANDIDATES;
    const { chosen, beta } = chooseStart(logLik.subarray(first, first + each * CANDIDATES), uniform);
    chosen.forEach((candidate, c) => {
      const from = (first + candidate) * dim;
      placed.set(candidates.subarray(from, from + dim), (p * each + c) * dim);
    });
    return { positions: placed.subarray(p * each * dim, (p + 1) * each * dim), beta };
  });
  await ensemble.setPositions(placed);
  return starts;
}

/** Half-width of the cube that a start knowing nothing is drawn from, and how often it is tried (Stan's). */
const CUBE = 2, TRIES = 100;

/**
 * Places every chain uniformly in a cube about 0, again and again where the density is not finite.
 *
 * @throws Error when a chain finds no such place
 */
export async function uniformStart(ensemble: Ensemble, seed: number): Promise<Float64Array> {
  const { dim, chains } = ensemble;
  const streams = Array.from({ length: chains }, (_, c) => new RandomStream(seed, Purpose.start, c));
  const placed = new Float64Array(chains * dim), open = new Set(streams.keys());
  for (let attempt = 0; attempt < TRIES && open.size > 0; attempt++) {
    for (const c of open) {
      for (let i = 0; i < dim; i++) placed[c * dim + i] = CUBE * (2 * streams[c]!.uniform() - 1);
    }
    const { logPrior, logLik } = await ensemble.evaluate(placed);
    for (const c of open) if (Number.isFinite(logPrior[c]! + logLik[c]!)) open.delete(c);
  }
  if (open.size > 0) throw new Error(`No start of finite density in ${TRIES} tries; try another --seed`);
  await ensemble.setPositions(placed);
  return placed;
}
