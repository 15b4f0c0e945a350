/** Eigen-decomposition of small symmetric matrices. */

/** Sweeps after which the matrix is diagonal to f64; a handful suffice for any matrix here. */
const SWEEPS = 30;

export interface SymmetricEigen {
  readonly values: Float64Array; // (D), in no order
  /** Eigenvectors as columns, (D, D) row-major. */
  readonly vectors: Float64Array;
}

/**
 * Cyclic Jacobi rotations (Golub & Van Loan 2013, "Matrix Computations", 4th edition, algorithm 8.5.3).
 *
 * @param matrix symmetric, (D, D) row-major; left as it is
 */
export function symmetricEigen(matrix: Float64Array, dim: number): SymmetricEigen {
  const a = matrix.slice(), vectors = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) vectors[i * dim + i] = 1;
  const scale = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < dim; p++) {
      for (let q = p + 1; q < dim; q++) {
        off += a[p * dim + q]! ** 2;
        rotate(a, vectors, dim, p, q);
      }
    }
    if (off <= 1e-28 * scale) break;
  }
  return { values: Float64Array.from({ length: dim }, (_, i) => a[i * dim + i]!), vectors };
}

/** Annihilates a[p, q] by a rotation from both sides; the vectors turn along. */
function rotate(a: Float64Array, vectors: Float64Array, dim: number, p: number, q: number): void {
  const apq = a[p * dim + q]!;
  if (apq === 0) return;
  const theta = (a[q * dim + q]! - a[p * dim + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1), s = t * c;
  const turn = (m: Float64Array, i: number, j: number) => {
    const x = m[i]!, y = m[j]!;
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < dim; k++) turn(a, k * dim + p, k * dim + q);
  for (let k = 0; k < dim; k++) turn(a, p * dim + k, q * dim + k);
  for (let k = 0; k < dim; k++) turn(vectors, k * dim + p, k * dim + q);
}
