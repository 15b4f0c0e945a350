/** Exact targets with a prior, and what is known of them. */
import type { MixtureTarget } from "../../lib/engine/ensemble.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { TemperedTarget } from "../../lib/samplers/tempered_run.ts";

/**
 * Components of equal distance from the prior's centre; where their spreads are equal, too, the posterior keeps their
 * weights.
 */
export function mixture(
  dim: number,
  weights: readonly number[],
  distance: number,
  priorSd: number,
  sds: readonly number[] = weights.map(() => 1),
): MixtureTarget {
  const means = new Float64Array(weights.length * dim);
  weights.forEach((_, m) => means[m * dim] = (m % 2 === 0 ? -1 : 1) * distance / 2);
  return { kind: "mixture", weights, means, sds, priorSd };
}

export function temperedTarget(target: MixtureTarget): TemperedTarget {
  const dim = target.means.length / target.weights.length;
  return {
    target,
    prior: (stream: RandomStream) =>
      Float64Array.from({ length: dim }, () => target.priorSd * stream.normal()),
  };
}

/** Exact log evidence: a Gaussian likelihood under a Gaussian prior is conjugate, component by component. */
export function exactLogEvidence(target: MixtureTarget): number {
  const logs = exactLogEvidences(target), highest = Math.max(...logs);
  return highest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - highest), 0));
}

/** What each component adds to the evidence, natural log. */
export function exactLogEvidences({ weights, means, sds, priorSd }: MixtureTarget): number[] {
  const dim = means.length / weights.length;
  return weights.map((weight, m) => {
    const variance = sds[m] ** 2 + priorSd * priorSd;
    let square = 0;
    for (let i = 0; i < dim; i++) square += means[m * dim + i] ** 2;
    return Math.log(weight) - 0.5 * dim * Math.log(2 * Math.PI * variance) - 0.5 * square / variance;
  });
}

/**
 * Exact barrier of a Gaussian likelihood at the prior's centre. At beta a draw has variance
 * tau^2 = 1 / (1 / priorSd^2 + beta / sd^2), the log likelihoods of two draws differ by tau^2 / 2 sd^2 times the
 * difference of two chi-squares, whose mean absolute difference is 4 G, G = Gamma((D + 1) / 2) / (sqrt(pi)
 * Gamma(D / 2)), and the barrier is half of that, integrated over beta. D even.
 */
export function exactBarrier(dim: number, sd: number, priorSd: number): number {
  // Gamma(k + 1/2) / (sqrt(pi) Gamma(k)), k = D / 2, as a product.
  let ratio = 0.5;
  for (let k = 1; k < dim / 2; k++) ratio *= (k + 0.5) / k;
  return ratio * Math.log(1 + (priorSd / sd) ** 2);
}

/**
 * A golf hole: 70% of the likelihood in a mode twenty times narrower than the other one, eight of whose standard
 * deviations away. A faint skirt around it leads ascents in; tempered, the skirt is all there is to see of it.
 */
export function golfHole(dim: number): MixtureTarget {
  const means = new Float64Array(3 * dim), weights = [0.3, 0.7 - 1e-6, 1e-6], sds = [0.1, 0.005, 0.1];
  [-0.4, 0.4, 0.4].forEach((x, m) => means[m * dim] = x);
  return { kind: "mixture", weights, means, sds, priorSd: 1 };
}
