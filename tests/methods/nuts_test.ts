import assert from "node:assert/strict";
import { treeDepthNotes } from "../../lib/diagnostics/notes.ts";
import type { FitOptions, Progress } from "../../lib/fit_types.ts";
import { sampleNuts } from "../../lib/methods/nuts.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { withCpu } from "../engine/support.ts";
import { NO_INPUTS } from "../inputs.ts";
import { makeSeries, spec } from "../model/support.ts";

const series = makeSeries({ rows: 40, seed: 1 });

function options(change: Partial<FitOptions>): FitOptions {
  return {
    series,
    spec: spec({ components: 1 }),
    method: "nuts",
    warmup: 40,
    draws: 20,
    seed: 3,
    holdout: 0,
    engine: "cpu",
    inputs: NO_INPUTS,
    ...change,
  };
}

for (const [pooling, chains] of [["all", 6], ["none", 4]] as const) {
  Deno.test(`method nuts, pooling ${pooling}, gives a sample and tells of its trees`, () =>
    withCpu(async (engine) => {
      const problem = buildProblem(series, spec({ components: 1 })), phases = new Set<Progress["phase"]>();
      const asked = options({ pooling, ...(pooling === "all" ? { chains } : {}) });
      const { sample, stats, sampling, timing, interrupted } = await sampleNuts(engine, problem, asked, {
        onProgress: ({ phase }) => phases.add(phase),
      });
      assert.deepEqual([sample.chains, sample.draws, interrupted], [chains, 20, false]);
      assert.equal(sample.positions.length, chains * 20 * problem.layout.dim);
      assert.ok(sample.logDensity.every(Number.isFinite));
      const distinct = new Set(
        Array.from({ length: chains }, (_, c) => sample.positions[c * 20 * problem.layout.dim]),
      );
      assert.equal(distinct.size, chains, "chains of equal problems must not share random numbers");
      const { mean_leapfrogs, mean_tree_depth, tree_depth_hits } = sampling;
      assert.ok(mean_leapfrogs >= 1 && mean_tree_depth! > 0 && mean_tree_depth! <= 10);
      assert.ok(Math.log2(mean_leapfrogs + 1) >= mean_tree_depth!);
      assert.ok(Number.isInteger(tree_depth_hits));
      assert.equal(sampling.pooling, pooling);
      const column = (name: string) => stats!.columns.get(name)!;
      const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
      assert.ok(Math.abs(mean(column("n_steps")) - mean_leapfrogs) < 1e-9);
      assert.ok(Math.abs(mean(column("tree_depth")) - mean_tree_depth!) < 1e-9);
      assert.ok(Math.abs(mean(column("acceptance_rate")) - sample.acceptance) < 1e-9);
      assert.equal(new Set(column("step_size")).size, pooling === "all" ? 1 : chains);
      assert.equal(timing.transitions, chains * 60);
      assert.ok(timing.gradients >= timing.transitions);
      assert.deepEqual([...phases], ["warm-up", "sampling"]);
    }));
}

Deno.test("method nuts rejects with the signal's reason when stopped before there are draws", () =>
  withCpu(async (engine) => {
    const problem = buildProblem(series, spec({ components: 1 })), abort = new AbortController();
    const run = sampleNuts(engine, problem, options({ chains: 4 }), {
      onProgress: () => abort.abort("stopped"),
      signal: abort.signal,
    });
    await assert.rejects(run, (reason) => reason === "stopped");
  }));

Deno.test("many trajectories at the depth limit are worth a sentence, a few are not", () => {
  assert.deepEqual(treeDepthNotes(10, 1000), []);
  assert.match(treeDepthNotes(11, 1000)[0], /^11 of 1000 trajectories .* --method chees\.$/);
});
