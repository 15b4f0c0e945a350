/**
 * ChEES-HMC adaptation (Hoffman, Radul & Sountsov 2021, "An adaptive-MCMC scheme for setting trajectory lengths
 * in Hamiltonian Monte Carlo", AISTATS, PMLR 130): one step size and one trajectory length for all chains of a
 * problem, learned from all of them.
 *
 * Where this differs from the paper: one update per batch of a few transitions (a device read-back costs more
 * than a transition); distances are measured in the whitened space of a pooled metric, from the mean of the
 * batch before instead of the current iteration's means; the step size aims at the arithmetic mean of the
 * acceptance, because one chain stuck in a corner takes the harmonic mean, and every other chain's step, to
 * nothing; the trajectory length starts where annealing left it instead of at one step.
 */
import type { TransitionBatch } from "../engine/ensemble.ts";
import { type DualAveraging, initDualAveraging, stepDualAveraging } from "./dual_averaging.ts";

/**
 * Mean acceptance aimed at. High, because the posterior is a bundle of curved ridges: at 0.9 one transition in a
 * hundred diverges, at 0.98 fewer than one in a thousand, and effective draws per second stay the same (measured
 * on the simulated K = 2 and K = 3 series and the built-in example).
 */
export const TARGET_ACCEPTANCE = 0.98;
// Adam without momentum on log T, as TFP: rate, decay of the squared gradient, largest step.
const LEARNING_RATE = 0.05;
const SQUARE_DECAY = 0.95;
const LOG_UPDATE_CLIP = 0.35;
/** Iterates are averaged with weight t^-0.5 in log space. */
const AVERAGE_POWER = 0.5;
/** Longest trajectory in steps. */
export const MAX_LEAPFROGS = 512;

/** What is carried from batch to batch, per problem. */
export interface CheesState {
  readonly step: DualAveraging;
  readonly updates: number;
  readonly logLength: number;
  readonly logLengthAveraged: number;
  readonly squaredGradient: number;
}

/** What one update saw. */
export interface CheesInfo {
  readonly acceptance: number;
  readonly gradient: number;
  readonly divergences: number;
}

export function initChees(stepSize: number, length = 1): CheesState {
  return {
    step: initDualAveraging(stepSize),
    updates: 0,
    logLength: Math.log(length),
    logLengthAveraged: Math.log(length),
    squaredGradient: 0,
  };
}

/** Starts the searches afresh from where they are, as after every change of metric. */
export function restartChees(state: CheesState): CheesState {
  return {
    step: initDualAveraging(Math.exp(state.step.logAveraged)),
    updates: 0,
    logLength: state.logLength,
    logLengthAveraged: state.logLength,
    squaredGradient: 0,
  };
}

/** One update from the chains `first .. first + count` of a batch. @param target mean acceptance aimed at */
export function stepChees(
  state: CheesState,
  batch: TransitionBatch,
  first: number,
  count: number,
  target = TARGET_ACCEPTANCE,
): readonly [CheesState, CheesInfo] {
  let sum = 0, weight = 0, weighted = 0, divergences = 0;
  for (let i = 0; i < batch.transitions; i++) {
    for (let c = first; c < first + count; c++) {
      const at = i * batch.chains + c, a = batch.acceptance[at]!;
      sum += a;
      divergences += batch.diverging[at]!;
      if (a > 1e-4) {
        weight += a;
        weighted += a * batch.cheesGradient[at]!;
      }
    }
  }
  const acceptance = sum / (batch.transitions * count);
  const gradient = weight > 0 ? weighted / weight : 0;
  const updates = state.updates + 1;
  const squaredGradient = SQUARE_DECAY * state.squaredGradient + (1 - SQUARE_DECAY) * gradient * gradient;
  const unbiased = squaredGradient / (1 - SQUARE_DECAY ** updates);
  const move = unbiased > 0 ? LEARNING_RATE * gradient / Math.sqrt(unbiased) : 0;
  const step = stepDualAveraging(state.step, acceptance, target);
  const longest = step.logStep + Math.log(MAX_LEAPFROGS);
  const logLength = Math.min(
    longest,
    Math.max(step.logStep, state.logLength + Math.max(-LOG_UPDATE_CLIP, Math.min(LOG_UPDATE_CLIP, move))),
  );
  const averaging = updates ** -AVERAGE_POWER;
  const logLengthAveraged = averaging * logLength + (1 - averaging) * state.logLengthAveraged;
  return [
    { step, updates, logLength, logLengthAveraged, squaredGradient },
    { acceptance, gradient, divergences },
  ];
}
