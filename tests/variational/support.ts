/** Targets of the variational tests, evaluated in this thread. */
import type { TargetSpec } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import type { Target } from "../../lib/variational/importance.ts";

/** A target of a log density and its gradient. */
export function plainTarget(dim: number, at: (x: Float64Array, gradient: Float64Array) => number): Target {
  return {
    dim,
    evaluate(positions) {
      const n = positions.length / dim, logLik = new Float64Array(n), gradient = new Float64Array(n * dim);
      for (let i = 0; i < n; i++) {
        const own = [i * dim, (i + 1) * dim] as const;
        logLik[i] = at(positions.subarray(...own), gradient.subarray(...own));
      }
      return Promise.resolve({ logPrior: new Float64Array(n), logLik, gradient });
    },
  };
}

/** A target of one problem in f64, its log density all likelihood. */
export function exactTarget(spec: TargetSpec): Target {
  const density = targetDensity(spec, 0);
  return plainTarget(density.dim, (x, gradient) => {
    density.evaluate(x, 0, 1, gradient, 0);
    return density.logPrior + density.logLik;
  });
}

/** Standard normal positions, (count, D). */
export function scattered(count: number, dim: number, seed = 1): Float64Array {
  const stream = new RandomStream(seed, Purpose.initial);
  return Float64Array.from({ length: count * dim }, () => stream.normal());
}
