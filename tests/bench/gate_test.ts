import assert from "node:assert/strict";
import { openCpu } from "../../lib/engine/cpu.ts";
import type { Ensemble } from "../../lib/engine/ensemble.ts";
import { InputError } from "../../lib/errors.ts";
import { benchProblem, gradientError, hmcRate, LEAPFROGS, startPositions } from "./gradients.ts";
import { runBenchmarks } from "./main.ts";

const CHAINS = 4;
const problem = benchProblem(40, 2);

/** Times an ensemble of the cpu engine, some of its methods replaced. */
async function timed(change: (ensemble: Ensemble) => Partial<Ensemble>) {
  const engine = openCpu(1);
  try {
    const target = { kind: "hill_mixture", problems: [problem] } as const;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: CHAINS, seed: 1 });
    return await hmcRate({ ...ensemble, ...change(ensemble) }, problem, 1, 0.01);
  } finally {
    await engine.close();
  }
}

Deno.test("right results have a rate, counted from the leapfrogs that were taken", async () => {
  let gradients = 0, seconds = 0;
  const { gradientsPerSecond, error } = await timed((ensemble) => ({
    async hmc(transitions, tuning) {
      const began = performance.now(), batch = await ensemble.hmc(transitions, tuning);
      seconds = (performance.now() - began) / 1000;
      gradients = CHAINS * batch.leapfrogs.reduce((sum, count) => sum + count, 0);
      assert.equal(gradients, CHAINS * transitions * LEAPFROGS);
      return batch;
    },
  }));
  assert.ok(error < 1e-9);
  assert.ok(gradientsPerSecond! <= gradients / seconds && gradientsPerSecond! > 0.5 * gradients / seconds);
});

Deno.test("a wrong gradient has no rate", async () => {
  const rate = await timed((ensemble) => ({
    async evaluate(positions, beta) {
      const result = await ensemble.evaluate(positions, beta);
      return { ...result, gradient: result.gradient.map((value) => 1.01 * value) };
    },
  }));
  assert.equal(rate.gradientsPerSecond, undefined);
});

Deno.test("log likelihoods that are not those of the positions have no rate", async () => {
  const rate = await timed((ensemble) => ({
    async hmc(transitions, tuning) {
      const batch = await ensemble.hmc(transitions, tuning);
      return { ...batch, logLik: batch.logLik.map((value) => 1.01 * value) };
    },
  }));
  assert.equal(rate.gradientsPerSecond, undefined);
});

Deno.test("a gradient that is not a number is the largest error", () => {
  const positions = startPositions(problem, 2), gradient = new Float64Array(positions.length);
  gradient[0] = NaN;
  assert.ok(Number.isNaN(gradientError(problem, positions, gradient)));
});

Deno.test("an unknown benchmark is refused with the nearest name before anything runs", async () => {
  await assert.rejects(runBenchmarks("througput", false, () => assert.fail("wrote something")), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /"througput".*Did you mean "throughput"\?/);
    return true;
  });
});
