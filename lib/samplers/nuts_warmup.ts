/**
 * Warm-up of the no-U-turn sampler in Stan's windows (Stan's windowed_adaptation.hpp): a first stretch that only
 * finds the step size, doubling windows at whose ends the metric is renewed from their draws, a last stretch for the
 * step size alone. Pooled over all chains of a cohort: one step size, one metric, which cohorts of many chains
 * balance by the gradients of their last draws. That lets steps be two to three times longer for the same share of
 * divergences; gradients per effective draw stay about the same (measured on two simulated curves and the built-in
 * example). Engine-free: it reads batches and gives back tunings.
 */
import type { DrawBatch, Tuning } from "../engine/ensemble.ts";
import type { AnnealState } from "./anneal.ts";
import { type DualAveraging, initDualAveraging, stepDualAveraging } from "./dual_averaging.ts";
import { balanceFactor, factorFrom, mergeMoments, type Moments, momentsOf } from "./metric.ts";

/** Stan's stretches in transitions, and their shares of a warm-up too short for them. */
const FIRST = 75, WINDOW = 25, LAST = 50;
const FIRST_SHARE = 0.15, LAST_SHARE = 0.1;

/** When metrics are renewed, in transitions. */
export interface Windows {
  readonly warmup: number;
  /** First transition whose draws count for a metric. */
  readonly begin: number;
  /** Transitions after which the metric is renewed. */
  readonly renewals: readonly number[];
}

/** Lays Stan's windows out; the last one takes in what would not fill another. */
export function planWindows(warmup: number): Windows {
  const short = warmup < FIRST + WINDOW + LAST;
  const begin = short ? Math.floor(FIRST_SHARE * warmup) : FIRST;
  const end = warmup - (short ? Math.floor(LAST_SHARE * warmup) : LAST);
  const renewals: number[] = [];
  for (let at = begin, window = short ? end - begin : WINDOW; at < end; window *= 2) {
    at = at + window + 2 * window > end ? end : at + window;
    renewals.push(at);
  }
  return { warmup, begin, renewals };
}

/** Transitions until the next renewal or end of the warm-up, at most `most`. */
export function nextBatch(windows: Windows, done: number, most: number): number {
  const stop = [windows.begin, ...windows.renewals, windows.warmup].find((at) => at > done)!;
  return Math.min(most, stop - done);
}

/** What is carried from batch to batch for one cohort. */
export interface NutsWarmup {
  readonly done: number;
  readonly step: DualAveraging;
  readonly factor: Float64Array;
  /** Draws since the window began. */
  readonly window: Moments;
}

/** What a step asks of the run. */
export interface NutsWarmupInfo {
  /** The metric is new, so that the step size is to be searched for afresh. */
  readonly renewed: boolean;
}

/** Begins knowing nothing: identity metric, a step size that is still to be searched for. */
export function initNutsWarmup(dim: number): NutsWarmup {
  const none = momentsOf(new Float64Array(0), dim, []);
  return { done: 0, step: initDualAveraging(1), factor: factorFrom(none), window: none };
}

/** Goes on from where annealing ended. */
export function continueAnneal({ stepSize, factor, centre }: AnnealState): NutsWarmup {
  const none = momentsOf(new Float64Array(0), centre.length, []);
  return { done: 0, step: initDualAveraging(stepSize, 1), factor, window: none };
}

/** Dual averaging from a first step size that was searched for. */
export function restartStep(state: NutsWarmup, stepSize: number): NutsWarmup {
  return { ...state, step: initDualAveraging(stepSize) };
}

/** Dual averaging from where it is, as for a metric that differs little from the last one. */
export function continueStep(state: NutsWarmup): NutsWarmup {
  return { ...state, step: initDualAveraging(Math.exp(state.step.logAveraged), 1) };
}

/**
 * One batch of the cohort whose chains are `first .. first + count`.
 *
 * @param target mean acceptance aimed at
 * @param gradients of the log density at draws of this and earlier batches, (draws, D), where the metric is renewed
 */
export function stepNutsWarmup(
  windows: Windows,
  state: NutsWarmup,
  batch: DrawBatch,
  first: number,
  count: number,
  target: number,
  gradients?: Float64Array,
): readonly [NutsWarmup, NutsWarmupInfo] {
  const rows = Array.from(
    { length: batch.transitions * count },
    (_, i) => Math.floor(i / count) * batch.chains + first + i % count,
  );
  const acceptance = rows.reduce((sum, row) => sum + batch.acceptance[row]!, 0) / rows.length;
  const done = state.done + batch.transitions, step = stepDualAveraging(state.step, acceptance, target);
  const collects = state.done >= windows.begin && state.done < windows.renewals.at(-1)!;
  const window = collects
    ? mergeMoments(state.window, momentsOf(batch.positions, batch.dim, rows))
    : state.window;
  if (!windows.renewals.includes(done)) return [{ ...state, done, step, window }, { renewed: false }];
  const none = momentsOf(new Float64Array(0), batch.dim, []);
  const factor = gradients === undefined ? factorFrom(window) : balanceFactor(factorFrom(window), gradients);
  return [{ done, step, factor, window: none }, { renewed: true }];
}

/** How the cohort moves while warming up. */
export const warmupNutsTuning = ({ step, factor }: NutsWarmup): Tuning =>
  nutsTuning(Math.exp(step.logStep), factor);

/** What sampling runs at. */
export const finishNutsWarmup = ({ step, factor }: NutsWarmup): Tuning =>
  nutsTuning(Math.exp(step.logAveraged), factor);

/** A tuning of NUTS; its one-leapfrog HMC transitions are what the step-size search makes. */
export function nutsTuning(stepSize: number, factor: Float64Array): Tuning {
  const centre = new Float64Array(Math.sqrt(factor.length));
  return { stepSize, trajectoryLength: stepSize, maxLeapfrogs: 1, beta: 1, factor, centre };
}
