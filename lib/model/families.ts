/**
 * The families of prior on a natural coordinate phi: log density with its Jacobian, derivative, normalising
 * constant, moments and exact draws. A new family is one more case in each function here and in the kernel.
 */
import type { RandomStream } from "../random.ts";
import { type Coordinate, PriorFamily } from "./problem.ts";
import { digamma, logBeta, logGamma, logistic, logSigmoid, trigamma } from "./special.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const EULER_GAMMA = 0.57721566490153286;

/** A family with its two constants, as {@link PriorFamily} names them. */
export type Prior = Pick<Coordinate, "family" | "a" | "b">;

/**
 * Log density of phi without {@link logNormaliser}. The `hierarchical` family depends on other coordinates
 * and is left to the density itself.
 */
export function logKernel(family: PriorFamily, a: number, b: number, phi: number): number {
  switch (family) {
    case PriorFamily.normal: {
      const z = (phi - a) / b;
      return -0.5 * z * z;
    }
    case PriorFamily.betaLogit:
      return a * logSigmoid(phi) + b * logSigmoid(-phi);
    case PriorFamily.halfNormalLog: {
      const z = Math.exp(phi) / a;
      return phi - 0.5 * z * z;
    }
    case PriorFamily.inverseGammaLog:
      return -a * phi - b * Math.exp(-phi);
    case PriorFamily.hierarchical:
      return 0;
  }
}

/** Derivative of {@link logKernel} with respect to phi. */
export function logKernelSlope(family: PriorFamily, a: number, b: number, phi: number): number {
  switch (family) {
    case PriorFamily.normal:
      return (a - phi) / (b * b);
    case PriorFamily.betaLogit:
      return a - (a + b) * logistic(phi);
    case PriorFamily.halfNormalLog: {
      const z = Math.exp(phi) / a;
      return 1 - z * z;
    }
    case PriorFamily.inverseGammaLog:
      return b * Math.exp(-phi) - a;
    case PriorFamily.hierarchical:
      return 0;
  }
}

/** What {@link logKernel} lacks to integrate to one over phi; `hierarchical`: that of a standard normal. */
export function logNormaliser({ family, a, b }: Prior): number {
  switch (family) {
    case PriorFamily.normal:
      return -HALF_LOG_TWO_PI - Math.log(b);
    case PriorFamily.betaLogit:
      return -logBeta(a, b);
    case PriorFamily.halfNormalLog:
      return Math.LN2 - HALF_LOG_TWO_PI - Math.log(a);
    case PriorFamily.inverseGammaLog:
      return a * Math.log(b) - logGamma(a);
    case PriorFamily.hierarchical:
      return -HALF_LOG_TWO_PI;
  }
}

/**
 * Prior mean and sd of phi. The logarithm of a gamma variate has mean digamma and variance trigamma of its
 * shape; half a squared half normal is a gamma variate of shape 1/2. For `hierarchical`, those of z.
 */
export function moments({ family, a, b }: Prior): { readonly mean: number; readonly sd: number } {
  switch (family) {
    case PriorFamily.normal:
      return { mean: a, sd: b };
    case PriorFamily.betaLogit:
      return { mean: digamma(a) - digamma(b), sd: Math.sqrt(trigamma(a) + trigamma(b)) };
    case PriorFamily.halfNormalLog:
      return { mean: Math.log(a) - 0.5 * (EULER_GAMMA + Math.LN2), sd: Math.PI / Math.sqrt(8) };
    case PriorFamily.inverseGammaLog:
      return { mean: Math.log(b) - digamma(a), sd: Math.sqrt(trigamma(a)) };
    case PriorFamily.hierarchical:
      return { mean: 0, sd: 1 };
  }
}

/** An exact draw of phi; for `hierarchical`, of z. */
export function draw({ family, a, b }: Prior, stream: RandomStream): number {
  switch (family) {
    case PriorFamily.normal:
      return a + b * stream.normal();
    case PriorFamily.betaLogit:
      return stream.logGamma(a) - stream.logGamma(b);
    case PriorFamily.halfNormalLog:
      return Math.log(a * Math.abs(stream.normal()));
    case PriorFamily.inverseGammaLog:
      return Math.log(b) - stream.logGamma(a);
    case PriorFamily.hierarchical:
      return stream.normal();
  }
}
