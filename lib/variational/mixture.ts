/** Mixtures of Gaussians as approximations: several solutions, each with its weight. */
import { logSumExp } from "../diagnostics/numeric.ts";
import type { RandomStream } from "../random.ts";
import type { Proposals, Target } from "./importance.ts";
import { logDensityOf, type Normal, place } from "./normal.ts";

export interface Component {
  readonly gaussian: Normal;
  /** Positive; all of a mixture sum to one. */
  readonly weight: number;
}

/** Independent draws of a mixture, with their log density under it and under the target. */
export async function propose(
  target: Target,
  mixture: readonly Component[],
  count: number,
  stream: RandomStream,
): Promise<Proposals> {
  const { dim } = target, positions = new Float64Array(count * dim), normals = new Float64Array(dim);
  for (let n = 0; n < count; n++) {
    let left = stream.uniform(), k = 0;
    while (k < mixture.length - 1 && (left -= mixture[k]!.weight) > 0) k++;
    for (let i = 0; i < dim; i++) normals[i] = stream.normal();
    place(mixture[k]!.gaussian, normals, 0, positions, n * dim);
  }
  const { logPrior, logLik } = await target.evaluate(positions);
  const parts = new Float64Array(mixture.length), scratch = new Float64Array(dim);
  const logProposal = Float64Array.from({ length: count }, (_, n) => {
    mixture.forEach(({ gaussian, weight }, k) => {
      parts[k] = Math.log(weight) + logDensityOf(gaussian, positions, n * dim, scratch);
    });
    return logSumExp(parts);
  });
  return { positions, logProposal, logPrior, logLik };
}
