/**
 * Jumps between known modes (JAMS: Pompe, Holmes & Latuszynski 2020, "A framework for adaptive MCMC targeting
 * multimodal distributions", Annals of Statistics 48(5)). Every mode has a fit of its own; a jump asks which mode a
 * position belongs to, chooses another, and takes the position to the same place there as the fits measure it
 * (Tjelmeland & Hegstad 2001, "Mode jumping proposals in MCMC", Scandinavian J. Statistics 28). The Metropolis test
 * makes it exact whatever the fits are, as long as they do not change; good fits make it likely.
 */
import { logSumExp } from "../diagnostics/numeric.ts";
import { type Normal, place, whiten } from "../variational/normal.ts";
import { logStudentOf } from "../variational/student.ts";

/** Modes at one inverse temperature. */
export interface JumpModes {
  readonly fits: readonly Normal[];
  /** Shares of the probability, as well as they are known, natural log, (modes). */
  readonly logWeights: Float64Array;
}

/** Where a jump leads. */
export interface Jump {
  readonly from: number;
  readonly to: number;
  /** Rounded to f32 as kernels take it, (D). */
  readonly position: Float64Array;
  /** What the log of the acceptance ratio has beyond the difference of the log densities. */
  readonly logFactor: number;
}

/** Part of the choice of a mode that falls on all alike: weights may be wrong, and light modes need visitors, too. */
const BLIND = 0.5;

/**
 * Which mode a position belongs to: log probabilities under the mixture of the fits, with the tails of t
 * distributions, (modes).
 */
export function logMembership(
  { fits, logWeights }: JumpModes,
  positions: Readonly<Float32Array | Float64Array>,
  at: number,
): Float64Array {
  const scratch = new Float64Array(fits[0]!.mean.length);
  const logs = logWeights.map((weight, m) => weight + logStudentOf(fits[m]!, positions, at, scratch));
  const total = logSumExp(logs);
  return logs.map((log) => log - total);
}

/**
 * Proposes a jump from `positions[at ..]`.
 *
 * @param uniforms two numbers in (0, 1): which mode this is, and which to go to
 */
export function proposeJump(
  modes: JumpModes,
  positions: Readonly<Float32Array | Float64Array>,
  at: number,
  uniforms: readonly [number, number],
): Jump {
  const { fits } = modes, here = logMembership(modes, positions, at), appeal = appealOf(modes);
  const from = pick(here.map(Math.exp), uniforms[0]), to = pick(othersOf(appeal, from), uniforms[1]);
  const z = new Float64Array(fits[from]!.mean.length), position = new Float64Array(z.length);
  whiten(fits[from]!, positions, at, z);
  place(fits[to]!, z, 0, position, 0);
  const there = logMembership(modes, position, 0);
  const logFactor = there[to]! - here[from]! +
    Math.log(othersOf(appeal, to)[from]! / othersOf(appeal, from)[to]!) +
    fits[to]!.logDeterminant - fits[from]!.logDeterminant;
  return { from, to, position, logFactor };
}

/** Whether a jump is made. @param gain in log density @param uniform in (0, 1) */
export function accepts({ logFactor }: Jump, gain: number, uniform: number): boolean {
  return Math.log(uniform) < logFactor + gain; // never where either is not a number
}

/** How likely each mode would be chosen from none: chosen by weight, jumps between perfect fits are always accepted. */
function appealOf({ logWeights }: JumpModes): Float64Array {
  const total = logSumExp(logWeights), blind = BLIND / logWeights.length;
  return logWeights.map((weight) => blind + (1 - BLIND) * Math.exp(weight - total));
}

/** The choice among the others: a jump that leads nowhere is never better (Liu 1996, Biometrika 83, 681-682). */
function othersOf(appeal: Float64Array, from: number): Float64Array {
  return appeal.map((own, m) => m === from ? 0 : own / (1 - appeal[from]!));
}

/** The index at which the sum of the probabilities passes a uniform number. */
function pick(probabilities: Float64Array, uniform: number): number {
  let left = uniform;
  const at = probabilities.findIndex((probability) => (left -= probability) < 0);
  return at < 0 ? probabilities.length - 1 : at;
}
