/** Targets whose moments and evidence are known, with the prior draws that tempering starts from. */
import type { LinearTarget, TestTarget } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import { cholesky } from "../../lib/samplers/metric.ts";
import type { TemperedTarget } from "../../lib/samplers/tempered_run.ts";

/** A target that is a prior of independent normals about 0, sds (D), times a likelihood. */
export function fromPrior(target: TestTarget, sds: Float64Array): TemperedTarget {
  return { target, prior: (stream: RandomStream) => sds.map((sd) => sd * stream.normal()) };
}

/** A regression of correlated columns: data drawn from the model itself. */
export function linearRegression(rows: number, dim: number, seed: number): LinearTarget {
  const stream = new RandomStream(seed, 0), noiseSd = 0.7, priorSd = 2;
  const design = new Float64Array(rows * dim), response = new Float64Array(rows);
  const truth = Float64Array.from({ length: dim }, () => priorSd * stream.normal());
  for (let t = 0; t < rows; t++) {
    const common = stream.normal();
    for (let i = 0; i < dim; i++) design[t * dim + i] = 0.8 * common + 0.6 * stream.normal();
    response[t] = noiseSd * stream.normal();
    for (let i = 0; i < dim; i++) response[t] += design[t * dim + i] * truth[i];
  }
  return { kind: "linear", design, response, noiseSd, priorSd };
}

/** Posterior mean (D) and sds (D): Normal with precision X^T X / s^2 + I / tau^2. */
export function linearPosterior({ design, response, noiseSd, priorSd }: LinearTarget) {
  const rows = response.length, dim = design.length / rows;
  const precision = new Float64Array(dim * dim), pull = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      for (let t = 0; t < rows; t++) {
        precision[i * dim + j] += design[t * dim + i] * design[t * dim + j] / noiseSd ** 2;
      }
    }
    precision[i * dim + i] += priorSd ** -2;
    for (let t = 0; t < rows; t++) pull[i] += design[t * dim + i] * response[t] / noiseSd ** 2;
  }
  const factor = cholesky(precision, dim)!;
  const sd = Float64Array.from({ length: dim }, (_, i) => {
    const unit = Float64Array.from({ length: dim }, (_, j) => i === j ? 1 : 0);
    return Math.sqrt(solve(factor, unit)[i]);
  });
  return { mean: solve(factor, pull), sd };
}

/** Log density of the response with the coefficients integrated out: Normal(0, s^2 I + tau^2 X X^T). */
export function linearLogEvidence({ design, response, noiseSd, priorSd }: LinearTarget): number {
  const rows = response.length, dim = design.length / rows, covariance = new Float64Array(rows * rows);
  for (let t = 0; t < rows; t++) {
    for (let u = 0; u < rows; u++) {
      for (let i = 0; i < dim; i++) {
        covariance[t * rows + u] += priorSd ** 2 * design[t * dim + i] * design[u * dim + i];
      }
    }
    covariance[t * rows + t] += noiseSd ** 2;
  }
  const factor = cholesky(covariance, rows)!, weighted = solve(factor, response);
  const square = response.reduce((sum, y, t) => sum + y * weighted[t], 0);
  let logDeterminant = 0;
  for (let t = 0; t < rows; t++) logDeterminant += 2 * Math.log(factor[t * rows + t]);
  return -0.5 * (rows * Math.log(2 * Math.PI) + logDeterminant + square);
}

/** x with L L^T x = b. */
function solve(factor: Float64Array, b: Float64Array): Float64Array {
  const dim = b.length, x = b.slice();
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) x[i] -= factor[i * dim + j] * x[j];
    x[i] /= factor[i * dim + i];
  }
  for (let i = dim - 1; i >= 0; i--) {
    for (let j = i + 1; j < dim; j++) x[i] -= factor[j * dim + i] * x[j];
    x[i] /= factor[i * dim + i];
  }
  return x;
}
