/**
 * The evidence lower bound of a Gaussian over fixed draws, as a function to climb.
 *
 * The Gaussian is written relative to a frame, another Gaussian Normal(m, F F^T): x = m + F (a + C z), z standard
 * normal, C lower triangular with diagonal exp(c); mean-field has that diagonal alone, and F diagonal too. Near its
 * frame the bound curves about equally in all directions, which is what a quasi-Newton method likes.
 *
 * Gradients are path derivatives (Roeder, Wu & Duvenaud 2017, "Sticking the landing", NeurIPS): of ln p - ln q along
 * the path of each draw, q's own parameters held. The score term that this leaves out has mean zero, and over
 * balanced draws it is exactly zero: ln q's part then sums to 1 for each c and to 0 for the rest. So the path
 * derivative is the gradient of the bound itself, and a line search may rely on both.
 */
import type { Evaluation } from "../engine/ensemble.ts";
import type { Target } from "./importance.ts";
import { type Normal, place } from "./normal.ts";

/** Which Gaussians are looked at: independent coordinates, or any covariance. */
export type Rank = "mean-field" | "full-rank";

const HALF_LOG_TWO_PI_E = 0.5 * (Math.log(2 * Math.PI) + 1);

/** Parameters in a vector: a, then c, then for full rank the rows of C left of its diagonal. */
export const parameterCount = (rank: Rank, dim: number): number =>
  rank === "mean-field" ? 2 * dim : 2 * dim + dim * (dim - 1) / 2;

/** Parameters of the frame itself. */
export const origin = (rank: Rank, dim: number): Float64Array => new Float64Array(parameterCount(rank, dim));

/** The Gaussian that a parameter vector stands for. */
export function gaussianAt(rank: Rank, frame: Normal, parameters: Float64Array): Normal {
  const dim = frame.mean.length, mean = frame.mean.slice(), factor = new Float64Array(dim * dim);
  let { logDeterminant } = frame;
  for (let i = 0; i < dim; i++) {
    logDeterminant += parameters[dim + i]!;
    for (let k = rank === "mean-field" ? i : 0; k <= i; k++) {
      const f = frame.factor[i * dim + k]!;
      mean[i]! += f * parameters[k]!;
      if (rank === "full-rank") {
        for (let j = 0; j < k; j++) factor[i * dim + j]! += f * parameters[below(dim, k, j)]!;
      }
      factor[i * dim + k]! += f * Math.exp(parameters[dim + k]!);
    }
  }
  return { mean, factor, logDeterminant };
}

/** Where C[i, j], j < i, stands in a full-rank vector. */
const below = (dim: number, i: number, j: number): number => 2 * dim + i * (i - 1) / 2 + j;

/** The bound, and its gradient in the parameters. */
export interface Bound {
  readonly value: number;
  readonly gradient: Float64Array;
}

/**
 * Bounds of many Gaussians over one set of standard normal draws, in one batch of evaluations.
 *
 * @param frames one for each parameter vector
 * @param base (M, D)
 */
export async function evaluateBounds(
  target: Target,
  rank: Rank,
  frames: readonly Normal[],
  parameters: readonly Float64Array[],
  base: Float64Array,
): Promise<Bound[]> {
  const { dim } = target, draws = base.length / dim;
  const positions = new Float64Array(frames.length * base.length);
  frames.forEach((frame, f) => {
    const gaussian = gaussianAt(rank, frame, parameters[f]!);
    for (let m = 0; m < draws; m++) place(gaussian, base, m * dim, positions, (f * draws + m) * dim);
  });
  const values = await target.evaluate(positions);
  return frames.map((frame, f) => boundOf(rank, frame, parameters[f]!, base, values, f * draws));
}

/**
 * The bound from the target's values at the draws of the Gaussian that `parameters` stand for.
 *
 * @param base the standard normal draws, (M, D)
 * @param values of the target at every draw, `first` the first of them: logPrior and logLik (n), gradient (n, D)
 */
function boundOf(
  rank: Rank,
  frame: Normal,
  parameters: Float64Array,
  base: Float64Array,
  values: Evaluation,
  first: number,
): Bound {
  const dim = frame.mean.length, draws = base.length / dim;
  const slope = new Float64Array(dim), cross = new Float64Array(dim * dim); // means of g and of g z^T
  let value = frame.logDeterminant + dim * HALF_LOG_TWO_PI_E;
  for (let m = 0; m < draws; m++) {
    value += (values.logPrior[first + m]! + values.logLik[first + m]!) / draws;
    for (let i = 0; i < dim; i++) {
      const g = values.gradient[(first + m) * dim + i]! / draws;
      slope[i]! += g;
      for (let j = rank === "mean-field" ? i : 0; j <= i; j++) cross[i * dim + j]! += g * base[m * dim + j]!;
    }
  }
  const gradient = new Float64Array(parameters.length);
  for (let k = 0; k < dim; k++) {
    value += parameters[dim + k]!;
    const last = rank === "mean-field" ? k + 1 : dim;
    for (let i = k; i < last; i++) { // column k of the frame, so that sums run over F^T
      const f = frame.factor[i * dim + k]!;
      gradient[k]! += f * slope[i]!;
      gradient[dim + k]! += f * cross[i * dim + k]! * Math.exp(parameters[dim + k]!);
      if (rank === "full-rank") {
        for (let j = 0; j < k; j++) gradient[below(dim, k, j)]! += f * cross[i * dim + j]!;
      }
    }
    gradient[dim + k]! += 1;
  }
  return { value, gradient };
}
