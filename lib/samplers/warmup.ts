/**
 * Warm-up of many-chain HMC: annealed start, then ChEES adaptation in doubling windows with a pooled metric,
 * then a last stretch in which only step size and trajectory length settle. Engine-free: it reads batches and
 * gives back tunings. One state per problem; problems of one ensemble adapt independently.
 */
import type { TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { annealStep, nextBeta, reweigh } from "./anneal.ts";
import { type CheesState, initChees, MAX_LEAPFROGS, restartChees, stepChees } from "./chees.ts";
import { balanceFactor, factorFrom, mergeMoments, type Moments, momentsOf } from "./metric.ts";

/** Shares of the warm-up spent annealing and settling; the windows have the rest. */
const ANNEAL_SHARE = 0.3;
const SETTLE_SHARE = 0.2;
/** Batches in the first metric window; each next one is twice as long. */
const FIRST_WINDOW = 5;
/** Batches whose draws make the metric while annealing. */
const ANNEAL_MEMORY = 3;
/** Trajectory length while annealing, in whitened time: about a quarter period of the slowest direction. */
const ANNEAL_LENGTH = 1.5;

/** When each phase ends, in batches. */
export interface Schedule {
  readonly batches: number;
  readonly annealEnd: number;
  /** Batches after which the metric is renewed, the last one where settling begins. */
  readonly renewals: readonly number[];
}

export function planWarmup(batches: number): Schedule {
  const annealEnd = Math.max(1, Math.round(ANNEAL_SHARE * batches));
  const settle = Math.max(annealEnd + 1, batches - Math.round(SETTLE_SHARE * batches));
  const renewals: number[] = [];
  for (let at = annealEnd, window = FIRST_WINDOW; at < settle; window *= 2) {
    // The last window takes in what would not fill another one.
    at = settle - (at + window) < 2 * window ? settle : at + window;
    renewals.push(at);
  }
  return { batches, annealEnd, renewals };
}

/** What is carried from batch to batch for one problem. */
export interface WarmupState {
  readonly batch: number;
  readonly beta: number;
  readonly stepSize: number;
  readonly chees: CheesState;
  readonly factor: Float64Array;
  readonly centre: Float64Array;
  /** Draws since the window began; while annealing, of the last few batches. */
  readonly window: Moments;
  readonly recent: readonly Moments[];
  /** Annealing weights of the chains, (chains). */
  readonly logWeights: Float64Array;
}

/** What a step asks of its chains besides their next tuning. */
export interface WarmupInfo {
  /** Chain of the problem that each chain is to take over the position of, if any is to. */
  readonly ancestors?: readonly number[];
}

/**
 * @param start (chains, D) starting positions of the problem
 * @param beta inverse temperature at which they are draws
 */
export function initWarmup(start: Float64Array, dim: number, beta: number): WarmupState {
  const moments = momentsOf(start, dim, new Float64Array(start.length / dim).keys());
  return {
    batch: 0,
    beta,
    // The usual d^(-1/4) scaling of a stable leapfrog step (Beskos et al. 2013), cautiously small.
    stepSize: 0.5 * dim ** -0.25,
    chees: initChees(0.1),
    factor: factorFrom(moments),
    centre: moments.mean,
    window: momentsOf(new Float64Array(0), dim, []),
    recent: [],
    logWeights: new Float64Array(start.length / dim),
  };
}

/** How the chains move in the next batch. */
export function warmupTuning(schedule: Schedule, state: WarmupState): Tuning {
  const annealing = state.batch < schedule.annealEnd;
  return {
    stepSize: annealing ? state.stepSize : Math.exp(state.chees.step.logStep),
    trajectoryLength: annealing ? ANNEAL_LENGTH : Math.exp(state.chees.logLength),
    maxLeapfrogs: annealing ? 64 : MAX_LEAPFROGS,
    beta: state.beta,
    factor: state.factor,
    centre: state.centre,
  };
}

/**
 * One batch of the problem whose chains are `first .. first + count`.
 *
 * @param uniform numbers in (0, 1) for resampling, one per chain
 * @param gradients of the log density at this batch's draws, (draws, D), where the metric is renewed
 */
export function stepWarmup(
  schedule: Schedule,
  state: WarmupState,
  batch: TransitionBatch,
  first: number,
  count: number,
  uniform: readonly number[],
  gradients?: Float64Array,
): readonly [WarmupState, WarmupInfo] {
  const dim = batch.dim, done = state.batch + 1;
  const moments = momentsOf(batch.positions, dim, rowsOf(batch, first, count));
  if (state.batch < schedule.annealEnd) {
    return annealed(schedule, state, batch, first, count, uniform, moments);
  }

  const window = mergeMoments(state.window, moments);
  const [chees] = stepChees(state.chees, batch, first, count);
  const next = { ...state, batch: done, chees, window, centre: moments.mean };
  if (!schedule.renewals.includes(done)) return [next, {}];
  const renewed = {
    ...next,
    factor: gradients === undefined ? factorFrom(window) : balanceFactor(factorFrom(window), gradients),
    window: momentsOf(new Float64Array(0), dim, []),
    chees: restartChees(chees),
  };
  return [renewed, {}];
}

/** What sampling runs at, once every batch of the warm-up is done. */
export function finishWarmup(state: WarmupState): Tuning {
  return {
    stepSize: Math.exp(state.chees.step.logAveraged),
    trajectoryLength: Math.exp(state.chees.logLengthAveraged),
    maxLeapfrogs: MAX_LEAPFROGS,
    beta: 1,
    factor: state.factor,
    centre: state.centre,
  };
}

function annealed(
  schedule: Schedule,
  state: WarmupState,
  batch: TransitionBatch,
  first: number,
  count: number,
  uniform: readonly number[],
  moments: Moments,
): readonly [WarmupState, WarmupInfo] {
  const done = state.batch + 1, remaining = schedule.annealEnd - done;
  let acceptance = 0;
  for (const row of rowsOf(batch, first, count)) acceptance += batch.acceptance[row]!;
  const stepSize = annealStep(state.stepSize, acceptance / (batch.transitions * count));
  const recent = [...state.recent, moments].slice(-ANNEAL_MEMORY);
  const last = (batch.transitions - 1) * batch.chains + first;
  const logLik = batch.logLik.slice(last, last + count);
  const beta = remaining > 0 ? nextBeta(state.beta, logLik, remaining) : 1;
  const { logWeights, ancestors } = reweigh(state.logWeights, logLik, beta - state.beta, uniform);
  const next = {
    ...state,
    batch: done,
    beta,
    stepSize,
    chees: remaining > 0 ? state.chees : initChees(stepSize, ANNEAL_LENGTH),
    factor: factorFrom(recent.reduce(mergeMoments)),
    centre: moments.mean,
    recent,
    logWeights,
  };
  return [next, ancestors === undefined ? {} : { ancestors }];
}

function* rowsOf(batch: TransitionBatch, first: number, count: number): Generator<number> {
  for (let i = 0; i < batch.transitions; i++) {
    for (let c = first; c < first + count; c++) yield i * batch.chains + c;
  }
}
