/** Buffers for the exact test densities, gaussian.wgsl and funnel.wgsl. */
import type { TestTarget } from "../../lib/engine/ensemble.ts";
import gaussian from "./gaussian.wgsl" with { type: "text" };
import funnel from "./funnel.wgsl" with { type: "text" };
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
