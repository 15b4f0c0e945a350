/**
 * Exact targets that samplers are tested on. All of the log density of the Gaussian, the funnel and the banana counts
 * as likelihood and the log prior is 0, so that beta tempers the whole target, unless {@link withPrior} takes a prior
 * out of it; the mixture and the linear regression have priors of their own.
 */
import type { LinearTarget, MixtureTarget } from "../engine/ensemble.ts";
import type { Density } from "./target.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
// Standard deviation of the funnel's neck.
const NECK_SD = 3;
// Variance along the banana.
const ALONG = 100;

/** What the exponents leave out of each log density. */
export const gaussianConstant = (precision: Float64Array, dim: number): number =>
  0.5 * logDeterminant(precision, dim) - dim * HALF_LOG_TWO_PI;
export const funnelConstant = (dim: number): number => -dim * HALF_LOG_TWO_PI - Math.log(NECK_SD);
export const bananaConstant = (dim: number): number => -dim * HALF_LOG_TWO_PI - 0.5 * Math.log(ALONG);

/**
 * Multivariate normal.
 *
 * @param mean (D)
 * @param precision inverse covariance, (D, D), symmetric and positive definite
 */
export function gaussianDensity(mean: Float64Array, precision: Float64Array): Density {
  const dim = mean.length;
  const constant = gaussianConstant(precision, dim);
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
  const constant = funnelConstant(dim);
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

/**
 * Twisted Gaussian (Haario, Saksman & Tamminen 1999, "Adaptive proposal distribution for random walk Metropolis
 * algorithm", Computational Statistics 14, section 4): u_0 ~ Normal(0, sd 10), u_1 ~ Normal(-twist (u_0^2 - 100), 1),
 * the others standard normal. Every mean is 0, the variance of u_1 is 1 + 2 (100 twist)^2.
 *
 * @param dim D, at least 2
 * @param twist 0.03 is their moderate banana, 0.1 their strong one
 */
export function bananaDensity(dim: number, twist: number): Density {
  const constant = bananaConstant(dim);
  const density = {
    dim,
    logPrior: 0,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      const along = u[uOffset], across = u[uOffset + 1] + twist * (along * along - ALONG);
      let squares = along * along / ALONG + across * across;
      for (let i = 2; i < dim; i++) {
        squares += u[uOffset + i] ** 2;
        gradient[gradientOffset + i] = -beta * u[uOffset + i];
      }
      gradient[gradientOffset] = -beta * (along / ALONG + 2 * twist * along * across);
      gradient[gradientOffset + 1] = -beta * across;
      density.logLik = constant - 0.5 * squares;
    },
  };
  return density;
}

/**
 * A density whose log prior is 0, with independent normals about 0 counted as its prior and the rest as likelihood.
 *
 * @param priorSd (D); left out, the density stays as it is
 */
export function withPrior(whole: Density, priorSd: Float64Array | undefined): Density {
  if (priorSd === undefined) return whole;
  const constant = priorSd.reduce((sum, sd) => sum - HALF_LOG_TWO_PI - Math.log(sd), 0);
  const density = {
    dim: whole.dim,
    logPrior: NaN,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      whole.evaluate(u, uOffset, beta, gradient, gradientOffset);
      let square = 0;
      for (let i = 0; i < whole.dim; i++) {
        const z = u[uOffset + i] / priorSd[i];
        square += z * z;
        gradient[gradientOffset + i] -= (1 - beta) * z / priorSd[i];
      }
      density.logPrior = constant - 0.5 * square;
      density.logLik = whole.logLik - density.logPrior;
    },
  };
  return density;
}

/** Linear regression with known noise under a Gaussian prior, row by row. */
export function linearDensity({ design, response, noiseSd, priorSd }: LinearTarget): Density {
  const rows = response.length, dim = design.length / rows;
  const constant = -rows * (HALF_LOG_TWO_PI + Math.log(noiseSd));
  const priorConstant = -dim * (HALF_LOG_TWO_PI + Math.log(priorSd));
  const density = {
    dim,
    logPrior: NaN,
    logLik: NaN,
    evaluate(u: Float64Array, uOffset: number, beta: number, gradient: Float64Array, gradientOffset: number) {
      let prior = 0, square = 0;
      for (let i = 0; i < dim; i++) {
        prior += u[uOffset + i] ** 2;
        gradient[gradientOffset + i] = -u[uOffset + i] / priorSd ** 2;
      }
      for (let t = 0; t < rows; t++) {
        let miss = response[t];
        for (let i = 0; i < dim; i++) miss -= design[t * dim + i] * u[uOffset + i];
        square += miss * miss;
        for (let i = 0; i < dim; i++) {
          gradient[gradientOffset + i] += beta * miss * design[t * dim + i] / noiseSd ** 2;
        }
      }
      density.logPrior = priorConstant - 0.5 * prior / priorSd ** 2;
      density.logLik = constant - 0.5 * square / noiseSd ** 2;
    },
  };
  return density;
}

/** A mixture of round Gaussians as likelihood, under a broad Gaussian prior about 0. */
export function mixtureDensity({ weights, means, sds, priorSd }: MixtureTarget): Density {
  const modes = weights.length, dim = means.length / modes, precisions = sds.map((sd) => 1 / (sd * sd));
  const constants = sds.map((sd, m) => Math.log(weights[m]) - dim * (HALF_LOG_TWO_PI + Math.log(sd)));
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
        logs[m] = constants[m] - 0.5 * precisions[m] * square;
      }
      const highest = Math.max(...logs), total = logs.reduce((sum, log) => sum + Math.exp(log - highest), 0);
      density.logPrior = priorConstant - 0.5 * prior / priorSd ** 2;
      density.logLik = highest + Math.log(total);
      for (let i = 0; i < dim; i++) {
        let pull = 0;
        for (let m = 0; m < modes; m++) {
          pull += precisions[m] * Math.exp(logs[m] - highest) / total * (means[m * dim + i] - u[uOffset + i]);
        }
        gradient[gradientOffset + i] = beta * pull - u[uOffset + i] / priorSd ** 2;
      }
    },
  };
  return density;
}
