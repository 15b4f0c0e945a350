/**
 * What the modes of a posterior look like at other inverse temperatures, for jumps to aim by. Around each mode the log
 * prior and the log likelihood are taken for quadratics, the prior's of unit curvature, so that precisions mix in
 * proportion, P(beta) = (1 - beta) I + beta P(1), and evidences follow. Where that is wrong jumps miss, and nothing else
 * suffers.
 */
import type { Ensemble } from "../engine/ensemble.ts";
import { type Normal, normalOf } from "../variational/normal.ts";
import { symmetricEigen } from "./eigen.ts";
import type { Mode } from "./explore_modes.ts";
import type { JumpModes } from "./mode_jump.ts";

/** Draws of a mode that tell how the two parts of the density change around it. */
const LOOKS = 256;
/** Where modes are compared: a mode that is nothing at the posterior may be all there is further up. */
const WATCHED = [1, 0.5, 0.25, 0.1];

/** A mode and what happens to it as the likelihood is switched off. */
export interface TemperedMode {
  readonly mode: Mode;
  /** Mean gradient of the log prior over the mode's draws, (D). */
  readonly priorSlope: Float64Array;
  /** Log likelihood in the middle of the mode, by the draws around it. */
  readonly logLik: number;
  /** Variances along the axes of the fit, (D), and the axes as columns, (D, D). */
  readonly variances: Float64Array;
  readonly axes: Float64Array;
}

/** Prepares modes for {@link temperModes}. */
export async function prepareModes(
  ensemble: Pick<Ensemble, "evaluate">,
  modes: readonly Mode[],
): Promise<TemperedMode[]> {
  if (modes.length === 0) return [];
  const dim = modes[0]!.fit.mean.length;
  const some = modes.map(({ draws }) => {
    const stride = Math.ceil(draws.length / dim / LOOKS);
    return draws.filter((_, at) => Math.floor(at / dim) % stride === 0);
  });
  const all = new Float64Array(some.reduce((sum, { length }) => sum + length, 0));
  some.reduce((at, own) => (all.set(own, at), at + own.length), 0);
  const { gradient, logLik } = await ensemble.evaluate(all, 0);
  let first = 0;
  return modes.map((mode, m): TemperedMode => {
    const count = some[m]!.length / dim, priorSlope = new Float64Array(dim);
    const { values: variances, vectors: axes } = symmetricEigen(covarianceOf(mode.fit), dim);
    let sum = 0;
    for (let row = first; row < first + count; row++) {
      sum += logLik[row]!;
      for (let i = 0; i < dim; i++) priorSlope[i]! += gradient[row * dim + i]! / count;
    }
    first += count;
    // Draws lie below the middle of a quadratic by half the trace of its curvature times their own scatter.
    const below = 0.5 * (1 - 1 / count) * variances.reduce((total, variance) => total + 1 - variance, 0);
    return { mode, priorSlope, logLik: sum / count + below, variances, axes };
  });
}

/** How far each mode is below the best one, in nats, where it is least so on the way up to a tenth of the likelihood. */
export function shortfalls(modes: readonly TemperedMode[]): number[] {
  const stops = WATCHED.map((beta) => temperModes(modes, beta));
  return modes.map((_, m) => Math.min(...stops.map(({ logWeights }) => -logWeights[m]!)));
}

/** The modes at one inverse temperature, the heaviest of weight 1. */
export function temperModes(modes: readonly TemperedMode[], beta: number): JumpModes {
  const tempered = modes.map((mode) => temperMode(mode, beta));
  const highest = tempered.reduce((most, { logEvidence }) => Math.max(most, logEvidence), -Infinity);
  return {
    fits: tempered.map(({ fit }) => fit),
    logWeights: Float64Array.from(tempered, ({ logEvidence }) => logEvidence - highest),
  };
}

function temperMode(tempered: TemperedMode, beta: number): { fit: Normal; logEvidence: number } {
  const { mode: { fit, logEvidence }, priorSlope, logLik, variances, axes } = tempered;
  if (beta === 1) return { fit, logEvidence };
  const dim = fit.mean.length, covariance = new Float64Array(dim * dim), mean = fit.mean.slice();
  // In the middle of the mode the slopes of both parts cancel; away from it, along each axis, the parts change by
  let prior = 0, likelihood = 0, volume = 0;
  for (let k = 0; k < dim; k++) {
    const variance = 1 / (1 - beta + beta / variances[k]!);
    let slope = 0;
    for (let i = 0; i < dim; i++) slope += axes[i * dim + k]! * priorSlope[i]!;
    const shift = (1 - beta) * variance * slope;
    prior += slope * shift - 0.5 * shift * shift;
    likelihood -= slope * shift + 0.5 * (1 / variances[k]! - 1) * shift * shift;
    volume += 0.5 * Math.log(variance / variances[k]!);
    for (let i = 0; i < dim; i++) {
      mean[i]! += shift * axes[i * dim + k]!;
      for (let j = 0; j < dim; j++) {
        covariance[i * dim + j]! += variance * axes[i * dim + k]! * axes[j * dim + k]!;
      }
    }
  }
  const gain = prior + beta * likelihood - (1 - beta) * logLik + volume;
  return { fit: normalOf(mean, covariance)!, logEvidence: logEvidence + gain };
}

function covarianceOf({ factor, mean: { length: dim } }: Normal): Float64Array {
  const covariance = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      for (let k = 0; k <= Math.min(i, j); k++) {
        covariance[i * dim + j]! += factor[i * dim + k]! * factor[j * dim + k]!;
      }
    }
  }
  return covariance;
}
