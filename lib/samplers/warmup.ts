/**
 * Warm-up of many-chain HMC after its annealed start: ChEES adaptation in doubling windows with a pooled metric,
 * then a last stretch in which only step size and trajectory length settle. Engine-free: it reads batches and
 * gives back tunings. One state per problem; problems of one ensemble adapt independently.
 */
import type { TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { ANNEAL_LENGTH, type AnnealState } from "./anneal.ts";
import { type CheesState, initChees, MAX_LEAPFROGS, restartChees, stepChees } from "./chees.ts";
import { balanceFactor, factorFrom, mergeMoments, type Moments, momentsOf } from "./metric.ts";

/** Shares of the warm-up spent annealing and settling; the windows have the rest. */
const ANNEAL_SHARE = 0.3;
const SETTLE_SHARE = 0.2;
/** Batches in the first metric window; each next one is twice as long. */
const FIRST_WINDOW = 5;

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
  /** Batches done, annealing included. */
  readonly batch: number;
  readonly chees: CheesState;
  readonly factor: Float64Array;
  readonly centre: Float64Array;
  /** Draws since the window began. */
  readonly window: Moments;
}

/** Goes on from where annealing ended, or from whatever is known. */
export const initWarmup = (
  { batch, stepSize, factor, centre }: Pick<AnnealState, "batch" | "stepSize" | "factor" | "centre">,
): WarmupState => ({
  batch,
  chees: initChees(stepSize, ANNEAL_LENGTH),
  factor,
  centre,
  window: momentsOf(new Float64Array(0), centre.length, []),
});

/** How the chains move in the next batch. */
export const warmupTuning = ({ chees, factor, centre }: WarmupState): Tuning => ({
  stepSize: Math.exp(chees.step.logStep),
  trajectoryLength: Math.exp(chees.logLength),
  maxLeapfrogs: MAX_LEAPFROGS,
  beta: 1,
  factor,
  centre,
});

/**
 * One batch of the problem whose chains are `first .. first + count`.
 *
 * @param gradients of the log density at this batch's draws, (draws, D), where the metric is renewed
 */
export function stepWarmup(
  schedule: Schedule,
  state: WarmupState,
  batch: TransitionBatch,
  first: number,
  count: number,
  gradients?: Float64Array,
): WarmupState {
  const done = state.batch + 1, moments = momentsOf(batch.positions, batch.dim, rowsOf(batch, first, count));
  const window = mergeMoments(state.window, moments);
  const [chees] = stepChees(state.chees, batch, first, count);
  const next = { ...state, batch: done, chees, window, centre: moments.mean };
  if (!schedule.renewals.includes(done)) return next;
  return {
    ...next,
    factor: gradients === undefined ? factorFrom(window) : balanceFactor(factorFrom(window), gradients),
    window: momentsOf(new Float64Array(0), batch.dim, []),
    chees: restartChees(chees),
  };
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

function* rowsOf(batch: TransitionBatch, first: number, count: number): Generator<number> {
  for (let i = 0; i < batch.transitions; i++) {
    for (let c = first; c < first + count; c++) yield i * batch.chains + c;
  }
}
