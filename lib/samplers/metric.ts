/** Pooled metric: moments of many chains' draws and the Cholesky factor of the inverse metric. */

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
  const picked = [...rows].filter((row) => Number.isFinite(positions[row * dim]!));
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
