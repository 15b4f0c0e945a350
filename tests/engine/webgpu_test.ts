import assert from "node:assert/strict";
import { openDevice } from "../../lib/engine/device.ts";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import { openWebgpu } from "../../lib/engine/webgpu.ts";
import { WebgpuEnsemble } from "../../lib/engine/webgpu_ensemble.ts";
import { DeviceError } from "../../lib/errors.ts";
import {
  correlatedGaussian,
  hillProblem,
  hillTarget,
  likelyPositions,
  plainTuning,
  priorPositions,
  steadyTuning,
  withWebgpu,
} from "./support.ts";

const PROBLEM = hillProblem({ rows: 60, components: 1 });
const DIM = PROBLEM.layout.dim;
const SPEC = { target: hillTarget(PROBLEM), chainsPerProblem: 20, seed: 3 };
const START = likelyPositions(PROBLEM, SPEC.chainsPerProblem);

Deno.test("what ensembles took on the device is given back, and staging stays small", () =>
  withWebgpu(async (engine) => {
    let staging = 0;
    for (let i = 0; i < 12; i++) {
      const ensemble = await engine.ensemble(SPEC);
      await ensemble.setPositions(START);
      const open = await engine.stats();
      assert.ok(open.buffers > 0 && open.bytes > 0);
      await ensemble.evaluate(priorPositions(PROBLEM, 100));
      await ensemble.hmc(3, [plainTuning(DIM, 0.02, 4)]);
      const { buffers, bytes } = await engine.stats();
      assert.deepEqual({ buffers, bytes }, { buffers: open.buffers, bytes: open.bytes }, "left by a batch");
      await ensemble.close();
      const closed = await engine.stats();
      assert.equal(closed.buffers, 0);
      if (i === 0) staging = closed.stagingBytes;
      assert.equal(closed.stagingBytes, staging, "staging grows with every ensemble");
    }
  }));

Deno.test("a batch that fails gives back what it took", () =>
  withWebgpu(async (engine) => {
    const ensemble = await engine.ensemble(SPEC);
    await ensemble.setPositions(START);
    const before = await engine.stats();
    await assert.rejects(ensemble.hmc(2 ** 23, [plainTuning(DIM, 0.02, 1)]), {
      name: "DeviceError",
      message: /^The buffer of draws needs .* but .* allows/,
    });
    assert.equal((await engine.stats()).buffers, before.buffers);
    await ensemble.hmc(1, [plainTuning(DIM, 0.02, 4)]);
    await ensemble.close();
  }));

Deno.test("closing the engine while it works ends the work, one way or the other", async () => {
  const engine = await openWebgpu(1);
  const ensemble = await engine.ensemble(SPEC);
  await ensemble.setPositions(START);
  const running = ensemble.hmc(200, [steadyTuning(DIM, 0.01, 50)]).then(
    (batch) => assert.equal(batch.transitions, 200),
    (error) => assert.ok(error instanceof DeviceError, `${error}`),
  );
  await engine.close();
  await running;
  await assert.rejects(ensemble.hmc(1, [plainTuning(DIM, 0.01, 1)]), { name: "DeviceError" });
});

Deno.test("a device lost in the middle of a run is a sentence", async () => {
  const gpu = await openDevice();
  try {
    const ensemble = await WebgpuEnsemble.create(gpu, SPEC, 1);
    ensemble.setPositions(START);
    const running = assert.rejects(ensemble.hmc(20, [steadyTuning(DIM, 0.01, 20)]), {
      name: "DeviceError",
      message: /^The device .* was lost .*--engine cpu/,
    });
    gpu.device.destroy(); // as near to a loss as a test can come
    await running;
    await assert.rejects(ensemble.hmc(1, [plainTuning(DIM, 0.01, 1)]), { name: "DeviceError" });
    ensemble.close();
    assert.equal(gpu.stats().buffers, 0);
  } finally {
    gpu.close();
  }
});

/** Runs `body` with a clock that runs `factor` times as fast: launches then look that much more expensive. */
async function withClock<T>(factor: number, body: () => Promise<T>): Promise<T> {
  const real = performance.now;
  performance.now = () => factor * real.call(performance);
  try {
    return await body();
  } finally {
    performance.now = real;
  }
}

// A slow machine gets smaller launches: here down to one gradient of one workgroup each. Every trajectory is then
// suspended after each gradient, and none of that may show in the draws.
Deno.test("how work is cut into launches changes no bit of the draws", async () => {
  const gpu = await openDevice();
  const tuning = [plainTuning(DIM, 0.03, 9)];
  const run = (factor: number): Promise<TransitionBatch> =>
    withClock(factor, async () => {
      const ensemble = await WebgpuEnsemble.create(gpu, SPEC, 1);
      ensemble.setPositions(START);
      await ensemble.hmc(1, tuning); // takes the time of a gradient
      const batch = await ensemble.hmc(12, tuning);
      ensemble.close();
      return batch;
    });
  try {
    const usual = await run(1);
    for (const factor of [1e3, 1e9]) assert.deepEqual(await run(factor), usual);
  } finally {
    gpu.close();
  }
});

Deno.test("a batch of no transitions moves nothing", () =>
  withWebgpu(async (engine) => {
    const ensemble = await engine.ensemble(SPEC);
    await ensemble.setPositions(START);
    const none = await ensemble.hmc(0, [plainTuning(DIM, 0.03, 9)]);
    assert.equal(none.positions.length, 0);
    const after = await ensemble.hmc(2, [plainTuning(DIM, 0.03, 9)]);
    await ensemble.close();
    const fresh = await engine.ensemble(SPEC);
    await fresh.setPositions(START);
    assert.deepEqual(after, await fresh.hmc(2, [plainTuning(DIM, 0.03, 9)]));
    await fresh.close();
  }));

Deno.test("the same density serves every chain of a test target", () =>
  withWebgpu(async (engine) => {
    const { target } = correlatedGaussian(3, 0.5);
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 10, seed: 1 });
    assert.deepEqual(
      { dim: ensemble.dim, problems: ensemble.problems, chains: ensemble.chains },
      { dim: 3, problems: 1, chains: 10 },
    );
    await ensemble.close();
  }));
