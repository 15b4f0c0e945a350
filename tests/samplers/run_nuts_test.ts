import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { startChains, uniformStart } from "../../lib/samplers/start.ts";
import { correlatedGaussian, hillProblem, hillTarget, withCpu, withWebgpu } from "../engine/support.ts";

/**
 * Mean and variance of every coordinate against the truth, by the spread of the chains' own averages. Chains that
 * begin at their last warm-up draw are independent of each other but for the common tuning, so with 64 of them a
 * z-score past 6 comes about once in 10^7 (t distribution, 63 degrees of freedom); there are 24 of them.
 */
async function assertExact(engine: Engine): Promise<void> {
  const dim = 6, chains = 64, { target, mean, sd } = correlatedGaussian(dim, 0.9);
  const ensemble = await engine.ensemble({ target, chainsPerProblem: chains, seed: 21 });
  await uniformStart(ensemble, 21);
  const plan = { warmup: 100, draws: 200, targetAcceptance: 0.8 };
  const { batches, gradients, interrupted } = await runNuts(ensemble, plan);
  await ensemble.close();
  assert.equal(interrupted, false);
  assert.ok(gradients > 300 * chains);
  let acceptance = 0;
  for (let i = 0; i < dim; i++) {
    for (const [power, truth] of [[1, 0], [2, sd[i] ** 2]] as const) {
      const averages = new Float64Array(chains);
      for (const batch of batches) {
        for (let row = 0; row < batch.transitions * chains; row++) {
          averages[row % chains] += (batch.positions[row * dim + i] - mean[i]) ** power / plan.draws;
        }
      }
      const average = averages.reduce((sum, x) => sum + x, 0) / chains;
      const variance = averages.reduce((sum, x) => sum + (x - average) ** 2, 0) / (chains - 1);
      const z = (average - truth) / Math.sqrt(variance / chains);
      assert.ok(Math.abs(z) < 6, `coordinate ${i}, power ${power}: z ${z}`);
    }
  }
  for (const batch of batches) {
    acceptance += batch.acceptance.reduce((sum, a) => sum + a, 0) / (plan.draws * chains);
    assert.ok(batch.treeDepth.every((depth) => depth < 6), "a whitened Gaussian needs no deep trees");
  }
  assert.ok(acceptance > 0.7 && acceptance < 0.97, `acceptance ${acceptance}`);
}

Deno.test("a run on a correlated Gaussian has its means and variances on webgpu", () =>
  withWebgpu(assertExact));
Deno.test("a run on a correlated Gaussian has its means and variances on the processor", () =>
  withCpu(assertExact));

Deno.test("cohorts adapt each for itself", () =>
  withCpu(async (engine) => {
    const problems = [30, 60].map((rows, p) => hillProblem({ rows, components: 1, seed: p + 1 }));
    const ensemble = await engine.ensemble({ target: hillTarget(...problems), chainsPerProblem: 2, seed: 5 });
    await uniformStart(ensemble, 5);
    const { tuning, batches } = await runNuts(ensemble, { warmup: 60, draws: 30, targetAcceptance: 0.8 });
    await ensemble.close();
    assert.equal(tuning.length, 2);
    assert.notEqual(tuning[0].stepSize, tuning[1].stepSize);
    assert.notDeepEqual(tuning[0].factor, tuning[1].factor);
    assert.equal(batches.reduce((sum, { transitions }) => sum + transitions, 0), 30);
  }));

Deno.test("an aborted run ends after the batch under way, with the draws it has", () =>
  withCpu(async (engine) => {
    const { target } = correlatedGaussian(3, 0.5), abort = new AbortController();
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 4, seed: 5 });
    await uniformStart(ensemble, 5);
    const phases: string[] = [];
    const run = await runNuts(
      ensemble,
      { warmup: 20, draws: 200, targetAcceptance: 0.8 },
      undefined,
      (at) => {
        phases.push(at.phase);
        if (at.phase === "sampling") abort.abort();
      },
      abort.signal,
    );
    await ensemble.close();
    assert.ok(run.interrupted && phases.includes("warm-up"));
    assert.equal(run.batches.length, 1);
  }));

Deno.test("the same seed gives the same run, another seed another", () =>
  withCpu(async (engine) => {
    const run = async (seed: number) => {
      const { target } = correlatedGaussian(3, 0.5);
      const ensemble = await engine.ensemble({ target, chainsPerProblem: 4, seed });
      await startChains(ensemble, new Float64Array(4 * 32 * 3).fill(0.5), seed);
      const { batches } = await runNuts(ensemble, { warmup: 30, draws: 20, targetAcceptance: 0.8 });
      await ensemble.close();
      return batches[0].positions;
    };
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  }));
