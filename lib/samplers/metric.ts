/** Pooled metric: moments of many chains' draws and the Cholesky factor of the inverse metric. */
import { symmetricEigen } from "./eigen.ts";

/** Count, mean and scatter of a set of draws. */
export interface Moments {
  readonly count: number;
  readonly mean: Float64Array; // (D)
  /** Sum of outer products of deviations from the mean, (D, D). */
  readonly scatter: Float64Array;
}

/**
 * Moments of the rows of positions (n, D) named by `rows`; rows that are not finite are left out.
 */
export function momentsOf(
  positions: Float32Array | Float64Array,
  dim: number,
  rows: Iterable<number>,
): Moments {
  const picked = [...rows].filter((row) =>
    positions.subarray(row * dim, (row + 1) * dim).every(Number.isFinite)
  );
  const mean = new Float64Array(dim), scatter = new Float64Array(dim * dim), d = new Float64Array(dim);
  for (const row of picked) {
    for (let i = 0; i < dim; i++) mean[i]! += positions[row * dim + i]! / picked.length;
  }
  for (const row of picked) {
    for (let i = 0; i < dim; i++) d[i] = positions[row * dim + i]! - mean[i]!;
    for (let i = 0; i < dim; i++) for (let j = 0; j < dim; j++) scatter[i * dim + j]! += d[i]! * d[j]!;
  }
  return { count: picked.length, mean, scatter };
}

/**
 * Moments of two sets of draws together (Chan, Golub & LeVeque 1983, "Algorithms for computing the sample
 * variance", The American Statistician 37).
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const dim = a.mean.length, count = a.count + b.count, between = a.count * b.count / count;
  const shift = b.mean.map((value, i) => value - a.mean[i]!);
  const mean = a.mean.map((value, i) => value + shift[i]! * b.count / count);
  const scatter = a.scatter.map((value, ij) =>
    value + b.scatter[ij]! + between * shift[Math.floor(ij / dim)]! * shift[ij % dim]!
  );
  return { count, mean, scatter };
}

/** Lower Cholesky factor of a symmetric matrix, (D, D) row-major; undefined when it is not positive definite. */
export function cholesky(matrix: Float64Array, dim: number): Float64Array | undefined {
  const factor = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * dim + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * dim + k]! * factor[j * dim + k]!;
      if (i === j) {
        if (!(sum > 0)) return undefined;
        factor[i * dim + i] = Math.sqrt(sum);
      } else factor[i * dim + j] = sum / factor[j * dim + j]!;
    }
  }
  return factor;
}

/** Draws per dimension from which a dense metric is better determined than it is noisy. */
const DENSE_DRAWS_PER_DIM = 20;
/** Weight, in draws, of the prior guess in the shrunk variance (Stan's var_adaptation.hpp). */
const SHRINK_DRAWS = 5;

/**
 * Cholesky factor of the inverse metric: the pooled covariance of the draws, dense when there are enough of
 * them and diagonal otherwise. Variances are shrunk towards 1e-3 as Stan shrinks them; correlations towards
 * zero by D draws, which keeps the factor well conditioned.
 *
 * @returns (D, D) row-major lower factor; the identity when there are fewer than two draws
 */
export function factorFrom(moments: Moments): Float64Array {
  const dim = moments.mean.length, n = moments.count;
  const diagonal = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    const variance = n > 1 ? moments.scatter[i * dim + i]! / (n - 1) : 1;
    const shrunk = n > 1 ? (n * variance + SHRINK_DRAWS * 1e-3) / (n + SHRINK_DRAWS) : 1;
    diagonal[i * dim + i] = Math.sqrt(shrunk);
  }
  if (n < DENSE_DRAWS_PER_DIM * dim) return diagonal;
  const covariance = new Float64Array(dim * dim), keep = n / (n + dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      const value = i === j ? diagonal[i * dim + i]! ** 2 : keep * moments.scatter[i * dim + j]! / (n - 1);
      covariance[i * dim + j] = value;
      covariance[j * dim + i] = value;
    }
  }
  return cholesky(covariance, dim) ?? diagonal;
}

/** Largest variance of a whitened gradient that is taken at its word. */
const STIFFEST = 1e4;

/**
 * The factor of the geometric mean of two inverse metrics: the covariance of the draws, F F^T, and the inverse
 * covariance of their gradients (Seyboldt, Carlson & Carpenter 2026, arXiv 2603.18845). Where the posterior is
 * a curved ridge, wide as a whole but narrow at every point, the draws' covariance alone asks for tiny steps.
 * In whitened space the gradients' covariance is at least the identity (Cramer & Rao), so its eigenvalues are
 * raised to 1: noise can only leave the metric as it was.
 *
 * @param factor Cholesky factor F of the draws' covariance, (D, D)
 * @param gradients of the log density at draws, (n, D); rows that are not finite are left out
 */
export function balanceFactor(factor: Float64Array, gradients: Float64Array): Float64Array {
  const dim = Math.sqrt(factor.length), n = gradients.length / dim;
  const scatter = new Float64Array(dim * dim), white = new Float64Array(dim);
  let count = 0;
  for (let row = 0; row < n; row++) {
    for (let j = 0; j < dim; j++) {
      white[j] = 0;
      for (let i = j; i < dim; i++) white[j]! += factor[i * dim + j]! * gradients[row * dim + i]!;
    }
    if (!white.every(Number.isFinite)) continue;
    count++;
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) scatter[i * dim + j]! += white[i]! * white[j]!;
    }
  }
  if (count < DENSE_DRAWS_PER_DIM * dim / 4) return factor;
  const { values, vectors } = symmetricEigen(scatter.map((sum) => sum / count), dim);
  // F Q diag(lambda^-1/4): a square root of the geometric mean, then its Cholesky factor.
  const root = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < dim; k++) {
      let sum = 0;
      for (let j = 0; j <= i; j++) sum += factor[i * dim + j]! * vectors[j * dim + k]!;
      root[i * dim + k] = sum * Math.min(STIFFEST, Math.max(1, values[k]!)) ** -0.25;
    }
  }
  const inverseMetric = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      for (let k = 0; k < dim; k++) inverseMetric[i * dim + j]! += root[i * dim + k]! * root[j * dim + k]!;
    }
  }
  return cholesky(inverseMetric, dim) ?? factor;
}
