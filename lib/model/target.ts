/** Any target as one kind of function, so that samplers need not know what they sample. */
import type { TargetSpec } from "../engine/ensemble.ts";
import { hillDensity, hillWorkspace } from "./density.ts";
import {
  bananaDensity,
  funnelDensity,
  gaussianDensity,
  linearDensity,
  mixtureDensity,
  withPrior,
} from "./test_densities.ts";

/** A log density in two parts with its gradient. Holds its last values: one per thread of work. */
export interface Density {
  readonly dim: number;
  /** Of the last evaluated position; -Infinity where the density underflows f64. */
  readonly logPrior: number;
  readonly logLik: number;
  /**
   * Evaluates at `u[uOffset ..]`: sets `logPrior` and `logLik`, and writes the gradient of
   * logPrior + beta * logLik to `gradient[gradientOffset ..]`.
   */
  evaluate(
    u: Float64Array,
    uOffset: number,
    beta: number,
    gradient: Float64Array,
    gradientOffset: number,
  ): void;
}

/** The density of one problem of a target; test densities are the same for every problem. */
export function targetDensity(target: TargetSpec, problem: number): Density {
  switch (target.kind) {
    case "hill_mixture": {
      const work = hillWorkspace(target.problems[problem]);
      return {
        dim: work.problem.layout.dim,
        get logPrior() {
          return work.logPrior;
        },
        get logLik() {
          return work.logLik;
        },
        evaluate: (u, uOffset, beta, gradient, gradientOffset) =>
          hillDensity(work, u, uOffset, beta, gradient, gradientOffset),
      };
    }
    case "gaussian":
      return withPrior(gaussianDensity(target.mean, target.precision), target.priorSd);
    case "funnel":
      return withPrior(funnelDensity(target.dim), target.priorSd);
    case "banana":
      return withPrior(bananaDensity(target.dim, target.twist), target.priorSd);
    case "mixture":
      return mixtureDensity(target);
    case "linear":
      return linearDensity(target);
  }
}
