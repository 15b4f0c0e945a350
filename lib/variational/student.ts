/** Multivariate t distributions about the mean and along the covariance of a normal: the same shape, heavier tails. */
import { logGamma } from "../diagnostics/numeric.ts";
import type { RandomStream } from "../random.ts";
import { type Normal, place, whiten } from "./normal.ts";

/** Degrees of freedom: tails heavy enough for posteriors of scale parameters, and still a finite fourth moment. */
const DEGREES = 6;

/** @returns log density at `positions[at ..]` @param scratch overwritten, (D) */
export function logStudentOf(
  normal: Normal,
  positions: Readonly<Float32Array | Float64Array>,
  at: number,
  scratch: Float64Array,
): number {
  const square = whiten(normal, positions, at, scratch), dim = scratch.length;
  return logGamma(0.5 * (DEGREES + dim)) - logGamma(0.5 * DEGREES) -
    0.5 * (dim * Math.log(DEGREES * Math.PI) + (DEGREES + dim) * Math.log1p(square / DEGREES)) -
    normal.logDeterminant;
}

/** Writes a draw, rounded to f32 as kernels take it, to `positions[at ..]`. @param scratch overwritten, (D) */
export function drawStudent(
  normal: Normal,
  stream: RandomStream,
  positions: Float64Array,
  at: number,
  scratch: Float64Array,
): void {
  const chiSquare = 2 * Math.exp(stream.logGamma(0.5 * DEGREES)), widening = Math.sqrt(DEGREES / chiSquare);
  for (let i = 0; i < scratch.length; i++) scratch[i] = widening * stream.normal();
  place(normal, scratch, 0, positions, at);
}
