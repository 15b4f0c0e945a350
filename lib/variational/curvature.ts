/** The normal around a top, from differences of gradients: engines' f32 is too coarse for what an ascent learns alone. */
import { symmetricEigen } from "../samplers/eigen.ts";
import type { Target } from "./importance.ts";
import type { Point } from "./lbfgs.ts";
import { type Normal, normalOf } from "./normal.ts";

/** Steps of the differences, in standard deviations as far as they are known, and their bounds in coordinates. */
const STEP = 0.3, SHORTEST = 1e-4, LONGEST = 0.3;
/** Least curvature: priors are about unit normals, and where the likelihood says nothing a mode is as wide as they are. */
const FLATTEST = 0.5;

/** A top and what is known of the standard deviations about it, (D). */
export interface Top {
  readonly point: Point;
  readonly sds: Float64Array;
}

/** Normal approximations about tops (Laplace), by central differences of the gradient along every coordinate. */
export async function normalsAbout(target: Target, tops: readonly Top[]): Promise<Normal[]> {
  const { dim } = target, positions = new Float64Array(tops.length * 2 * dim * dim);
  tops.forEach(({ point, sds }, t) => {
    for (let i = 0; i < dim; i++) {
      const step = Math.min(LONGEST, Math.max(SHORTEST, STEP * sds[i]!));
      for (const side of [0, 1]) {
        const at = ((t * dim + i) * 2 + side) * dim;
        positions.set(point.position, at);
        positions[at + i] = Math.fround(point.position[i]! + (side === 0 ? -step : step));
      }
    }
  });
  const { gradient } = await target.evaluate(positions);
  return tops.map(({ point }, t) => {
    const precision = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) {
      const before = (t * dim + i) * 2 * dim, after = before + dim;
      const width = positions[after + i]! - positions[before + i]!;
      for (let j = 0; j < dim; j++) {
        const slope = (gradient[before + j]! - gradient[after + j]!) / width;
        precision[i * dim + j]! += 0.5 * slope;
        precision[j * dim + i]! += 0.5 * slope;
      }
    }
    return normalOf(point.position, invert(precision, dim))!;
  });
}

/** The inverse of a symmetric matrix whose small and negative eigenvalues are raised; what is not finite counts as 0. */
function invert(precision: Float64Array, dim: number): Float64Array {
  const { values, vectors } = symmetricEigen(precision.map((x) => Number.isFinite(x) ? x : 0), dim);
  const inverse = new Float64Array(dim * dim);
  for (let k = 0; k < dim; k++) {
    const variance = 1 / Math.max(FLATTEST, values[k]!);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        inverse[i * dim + j]! += variance * vectors[i * dim + k]! * vectors[j * dim + k]!;
      }
    }
  }
  return inverse;
}
