/** Multivariate normals with dense covariances, as approximations of a target. */
import { cholesky } from "../samplers/metric.ts";

/** Normal(mean, F F^T). */
export interface Normal {
  readonly mean: Float64Array; // (D)
  /** Lower Cholesky factor F of the covariance, (D, D) row-major. */
  readonly factor: Float64Array;
  /** ln det F. */
  readonly logDeterminant: number;
}

/** Undefined where the covariance, (D, D), is not positive definite. */
export function normalOf(mean: Float64Array, covariance: Float64Array): Normal | undefined {
  const dim = mean.length, factor = cholesky(covariance, dim);
  if (factor === undefined) return undefined;
  let logDeterminant = 0;
  for (let i = 0; i < dim; i++) logDeterminant += Math.log(factor[i * dim + i]!);
  return { mean, factor, logDeterminant };
}

/** Writes mean + F z, rounded to f32 as kernels take it, to `positions[at ..]`; z is `normals[from ..]`. */
export function place(
  { mean, factor }: Normal,
  normals: Float64Array,
  from: number,
  positions: Float64Array,
  at: number,
): void {
  const dim = mean.length;
  for (let i = 0; i < dim; i++) {
    let sum = mean[i]!;
    for (let j = 0; j <= i; j++) sum += factor[i * dim + j]! * normals[from + j]!;
    positions[at + i] = Math.fround(sum);
  }
}

/**
 * Writes z with mean + F z = `positions[at ..]`.
 *
 * @param z overwritten, (D)
 * @returns |z|^2
 */
export function whiten(
  { mean, factor }: Normal,
  positions: Readonly<Float32Array | Float64Array>,
  at: number,
  z: Float64Array,
): number {
  const dim = mean.length;
  let square = 0;
  for (let i = 0; i < dim; i++) {
    let rest = positions[at + i]! - mean[i]!;
    for (let j = 0; j < i; j++) rest -= factor[i * dim + j]! * z[j]!;
    z[i] = rest / factor[i * dim + i]!;
    square += z[i]! ** 2;
  }
  return square;
}

/**
 * Log density at `positions[at ..]`.
 *
 * @param scratch overwritten, (D)
 */
export function logDensityOf(
  normal: Normal,
  positions: Readonly<Float32Array | Float64Array>,
  at: number,
  scratch: Float64Array,
): number {
  const square = whiten(normal, positions, at, scratch);
  return -0.5 * (scratch.length * Math.log(2 * Math.PI) + square) - normal.logDeterminant;
}
