/** Buffers for the exact test densities, gaussian.wgsl, funnel.wgsl and mixture.wgsl. */
import type { MixtureTarget, TestTarget } from "../../lib/engine/ensemble.ts";
import gaussian from "./gaussian.wgsl" with { type: "text" };
import funnel from "./funnel.wgsl" with { type: "text" };
import mixture from "./mixture.wgsl" with { type: "text" };
import type { TargetKernel } from "./target.ts";

/** Packs a test density; every problem of the ensemble is the same density. */
export function testDensityKernel(target: TestTarget): TargetKernel {
  if (target.kind === "funnel") {
    return {
      file: "targets/funnel.wgsl",
      source: funnel,
      constants: { DIM: target.dim },
      tables: undefined,
      data: undefined,
      accumulators: 0,
      rows: 1,
      terms: target.dim,
    };
  }
  if (target.kind === "mixture") return mixtureKernel(target);
  const dim = target.mean.length;
  return {
    file: "targets/gaussian.wgsl",
    source: gaussian,
    constants: { DIM: dim },
    tables: undefined,
    data: new Float32Array([...target.mean, ...target.precision]),
    accumulators: 0,
    rows: 1,
    terms: dim * dim,
  };
}

function mixtureKernel({ weights, means, sd, priorSd }: MixtureTarget): TargetKernel {
  const modes = weights.length, dim = means.length / modes, halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);
  const constant = -dim * (halfLogTwoPi + Math.log(sd)),
    priorConstant = -dim * (halfLogTwoPi + Math.log(priorSd));
  return {
    file: "targets/mixture.wgsl",
    source: mixture,
    constants: { DIM: dim, MODES: modes },
    tables: undefined,
    data: new Float32Array([
      1 / sd ** 2,
      constant,
      1 / priorSd ** 2,
      priorConstant,
      ...weights.map(Math.log),
      ...means,
    ]),
    accumulators: 0,
    rows: 1,
    terms: modes * dim,
  };
}
