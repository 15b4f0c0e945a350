import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { uniformStart } from "../../lib/samplers/start.ts";
import type { SamplerProgress } from "../../lib/samplers/run.ts";
import { correlatedGaussian, hillProblem, hillTarget, withCpu, withWebgpu } from "../engine/support.ts";
import { wideCandidates } from "./chees_runs.ts";

/**
 * Mean and variance of every coordinate against the truth, by the spread of the chains' own averages. Chains that
 * begin at their last warm-up draw are independent of each other but for the common tuning, so with 64 of them a
 * z-score past 6 comes about once in 10^7 (t distribution, 63 degrees of freedom); there are 48 of them.
 */
async function assertExact(engine: Engine, annealed: boolean): Promise<void> {
  const dim = 6, chains = 64, { target, mean, sd } = correlatedGaussian(dim, 0.9);
  const ensemble = await engine.ensemble({ target, chainsPerProblem: chains, seed: 21 });
  const candidates = wideCandidates(dim, chains, 21);
  if (!annealed) await uniformStart(ensemble, 21);
  const plan = {
    warmup: 100,
    draws: 200,
    targetAcceptance: 0.8,
    ...(annealed ? { annealed: { candidates, seed: 21 } } : {}),
  };
  const seen: SamplerProgress[] = [];
  const { batches, gradients, interrupted } = await runNuts(ensemble, plan, (at) => seen.push(at));
  await ensemble.close();
  assert.equal(interrupted, false);
  assert.ok(gradients > 300 * chains && gradients === seen.at(-1)!.gradients);
  for (const [phase, total] of [["warm-up", plan.warmup], ["sampling", plan.draws]] as const) {
    const own = seen.filter((at) => at.phase === phase);
    own.forEach(({ done, batch }, i) => assert.equal(done, (own[i - 1]?.done ?? 0) + batch.transitions));
    assert.ok(own.at(-1)!.done === total && own.every((at) => at.total === total));
  }
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

for (const annealed of [false, true]) {
  const start = annealed ? "annealed from wide draws" : "begun in a cube";
  Deno.test(`a run on a correlated Gaussian, ${start}, has its means and variances on webgpu`, () =>
    withWebgpu((engine) => assertExact(engine, annealed)));
  Deno.test(`a run on a correlated Gaussian, ${start}, has its means and variances on the processor`, () =>
    withCpu((engine) => assertExact(engine, annealed)));
}

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
    const run = async (last: number) => {
      const { target } = correlatedGaussian(3, 0.5), abort = new AbortController();
      const ensemble = await engine.ensemble({ target, chainsPerProblem: 4, seed: 5 });
      const annealed = { candidates: wideCandidates(3, 4, 5), seed: 5 };
      const plan = { warmup: 40, draws: 200, targetAcceptance: 0.8, annealed };
      let seen = 0;
      const result = await runNuts(ensemble, plan, ({ phase, done }) => {
        seen++;
        if ((phase === "sampling" ? plan.warmup : 0) + done >= last) abort.abort();
      }, abort.signal);
      await ensemble.close();
      assert.ok(result.interrupted && seen > 0);
      return result.batches.length;
    };
    assert.equal(await run(4), 0); // annealing
    assert.equal(await run(30), 0); // adapting
    assert.equal(await run(41), 1); // sampling
  }));

Deno.test("the same seed gives the same run, another seed another", () =>
  withCpu(async (engine) => {
    const run = async (seed: number) => {
      const { target } = correlatedGaussian(3, 0.5);
      const ensemble = await engine.ensemble({ target, chainsPerProblem: 4, seed });
      const annealed = { candidates: wideCandidates(3, 4, seed), seed };
      const { batches } = await runNuts(ensemble, { warmup: 30, draws: 20, targetAcceptance: 0.8, annealed });
      await ensemble.close();
      return batches[0].positions;
    };
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  }));
