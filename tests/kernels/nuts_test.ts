import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { NUTS_STATISTICS, type NutsLaunch, packNutsLaunch, treeFields } from "../../kernels/samplers/nuts.ts";
import { hillMixtureKernel } from "../../kernels/targets/hill_mixture.ts";
import {
  type Engine,
  type EnsembleSpec,
  MAX_TREE_DEPTH,
  type NutsBatch,
  type Tuning,
} from "../../lib/engine/ensemble.ts";
import { planFor } from "../../lib/engine/launch_plan.ts";
import { WebgpuEnsemble } from "../../lib/engine/webgpu_ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import { nutsTuning } from "../../lib/samplers/nuts_warmup.ts";
import {
  correlatedGaussian,
  hillProblem,
  hillTarget,
  identity,
  likelyPositions,
  stack,
  withCpu,
  withWebgpu,
} from "../engine/support.ts";
import { withGpu } from "./harness.ts";

/** Some transitions in two batches, so that one begins where another ended. */
async function transitions(
  engine: Engine,
  spec: EnsembleSpec,
  start: Float64Array,
  counts: readonly number[],
  tuning: readonly Tuning[],
): Promise<NutsBatch[]> {
  const ensemble = await engine.ensemble(spec), batches: NutsBatch[] = [];
  await ensemble.setPositions(start);
  for (const count of counts) batches.push(await ensemble.nuts(count, tuning));
  await ensemble.close();
  return batches;
}

interface Case {
  readonly spec: EnsembleSpec;
  readonly start: Float64Array;
  readonly counts: readonly number[];
  readonly tuning: readonly Tuning[];
  /** Largest difference of a coordinate allowed, relative to 1 + its size; of statistics ten times that. */
  readonly tolerance: number;
  readonly lanes?: number;
}

/** Runs on both engines and checks that every transition is the same up to the rounding of f32. */
async function assertSameTrees(given: Case): Promise<NutsBatch[]> {
  const { spec, start, counts, tuning, tolerance, lanes = 1 } = given;
  let device: NutsBatch[] = [], reference: NutsBatch[] = [];
  await withWebgpu(async (engine) => {
    device = await transitions(engine, spec, start, counts, tuning);
  }, lanes);
  await withCpu(async (engine) => {
    reference = await transitions(engine, spec, start, counts, tuning);
  });
  device.forEach((actual, i) => {
    const expected = reference[i];
    assert.deepEqual(actual.steps, expected.steps);
    assert.deepEqual(actual.treeDepth, expected.treeDepth);
    assert.deepEqual(actual.diverging, expected.diverging);
    const compare = (what: string, limit: number, a: ArrayLike<number>, b: ArrayLike<number>) => {
      assert.equal(a.length, b.length);
      for (let j = 0; j < a.length; j++) {
        const gap = Math.abs(a[j] - b[j]) / (1 + Math.abs(b[j]));
        assert.ok(gap <= limit, `${what} ${j}: ${a[j]} and ${b[j]}`); // fails on NaN
      }
    };
    compare("position", tolerance, actual.positions, expected.positions);
    compare("log prior", 10 * tolerance, actual.logPrior, expected.logPrior);
    compare("log lik", 10 * tolerance, actual.logLik, expected.logLik);
    compare("energy", 10 * tolerance, actual.energy, expected.energy);
    compare("acceptance", 10 * tolerance, actual.acceptance, expected.acceptance);
  });
  return reference;
}

function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(seed, 0);
  return Float64Array.from({ length: count }, () => Math.fround(stream.normal()));
}

Deno.test("trees on a Gaussian are those of the f64 reference, metric and temperature included", async () => {
  const dim = 6, chains = 37; // not a whole number of workgroups
  const { target } = correlatedGaussian(dim, 0.7);
  const factor = identity(dim);
  for (let i = 0; i < dim; i++) for (let j = 0; j < i; j++) factor[i * dim + j] = 0.1 * (i - j) - 0.15;
  const batches = await assertSameTrees({
    spec: { target, chainsPerProblem: chains, seed: 2 ** 40 + 5 },
    start: normals(chains * dim, 1),
    counts: [3, 4],
    tuning: [{ ...nutsTuning(0.3, factor), beta: 0.8 }],
    tolerance: 3e-5, // f32 rounding over 7 transitions
  });
  assert.ok(new Set(batches.flatMap(({ treeDepth }) => [...treeDepth])).size >= 4, "depths should differ");
});

Deno.test("trees that diverge in a funnel do so on both engines", async () => {
  const dim = 5, chains = 32, start = normals(chains * dim, 3);
  for (let c = 0; c < chains; c++) start[c * dim] = Math.fround(-2 - c / 4); // down the neck
  const target = { kind: "funnel", dim } as const;
  const [batch] = await assertSameTrees({
    spec: { target, chainsPerProblem: chains, seed: 4 },
    start,
    counts: [1],
    tuning: [nutsTuning(0.5, identity(dim))],
    tolerance: 1e-3,
  });
  assert.ok(batch.diverging.includes(0) && batch.diverging.includes(1));
});

