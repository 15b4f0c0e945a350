/**
 * Annealed start: chains begin near prior draws and follow the likelihood as it is switched on, a sequential Monte
 * Carlo sampler (Del Moral, Doucet & Jasra 2006, JRSS-B 68) whose population is cut into islands. Within an island
 * chains that fall behind are replaced by copies of those that do not, so that none is left in a corner of
 * negligible weight; between islands nothing is ever exchanged, so that islands which settle on different modes
 * show it in R-hat. Engine-free: it reads batches and gives back tunings, one state per problem.
 */
import type { TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { factorFrom, mergeMoments, type Moments, momentsOf } from "./metric.ts";

/** Share of the population's effective size each rise of beta may cost (conditional ESS; Zhou, Johansen &
 * Aston 2016, "Toward automatic model comparison", JCGS 25, section 3.3; 0.5 as in blackjax and PyMC). */
const KEEP = 0.5;
/** Gain of the step-size search while beta still moves: constant, because its target moves too. */
const GAIN = 1.5;
const TARGET_ACCEPTANCE = 0.75;

/** Effective size of weights exp(rise * logLik), as a share of their number. */
export function conditionalSize(logLik: Float64Array, rise: number): number {
  let highest = -Infinity;
  for (const value of logLik) highest = Math.max(highest, rise * value);
  let sum = 0, squares = 0;
  for (const value of logLik) {
    const w = Math.exp(rise * value - highest);
    sum += w;
    squares += w * w;
  }
  return sum * sum / squares / logLik.length;
}

/**
 * The next inverse temperature: as far as the population allows, and never so little that the remaining
 * batches could not reach 1 by equal ratios.
 *
 * @param beta current inverse temperature
 * @param logLik log likelihoods of the problem's chains now
 * @param remaining batches left in the phase, this one included
 */
function nextBeta(beta: number, logLik: Float64Array, remaining: number): number {
  if (remaining <= 1) return 1;
  const finite = logLik.filter(Number.isFinite);
  let low = 0, high = 1 - beta;
  if (finite.length > 1 && conditionalSize(finite, high) < KEEP) {
    for (let i = 0; i < 50; i++) {
      const middle = 0.5 * (low + high);
      if (conditionalSize(finite, middle) < KEEP) high = middle;
      else low = middle;
    }
  } else low = high;
  const slowest = beta > 0 ? beta ** (1 - 1 / remaining) : 0;
  return Math.min(1, Math.max(beta + low, slowest));
}

/** Chains of an island; all of a problem's chains when there are fewer than two islands' worth. */
const ISLAND = 8;

/** Log weights of the chains since their island was last resampled, and whom each chain is to copy now. */
interface Reweighted {
  readonly logWeights: Float64Array; // (chains)
  /** Index of the chain to copy, its own where it stays; undefined when every chain stays. */
  readonly ancestors: readonly number[] | undefined;
}

/**
 * Weighs chains for a rise of beta, and resamples the islands whose effective size has fallen under half
 * (systematic resampling; Douc, Cappe & Moulines 2005).
 *
 * @param uniform one number in (0, 1) per island, as many as there may be chains
 */
function reweigh(
  logWeights: Float64Array,
  logLik: Float64Array,
  rise: number,
  uniform: readonly number[],
): Reweighted {
  const chains = logLik.length, islands = Math.max(1, Math.floor(chains / ISLAND));
  const next = logWeights.map((w, c) => Number.isFinite(logLik[c]!) ? w + rise * logLik[c]! : -Infinity);
  const ancestors = Array.from({ length: chains }, (_, c) => c);
  for (let island = 0; island < islands; island++) {
    const first = Math.floor(island * chains / islands), end = Math.floor((island + 1) * chains / islands);
    const own = next.subarray(first, end);
    if (conditionalSize(own, 1) >= KEEP) continue;
    systematic(own, uniform[island]!).forEach((from, i) => ancestors[first + i] = first + from);
    own.fill(0);
  }
  const moved = ancestors.some((from, c) => from !== c);
  return { logWeights: next, ancestors: moved ? ancestors : undefined };
}

/**
 * Indices in ascending order, each drawn about weight * count times (systematic resampling).
 *
 * @param uniform in (0, 1)
 * @param count how many; as many as there are weights when left out
 */
export function systematic(logWeights: Float64Array, uniform: number, count = logWeights.length): number[] {
  const highest = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logWeights.map((w) => Math.exp(w - highest));
  const total = weights.reduce((sum, w) => sum + w, 0), last = weights.length - 1;
  let at = 0, passed = weights[0]! / total;
  return Array.from({ length: count }, (_, i) => {
    while (passed < (i + uniform) / count && at < last) passed += weights[++at]! / total;
    return at;
  });
}

/** Batches whose draws make the metric. */
const MEMORY = 3;
/** Trajectory length in whitened time, about a quarter period of the slowest direction, and its most steps. */
export const ANNEAL_LENGTH = 1.5;
const ANNEAL_LEAPFROGS = 64;

/** What is carried from batch to batch for one problem. */
export interface AnnealState {
  /** Batches done. */
  readonly batch: number;
  readonly beta: number;
  readonly stepSize: number;
  readonly factor: Float64Array;
  readonly centre: Float64Array;
  /** Draws of the last few batches. */
  readonly recent: readonly Moments[];
  /** Weights of the chains, (chains). */
  readonly logWeights: Float64Array;
}

/** What a step asks of its chains besides their next tuning. */
export interface AnnealInfo {
  /** Chain of the problem that each chain is to take over the position of, if any is to. */
  readonly ancestors?: readonly number[];
}

/**
 * @param start (chains, D) starting positions of the problem
 * @param beta inverse temperature at which they are draws
 */
export function initAnneal(start: Float64Array, dim: number, beta: number): AnnealState {
  const moments = momentsOf(start, dim, new Float64Array(start.length / dim).keys());
  return {
    batch: 0,
    beta,
    // The usual d^(-1/4) scaling of a stable leapfrog step (Beskos et al. 2013), cautiously small.
    stepSize: 0.5 * dim ** -0.25,
    factor: factorFrom(moments),
    centre: moments.mean,
    recent: [],
    logWeights: new Float64Array(start.length / dim),
  };
}

/** How the chains move in the next batch. */
export const annealTuning = ({ stepSize, beta, factor, centre }: AnnealState): Tuning => ({
  stepSize,
  trajectoryLength: ANNEAL_LENGTH,
  maxLeapfrogs: ANNEAL_LEAPFROGS,
  beta,
  factor,
  centre,
});

/**
 * One batch of the problem whose chains are `first .. first + count`.
 *
 * @param batches after which beta must have reached 1
 * @param uniform numbers in (0, 1) for resampling, one per chain
 */
export function stepAnneal(
  batches: number,
  state: AnnealState,
  batch: TransitionBatch,
  first: number,
  count: number,
  uniform: readonly number[],
): readonly [AnnealState, AnnealInfo] {
  const done = state.batch + 1, remaining = batches - done;
  const rows = Array.from(
    { length: batch.transitions * count },
    (_, i) => Math.floor(i / count) * batch.chains + first + i % count,
  );
  const moments = momentsOf(batch.positions, batch.dim, rows);
  const acceptance = rows.reduce((sum, row) => sum + batch.acceptance[row]!, 0) / rows.length;
  const recent = [...state.recent, moments].slice(-MEMORY);
  const last = (batch.transitions - 1) * batch.chains + first;
  const logLik = batch.logLik.slice(last, last + count);
  const beta = remaining > 0 ? nextBeta(state.beta, logLik, remaining) : 1;
  const { logWeights, ancestors } = reweigh(state.logWeights, logLik, beta - state.beta, uniform);
  const next = {
    batch: done,
    beta,
    stepSize: state.stepSize * Math.exp(GAIN * (acceptance - TARGET_ACCEPTANCE)),
    factor: factorFrom(recent.reduce(mergeMoments)),
    centre: moments.mean,
    recent,
    logWeights,
  };
  return [next, ancestors === undefined ? {} : { ancestors }];
}
