import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  type Launch,
  packLaunch,
  packTuning,
  recordFloats,
  stateFields,
  tuningVectors,
} from "../../kernels/samplers/hmc.ts";
import type { Engine, EnsembleSpec, TransitionBatch, Tuning } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import { accepted, assertSameMoves } from "../engine/agreement.ts";
import {
  correlatedGaussian,
  hillProblem,
  hillTarget,
  identity,
  likelyPositions,
  plainTuning,
  stack,
  steadyTuning,
  withCpu,
  withWebgpu,
} from "../engine/support.ts";

/** A short run on one engine. */
async function transitions(
  engine: Engine,
  spec: EnsembleSpec,
  start: Float64Array,
  count: number,
  tuning: readonly Tuning[],
): Promise<TransitionBatch> {
  const ensemble = await engine.ensemble(spec);
  await ensemble.setPositions(start);
  const batch = await ensemble.hmc(count, tuning);
  await ensemble.close();
  return batch;
}

/** The same short run on both engines. */
async function both(spec: EnsembleSpec, start: Float64Array, count: number, tuning: readonly Tuning[]) {
  let device: TransitionBatch, reference: TransitionBatch;
  await withWebgpu(async (engine) => {
    device = await transitions(engine, spec, start, count, tuning);
  });
  await withCpu(async (engine) => {
    reference = await transitions(engine, spec, start, count, tuning);
  });
  return { device: device!, reference: reference! };
}

function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(seed, 0);
  return Float64Array.from({ length: count }, () => Math.fround(stream.normal()));
}

Deno.test("a Gaussian moves on the device as in the f64 reference, metric and centre included", async () => {
  const dim = 6, chains = 37; // not a whole number of workgroups
  const { target, mean } = correlatedGaussian(dim, 0.7);
  const factor = identity(dim);
  for (let i = 0; i < dim; i++) for (let j = 0; j < i; j++) factor[i * dim + j] = 0.1 * (i - j) - 0.15;
  const tuning = { ...plainTuning(dim, 0.4, 12, 0.8), factor, centre: mean };
  const start = normals(chains * dim, 1);
  const { device, reference } = await both(
    { target, chainsPerProblem: chains, seed: 2 ** 40 + 5 },
    start,
    8,
    [
      tuning,
    ],
  );
  // f32 rounding, grown over 8 trajectories of up to 12 steps; measured 3e-6.
  assertSameMoves(device, reference, start, 3e-5);
  const moves = accepted(device, start);
  assert.ok(moves.includes(true) && moves.includes(false), "a test of decisions needs both");
  assert.ok(new Set(device.leapfrogs).size > 3, "a test of jitter needs several lengths");
});

Deno.test("divergences in a funnel are the same on both engines", async () => {
  const dim = 5, chains = 32;
  const start = normals(chains * dim, 3);
  for (let c = 0; c < chains; c++) start[c * dim] = Math.fround(-2 - c / 4); // down the neck
  const { device, reference } = await both(
    { target: { kind: "funnel", dim }, chainsPerProblem: chains, seed: 4 },
    start,
    1,
    [plainTuning(dim, 0.5, 6)],
  );
  assert.deepEqual(device.diverging, reference.diverging);
  assert.deepEqual(accepted(device, start), accepted(reference, start));
  assert.ok(reference.diverging.includes(0) && reference.diverging.includes(1));
});

Deno.test("Hill problems of different lengths and tunings move as in the f64 reference", async () => {
  const problems = [30, 70, 120].map((rows, p) =>
    hillProblem({ rows, components: 2, controls: 1, sparse: p === 1, seed: p + 1 })
  );
  const chains = 11, start = stack(problems.map((problem, p) => likelyPositions(problem, chains, p + 10)));
  const dim = problems[0].layout.dim;
  const tuning = [plainTuning(dim, 0.02, 6), plainTuning(dim, 0.01, 17), plainTuning(dim, 0.03, 3, 0.5)];
  const spec = { target: hillTarget(...problems), chainsPerProblem: chains, seed: 7 };
  const { device, reference } = await both(spec, start, 5, tuning);
  // f32 gradients at densities of some hundreds; measured 3e-5.
  assertSameMoves(device, reference, start, 3e-4);
  const perProblem = [0, 1, 2].map((p) => reference.leapfrogs.filter((_, i) => i % 3 === p).join());
  assert.equal(new Set(perProblem).size, 3, "problems must differ in their trajectories");
});