for (const lanes of [1, 8]) {
  Deno.test(`Hill trees of different lengths and tunings are the f64 reference's, ${lanes} lanes`, async () => {
    const problems = [30, 70].map((rows, p) =>
      hillProblem({ rows, components: 2, controls: 1, sparse: p === 1, seed: p + 1 })
    );
    const chains = 5, start = stack(problems.map((problem, p) => likelyPositions(problem, chains, p + 10)));
    const { dim } = problems[0].layout;
    await assertSameTrees({
      spec: { target: hillTarget(...problems), chainsPerProblem: chains, seed: 7 },
      start,
      counts: [2],
      tuning: [nutsTuning(0.1, identity(dim)), nutsTuning(0.05, identity(dim))],
      tolerance: 1e-3,
      lanes,
    });
  });
}

Deno.test("more problems than one launch has room for tunings move as in the f64 reference", async () => {
  const problems = Array.from({ length: 60 }, (_, p) => hillProblem({ rows: 8, components: 2, seed: p + 1 }));
  const { dim } = problems[0].layout, target = hillTarget(...problems);
  await withGpu((gpu) => {
    const { uniform, problemsPerSet, cohortsPerLaunch } = planFor(gpu, hillMixtureKernel(problems), 60, 1);
    if (uniform) assert.ok(cohortsPerLaunch < problemsPerSet);
    return Promise.resolve();
  });
  await assertSameTrees({
    spec: { target, chainsPerProblem: 1, seed: 9 },
    start: stack(problems.map((problem, p) => likelyPositions(problem, 1, p + 30))),
    counts: [1],
    tuning: problems.map((_, p) => nutsTuning(0.05 + 0.001 * p, identity(dim))),
    tolerance: 1e-3,
  });
});

Deno.test("draws are the same to the bit however launches cut the trees", () =>
  withGpu(async (gpu) => {
    const problem = hillProblem({ rows: 40, components: 2 }), chains = 20;
    const spec = { target: hillTarget(problem), chainsPerProblem: chains, seed: 8 };
    const start = likelyPositions(problem, chains, 20),
      tuning = [nutsTuning(0.1, identity(problem.layout.dim))];
    const runs: NutsBatch[] = [];
    for (const most of [Infinity, 1, 7]) {
      const ensemble = await WebgpuEnsemble.create(gpu, spec, 1);
      ensemble.setPositions(start);
      runs.push(await ensemble.nuts(3, tuning, most));
      ensemble.close();
    }
    assert.ok(Math.max(...runs[0].steps) > 7, "some trees must be cut");
    for (const run of runs.slice(1)) assert.deepEqual(run, runs[0]);
  }));

// llvmpipe ends every loop of an invocation after 65535 turns in all, without a word: 1023 leaves of 300 rows are
// many times that.
Deno.test("trees longer than a launch go on where they were suspended", async () => {
  const problem = hillProblem({ rows: 300, components: 2 }), chains = 6;
  const [batch] = await assertSameTrees({
    spec: { target: hillTarget(problem), chainsPerProblem: chains, seed: 8 },
    start: likelyPositions(problem, chains, 20),
    counts: [1],
    tuning: [nutsTuning(1e-5, identity(problem.layout.dim))],
    tolerance: 3e-4,
  });
  assert.deepEqual([...batch.treeDepth], new Array(chains).fill(MAX_TREE_DEPTH));
});

const source = readFileSync(new URL("../../kernels/samplers/nuts.wgsl", import.meta.url), "utf8");

Deno.test("the packed launch has the WGSL struct's fields in its order", () => {
  const struct = /struct NutsLaunch \{(.*?)\n\}/s.exec(source)![1];
  const names = [...struct.matchAll(/^ {2}(\w+): (u32|vec2u),/gm)]
    .map(([, name]) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()));
  const launch: NutsLaunch = {
    firstGroup: 1,
    chainsPerProblem: 2,
    chains: 3,
    firstProblem: 4,
    firstTable: 5,
    firstTransition: 6,
    transitions: 7,
    budget: 8,
    seed: [9, 10],
  };
  assert.deepEqual([...packNutsLaunch(launch)], names.flatMap((name) => launch[name as keyof NutsLaunch]));
});

Deno.test("the host's sizes of a tree and a record, and its depth limit, are the kernel's", () => {
  const value = (name: string, dim: number): number => {
    const text = new RegExp(`const ${name} = ([^;]+);`).exec(source)![1];
    const names = text.replace(/\b(\d+)u\b/g, "$1").replace(/\bDIM\b/g, String(dim));
    return Function(`return ${names.replace(/\b[A-Z_]+\b/g, (other) => String(value(other, dim)))}`)();
  };
  for (const dim of [1, 4, 19]) {
    assert.equal(treeFields(dim), value("TREE", dim));
    assert.equal(dim + NUTS_STATISTICS, value("NUTS_RECORD", dim));
  }
  assert.equal(MAX_TREE_DEPTH, value("MAX_DEPTH", 1));
});
