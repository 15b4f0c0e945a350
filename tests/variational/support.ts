/** Targets of the variational tests, evaluated in this thread. */
import type { TargetSpec } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import type { Target } from "../../lib/variational/elbo.ts";

/** Evaluates a target of one problem in f64. */
export function evaluator(spec: TargetSpec): Target {
  const density = targetDensity(spec, 0), { dim } = density;
  return {
    dim,
    evaluate(positions, beta = 1) {
      const count = positions.length / dim;
      const values = {
        logPrior: new Float64Array(count),
        logLik: new Float64Array(count),
        gradient: new Float64Array(positions.length),
      };
      for (let n = 0; n < count; n++) {
        density.evaluate(positions, n * dim, beta, values.gradient, n * dim);
        values.logPrior[n] = density.logPrior;
        values.logLik[n] = density.logLik;
      }
      return Promise.resolve(values);
    },
  };
}

/** Standard normal positions, (count, D). */
export function scattered(count: number, dim: number, seed = 1): Float64Array {
  const stream = new RandomStream(seed, Purpose.initial);
  return Float64Array.from({ length: count * dim }, () => stream.normal());
}