// llvmpipe ends every loop of an invocation after 65535 turns in all, without a word: 400 gradients of 300 rows
// are twice that, so these trajectories only come out right if launches suspend and resume them.
Deno.test("trajectories longer than a launch go on where they were suspended", async () => {
  const problem = hillProblem({ rows: 300, components: 2 });
  const chains = 12, dim = problem.layout.dim, start = likelyPositions(problem, chains, 20);
  const spec = { target: hillTarget(problem), chainsPerProblem: chains, seed: 8 };
  const { device, reference } = await both(spec, start, 3, [steadyTuning(dim, 0.0005, 400)]);
  assert.deepEqual([...device.leapfrogs], [400, 400, 400]);
  // Short steps, because f32 and f64 part exponentially with the length of a trajectory.
  assertSameMoves(device, reference, start, 3e-4);
  assert.ok(accepted(device, start).filter(Boolean).length > chains);
});

Deno.test("the packed launch has the WGSL struct's fields in its order", () => {
  const file = new URL("../../kernels/samplers/hmc.wgsl", import.meta.url);
  const struct = /struct Launch \{(.*?)\n\}/s.exec(readFileSync(file, "utf8"))![1];
  const fields = [...struct.matchAll(/^ {2}(\w+): (u32|vec2u),/gm)];
  const names = fields.map(([, name]) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()));
  const launch: Launch = {
    firstGroup: 1,
    groupsPerCohort: 2,
    chainsPerCohort: 3,
    chains: 4,
    firstCohort: 5,
    cohorts: 6,
    rungs: 7,
    firstProblem: 8,
    firstTransition: 9,
    transitions: 10,
    budget: 13,
    refresh: true,
    seed: [11, 12],
    stride: 14,
  };
  const expected = names.flatMap((name) => {
    const value = launch[name as keyof Launch];
    return typeof value === "boolean" ? Number(value) : value;
  });
  assert.deepEqual([...packLaunch(launch)], [...expected, 0]);
  assert.equal(packLaunch({ ...launch, refresh: false })[names.indexOf("refresh")], 0);
});

Deno.test("the packed tuning holds the factor, its transpose and the centre in padded rows", () => {
  const dim = 5, padded = 8, stride = 4 * tuningVectors(dim);
  const factor = Float64Array.from(
    { length: dim * dim },
    (_, i) => i % dim <= Math.floor(i / dim) ? i + 1 : 0,
  );
  const one = { ...plainTuning(dim, 0.25, 3, 0.5), factor, centre: Float64Array.of(1, 2, 3, 4, 5) };
  const packed = packTuning([plainTuning(dim, 1, 1), one], dim, 3 * tuningVectors(dim));
  assert.equal(packed.length, 3 * stride);
  const own = packed.subarray(stride, 2 * stride);
  assert.deepEqual([...own.subarray(0, 4)], [0.25, 0.5, 0, 0]);
  for (let i = 0; i < padded; i++) {
    for (let row = 0; row < dim; row++) {
      assert.equal(own[4 + row * padded + i], i < dim ? factor[row * dim + i] : 0);
      assert.equal(own[4 + (dim + row) * padded + i], i < dim ? factor[i * dim + row] : 0);
    }
    assert.equal(own[4 + 2 * dim * padded + i], i < dim ? i + 1 : 0);
  }
  assert.ok(packed.subarray(2 * stride).every((value) => value === 0));
});

Deno.test("the host's sizes of a state and a record are the kernel's", () => {
  const source = readFileSync(new URL("../../kernels/samplers/hmc.wgsl", import.meta.url), "utf8");
  const evaluate = (name: string, dim: number): number => {
    const [, text] = new RegExp(`const ${name} = ([^;]+);`).exec(source)!;
    const number = (term: string): number => {
      const product = term.trim().split("*").map((factor) => {
        const plain = factor.trim();
        return plain === "DIM" ? dim : /^\d+u$/.test(plain) ? parseInt(plain) : evaluate(plain, dim);
      });
      return product.reduce((a, b) => a * b);
    };
    return text.split("+").map(number).reduce((a, b) => a + b);
  };
  for (const dim of [1, 4, 19]) {
    assert.equal(stateFields(dim), evaluate("FIELDS", dim));
    assert.equal(recordFloats(dim), evaluate("RECORD", dim));
  }
});
