/**
 * Exact targets that samplers are tested on. All of the log density of the Gaussian and the funnel counts as
 * likelihood and the log prior is 0, so that beta tempers the whole target; the mixture has a prior.
 */
import type { MixtureTarget } from "../engine/ensemble.ts";
import type { Density } from "./target.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
// Standard deviation of the funnel's neck.
const NECK_SD = 3;

/**
 * Multivariate normal.
 *
 * @param mean (D)
 * @param precision inverse covariance, (D, D), symmetric and positive definite
 */
export function gaussianDensity(mean: Float64Array, precision: Float64Array): Density {
  const dim = mean.length;
  const constant = 0.5 * logDeterminant(precision, dim) - dim * HALF_LOG_TWO_PI;
  const deviation = new Float64Array(dim);
  const density = {
    dim,
    logPrior: 0,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      for (let i = 0; i < dim; i++) deviation[i] = u[uOffset + i] - mean[i];
      let square = 0;
      for (let i = 0; i < dim; i++) {
        let product = 0;
        for (let j = 0; j < dim; j++) product += precision[i * dim + j] * deviation[j];
        square += deviation[i] * product;
        gradient[gradientOffset + i] = -beta * product;
      }
      density.logLik = constant - 0.5 * square;
    },
  };
  return density;
}

/** ln det of a symmetric positive definite matrix, (D, D), by Cholesky factors. */
function logDeterminant(matrix: Float64Array, dim: number): number {
  const factor = matrix.slice();
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = factor[i * dim + j];
      for (let k = 0; k < j; k++) rest -= factor[i * dim + k] * factor[j * dim + k];
      factor[i * dim + j] = i === j ? Math.sqrt(rest) : rest / factor[j * dim + j];
    }
    sum += 2 * Math.log(factor[i * dim + i]);
  }
  return sum;
}

/**
 * Neal's funnel (Neal 2003, "Slice sampling", Annals of Statistics 31(3), section 8): u_0 ~ Normal(0, sd 3),
 * u_i ~ Normal(0, sd exp(u_0 / 2)).
 *
 * @param dim D, at least 2
 */
export function funnelDensity(dim: number): Density {
  const constant = -dim * HALF_LOG_TWO_PI - Math.log(NECK_SD);
  const density = {
    dim,
    logPrior: 0,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      const neck = u[uOffset], z = neck / NECK_SD, precision = Math.exp(-neck);
      let squares = 0;
      for (let i = 1; i < dim; i++) {
        const x = u[uOffset + i];
        squares += x * x;
        gradient[gradientOffset + i] = -beta * x * precision;
      }
      density.logLik = constant - 0.5 * (z * z + squares * precision + (dim - 1) * neck);
      gradient[gradientOffset] = beta * (-z / NECK_SD + 0.5 * (squares * precision - (dim - 1)));
    },
  };
  return density;
}

/** A mixture of Gaussians of one spread as likelihood, under a broad Gaussian prior about 0. */
export function mixtureDensity({ weights, means, sd, priorSd }: MixtureTarget): Density {
  const modes = weights.length, dim = means.length / modes, precision = 1 / (sd * sd);
  const constant = -dim * (HALF_LOG_TWO_PI + Math.log(sd));
  const priorConstant = -dim * (HALF_LOG_TWO_PI + Math.log(priorSd));
  const logs = new Float64Array(modes);
  const density = {
    dim,
    logPrior: NaN,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      let prior = 0;
      for (let i = 0; i < dim; i++) prior += u[uOffset + i] ** 2;
      for (let m = 0; m < modes; m++) {
        let square = 0;
        for (let i = 0; i < dim; i++) square += (u[uOffset + i] - means[m * dim + i]) ** 2;
        logs[m] = Math.log(weights[m]) - 0.5 * precision * square;
      }
      const highest = Math.max(...logs), total = logs.reduce((sum, log) => sum + Math.exp(log - highest), 0);
      density.logPrior = priorConstant - 0.5 * prior / priorSd ** 2;
      density.logLik = constant + highest + Math.log(total);
      for (let i = 0; i < dim; i++) {
        let pull = 0;
        for (let m = 0; m < modes; m++) {
          pull += Math.exp(logs[m] - highest) / total * (means[m * dim + i] - u[uOffset + i]);
        }
        gradient[gradientOffset + i] = beta * precision * pull - u[uOffset + i] / priorSd ** 2;
      }
    },
  };
  return density;
}
