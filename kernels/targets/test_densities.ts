/** Buffers for the exact test densities: gaussian.wgsl, funnel.wgsl, banana.wgsl, mixture.wgsl and linear.wgsl. */
import type { LinearTarget, MixtureTarget, TestTarget } from "../../lib/engine/ensemble.ts";
import { bananaConstant, funnelConstant, gaussianConstant } from "../../lib/model/test_densities.ts";
import banana from "./banana.wgsl" with { type: "text" };
import gaussian from "./gaussian.wgsl" with { type: "text" };
import funnel from "./funnel.wgsl" with { type: "text" };
import linear from "./linear.wgsl" with { type: "text" };
import mixture from "./mixture.wgsl" with { type: "text" };
import splitPrior from "./split_prior.wgsl" with { type: "text" };
import type { TargetKernel } from "./target.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Log density of `dim` independent normals at their mean. */
const peak = (dim: number, sd: number) => -dim * (HALF_LOG_TWO_PI + Math.log(sd));

/** Packs a test density; every problem of the ensemble is the same density. */
export function testDensityKernel(target: TestTarget): TargetKernel {
  switch (target.kind) {
    case "gaussian": {
      const { mean, precision, priorSd } = target, dim = mean.length;
      return whole("gaussian", gaussian, dim, gaussianConstant(precision, dim), priorSd, [
        ...mean,
        ...precision,
      ]);
    }
    case "funnel":
      return whole("funnel", funnel, target.dim, funnelConstant(target.dim), target.priorSd, []);
    case "banana":
      return whole("banana", banana, target.dim, bananaConstant(target.dim), target.priorSd, [target.twist]);
    case "mixture":
      return mixtureKernel(target);
    case "linear":
      return linearKernel(target);
  }
}

/** A density known as a whole, laid out as split_prior.wgsl says. */
function whole(
  name: string,
  source: string,
  dim: number,
  constant: number,
  priorSd: Float64Array | undefined,
  own: readonly number[],
): TargetKernel {
  const precision = Array.from({ length: dim }, (_, i) => priorSd === undefined ? 0 : priorSd[i]! ** -2);
  const priorConstant = priorSd?.reduce((sum, sd) => sum + peak(1, sd), 0) ?? 0;
  return kernel(
    name,
    source + splitPrior,
    { DIM: dim },
    [...precision, priorConstant, constant, ...own],
    own.length + dim,
  );
}

function mixtureKernel({ weights, means, sds, priorSd }: MixtureTarget): TargetKernel {
  const modes = weights.length, dim = means.length / modes;
  const data = [1 / priorSd ** 2, peak(dim, priorSd), ...sds.map((sd) => 1 / sd ** 2)];
  const heights = weights.map((weight, m) => Math.log(weight) + peak(dim, sds[m]!));
  return kernel(
    "mixture",
    mixture,
    { DIM: dim, MODES: modes },
    [...data, ...heights, ...means],
    modes * dim,
  );
}

function linearKernel({ design, response, noiseSd, priorSd }: LinearTarget): TargetKernel {
  const rows = response.length, dim = design.length / rows;
  const data = [1 / noiseSd ** 2, peak(rows, noiseSd), 1 / priorSd ** 2, peak(dim, priorSd)];
  const table = Array.from(response, (y, t) => [y, ...design.subarray(t * dim, (t + 1) * dim)]);
  return kernel("linear", linear, { DIM: dim, ROWS: rows }, [...data, ...table.flat()], rows * dim);
}

function kernel(
  name: string,
  source: string,
  constants: Readonly<Record<string, number>>,
  data: readonly number[],
  terms: number,
): TargetKernel {
  return {
    file: `targets/${name}.wgsl`,
    source,
    constants,
    tables: undefined,
    data: new Float32Array(data),
    accumulators: 0,
    rows: 1,
    terms,
  };
}
