/** What the engine, kernel and sampler tests share: engines that must not leak, problems, positions, tunings. */
import assert from "node:assert/strict";
import type { Engine, TargetSpec, Tuning } from "../../lib/engine/ensemble.ts";
import { openCpu } from "../../lib/engine/cpu.ts";
import { openWebgpu, type WebgpuEngine } from "../../lib/engine/webgpu.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { makeSeries, spec } from "../model/support.ts";

/** Runs `body` on the GPU, checks that every buffer it made is gone, and closes the engine. */
export async function withWebgpu(body: (engine: WebgpuEngine) => Promise<void>, lanes = 1): Promise<void> {
  const engine = await openWebgpu(lanes);
  try {
    await body(engine);
    const { buffers, bytes } = await engine.stats();
    assert.deepEqual({ buffers, bytes }, { buffers: 0, bytes: 0 }, "buffers left behind");
  } finally {
    await engine.close();
  }
}

/** Runs `body` on the processor. */
export async function withCpu(body: (engine: Engine) => Promise<void>, workers = 2): Promise<void> {
  const engine = openCpu(workers);
  try {
    await body(engine);
  } finally {
    await engine.close();
  }
}

/** A made-up problem. */
export interface ProblemShape {
  readonly rows: number;
  readonly components: number;
  readonly preset?: string;
  readonly controls?: number;
  /** Half the rows without spend, the first five among them. */
  readonly sparse?: boolean;
  readonly seed?: number;
}

const LEADING_ZEROS = 5;

export function hillProblem(shape: ProblemShape): HillProblem {
  const { rows, components, preset = "baseline", controls = 0, sparse = false, seed = 1 } = shape;
  const series = makeSeries({ rows, seed, controls, active: sparse ? 0.5 : 1 });
  if (sparse) series.spend.fill(0, 0, LEADING_ZEROS);
  return buildProblem(series, spec({ components, preset }));
}

export const hillTarget = (...problems: HillProblem[]): TargetSpec => ({ kind: "hill_mixture", problems });

/** Prior draws that f32 holds exactly, (count, D). */
export function priorPositions(problem: HillProblem, count: number, seed = 1): Float64Array {
  const stream = new RandomStream(seed, Purpose.initial);
  return stack(Array.from({ length: count }, () => samplePrior(problem, stream).map(Math.fround)));
}

/** Of every 64 prior draws the one of highest density: starts from which short runs accept moves, (count, D). */
export function likelyPositions(problem: HillProblem, count: number, seed = 1): Float64Array {
  const density = targetDensity(hillTarget(problem), 0), gradient = new Float64Array(density.dim);
  const candidates = priorPositions(problem, 64 * count, seed);
  return stack(Array.from({ length: count }, (_, c) => {
    let best = 0, highest = -Infinity;
    for (let i = 64 * c; i < 64 * (c + 1); i++) {
      density.evaluate(candidates, i * density.dim, 1, gradient, 0);
      const value = density.logPrior + density.logLik;
      if (value > highest) [best, highest] = [i, value];
    }
    return candidates.slice(best * density.dim, (best + 1) * density.dim);
  }));
}

/** Vectors end to end. */
export function stack(vectors: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(vectors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}

/** Identity matrix, (D, D). */
export const identity = (dim: number): Float64Array =>
  Float64Array.from({ length: dim * dim }, (_, i) => i % (dim + 1) === 0 ? 1 : 0);

/** A tuning with identity metric; trajectories take at most `leapfrogs` steps, the jitter of the lengths on. */
export function plainTuning(dim: number, stepSize: number, leapfrogs: number, beta = 1): Tuning {
  return {
    stepSize,
    trajectoryLength: leapfrogs * stepSize,
    maxLeapfrogs: leapfrogs,
    beta,
    factor: identity(dim),
    centre: new Float64Array(dim),
  };
}

/** The same, and every trajectory takes exactly `leapfrogs` steps. */
export function steadyTuning(dim: number, stepSize: number, leapfrogs: number, beta = 1): Tuning {
  return { ...plainTuning(dim, stepSize, leapfrogs, beta), trajectoryLength: 1e9 * stepSize };
}

/** A correlated Gaussian and its exact moments: unit variances over and over, scaled; correlation rho^|i - j|. */
export function correlatedGaussian(dim: number, rho: number) {
  const sd = Float64Array.from({ length: dim }, (_, i) => 0.5 + 2 * i / dim);
  const mean = Float64Array.from({ length: dim }, (_, i) => i % 2 === 0 ? 1 : -2);
  // The precision of an autoregression of order one is tridiagonal.
  const precision = new Float64Array(dim * dim), unit = 1 / (1 - rho * rho);
  for (let i = 0; i < dim; i++) {
    const inner = i > 0 && i < dim - 1 ? 1 + rho * rho : dim === 1 ? 1 - rho * rho : 1;
    precision[i * dim + i] = unit * inner / sd[i] ** 2;
    if (i + 1 < dim) {
      const off = -rho * unit / (sd[i] * sd[i + 1]);
      precision[i * dim + i + 1] = off;
      precision[(i + 1) * dim + i] = off;
    }
  }
  return { target: { kind: "gaussian", mean, precision } as const, mean, sd };
}
