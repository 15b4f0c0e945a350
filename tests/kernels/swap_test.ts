import assert from "node:assert/strict";
import type { Engine, EnsembleSpec, TransitionBatch, Tuning } from "../../lib/engine/ensemble.ts";
import {
  hillProblem,
  hillTarget,
  plainTuning,
  priorPositions,
  stack,
  withCpu,
  withWebgpu,
} from "../engine/support.ts";

/** A short tempered run on one engine, a batch for each set of prior draws. */
async function inBatches(
  engine: Engine,
  spec: EnsembleSpec,
  start: Float64Array,
  tuning: readonly Tuning[],
  reference: readonly Float64Array[],
): Promise<TransitionBatch[]> {
  const ensemble = await engine.ensemble(spec);
  await ensemble.setPositions(start);
  const batches = [];
  for (const draws of reference) {
    const transitions = draws.length / (ensemble.problems * spec.chainsPerProblem * ensemble.dim);
    batches.push(await ensemble.hmc(transitions, tuning, draws));
  }
  await ensemble.close();
  return batches;
}

Deno.test("ladders of two problems swap on the device as in the f64 reference", async () => {
  const ladders = 5,
    rungs = 4,
    problems = [1, 2].map((seed) => hillProblem({ rows: 40, components: 2, seed }));
  const betas = [0.01, 0.004, 0.001, 0];
  const { dim } = problems[0].layout;
  const spec = { target: hillTarget(...problems), chainsPerProblem: ladders, rungs, seed: 11 };
  const draw = (problem: number, count: number, seed: number) =>
    priorPositions(problems[problem], count, seed);
  const start = stack([draw(0, ladders * rungs, 3), draw(1, ladders * rungs, 4)]);
  const reference = [6, 7].map((transitions) =>
    stack(Array.from({ length: 2 * transitions }, (_, i) => draw(i % 2, ladders, 100 * transitions + i)))
  );
  const tuning = problems.flatMap(() =>
    betas.map((beta, rung) => plainTuning(dim, 0.05 + 0.02 * rung, 7, beta))
  );
  let device: TransitionBatch[] = [], exact: TransitionBatch[] = [];
  await withWebgpu(async (engine) => {
    device = await inBatches(engine, spec, start, tuning, reference);
  });
  await withCpu(async (engine) => {
    exact = await inBatches(engine, spec, start, tuning, reference);
  }, 3);
  let swapped = 0;
  device.forEach((batch, b) => {
    assert.deepEqual(batch.replica, exact[b].replica);
    batch.replica.forEach((replica, row) => swapped += replica === row % batch.chains ? 0 : 1);
    batch.positions.forEach((value, i) => {
      const expected = exact[b].positions[i];
      // f32 rounding grown over 13 trajectories of up to 7 steps.
      assert.ok(
        Math.abs(value - expected) <= 1e-3 * (1 + Math.abs(expected)),
        `position ${i}: ${value}, ${expected}`,
      );
    });
    batch.acceptance.forEach((value, i) => assert.ok(Math.abs(value - exact[b].acceptance[i]) < 0.02));
    // The last rung holds the prior draws themselves.
    for (let i = 0; i < batch.transitions; i++) {
      for (let p = 0; p < 2; p++) {
        const chain = (p * rungs + rungs - 1) * ladders, row = (i * batch.chains + chain) * dim;
        const given = reference[b].subarray((i * 2 + p) * ladders * dim, (i * 2 + p + 1) * ladders * dim);
        assert.deepEqual(Array.from(batch.positions.subarray(row, row + ladders * dim)), Array.from(given));
      }
    }
  });
  assert.ok(swapped > 50, "a test of swaps needs some");
});

async function cutIsTheSame(engine: Engine): Promise<void> {
  const ladders = 3, rungs = 3, problem = hillProblem({ rows: 30, components: 1 }), { dim } = problem.layout;
  const spec = { target: hillTarget(problem), chainsPerProblem: ladders, rungs, seed: 12 };
  const tuning = [0.01, 0.002, 0].map((beta) => plainTuning(dim, 0.05, 4, beta));
  const start = priorPositions(problem, ladders * rungs, 3), prior = priorPositions(problem, 9 * ladders, 4);
  const cut = async (sizes: readonly number[]) => {
    let at = 0;
    const reference = sizes.map((size) => prior.slice(at * ladders * dim, (at += size) * ladders * dim));
    const batches = await inBatches(engine, spec, start, tuning, reference);
    return {
      positions: batches.flatMap(({ positions }) => [...positions]),
      replica: batches.flatMap(({ replica }) => [...replica]),
    };
  };
  assert.deepEqual(await cut([1, 5, 3]), await cut([9]));
}

Deno.test("cutting a tempered run into batches changes nothing, on the device", () =>
  withWebgpu(cutIsTheSame));
Deno.test("cutting a tempered run into batches changes nothing, in f64", () => withCpu(cutIsTheSame));
