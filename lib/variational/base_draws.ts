/**
 * Standard normal draws with exact first two moments. Fixed draws make an expectation a plain function of what it
 * depends on (sample average approximation); balanced like this, that function is exact for log densities up to
 * quadratic, whatever the number of draws.
 */
import type { RandomStream } from "../random.ts";
import { cholesky } from "../samplers/metric.ts";

/**
 * Antithetic pairs z, -z, turned so that their mean is 0 and their second moment is the identity (moment matching;
 * Barraquand 1995, "Numerical valuation of high dimensional multivariate European securities", Management
 * Science 41).
 *
 * @param pairs at least D, or there is no such set
 * @returns (2 * pairs, D), pair after pair
 * @throws RangeError with too few pairs
 */
export function balancedNormals(dim: number, pairs: number, stream: RandomStream): Float64Array {
  if (pairs < dim) {
    throw new RangeError(`Balanced draws in ${dim} dimensions take ${dim} pairs, not ${pairs}`);
  }
  const raw = Float64Array.from({ length: pairs * dim }, () => stream.normal());
  const moment = new Float64Array(dim * dim);
  for (let m = 0; m < pairs; m++) {
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) moment[i * dim + j]! += raw[m * dim + i]! * raw[m * dim + j]! / pairs;
    }
  }
  const factor = cholesky(moment, dim)!; // the second moment of as many random vectors has full rank
  const balanced = new Float64Array(2 * pairs * dim);
  for (let m = 0; m < pairs; m++) {
    const at = 2 * m * dim;
    for (let i = 0; i < dim; i++) {
      let sum = raw[m * dim + i]!;
      for (let j = 0; j < i; j++) sum -= factor[i * dim + j]! * balanced[at + j]!;
      balanced[at + i] = sum / factor[i * dim + i]!;
      balanced[at + dim + i] = -balanced[at + i]!;
    }
  }
  return balanced;
}
