/** Exactness of tempering over twenty seeds: a mixture of two modes that plain chains never leave. */
import assert from "node:assert/strict";
import { runTempered } from "../../lib/samplers/run_tempered.ts";
import { withWebgpu } from "../engine/support.ts";
import { exactLogEvidence, mixture, temperedTarget } from "../samplers/tempered_targets.ts";

const SEEDS = 20;

/** Mean of 20 independent numbers, as a score: Student's t on 19 degrees of freedom, beyond 4.5 once in 4000. */
function score(values: readonly number[], exact: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return (mean - exact) / Math.sqrt(squares / (values.length * (values.length - 1)));
}

Deno.test("weights, moments and evidence of two modes eight sds apart, d = 20, over 20 seeds", () =>
  withWebgpu(async (engine) => {
    const target = mixture(20, [0.3, 0.7], 8, 10), shrink = 100 / 101;
    const runs = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const plan = { ladders: 16, warmup: 300, draws: 200, thin: 5 };
      const { batches, report } = await runTempered(engine, temperedTarget(target), seed, plan);
      const rows = batches.flatMap(({ positions, transitions, chains, dim }) =>
        Array.from(
          { length: transitions * chains },
          (_, row) => positions.subarray(row * dim, (row + 1) * dim),
        )
      );
      const mean = (f: (u: Float32Array | Float64Array) => number) =>
        rows.reduce((sum, u) => sum + f(u), 0) / rows.length;
      runs.push({
        weight: mean((u) => u[0] > 0 ? 1 : 0),
        mean: mean((u) => u[0]),
        square: mean((u) => u[1] ** 2),
        last: mean((u) => u[19] ** 2),
        evidence: report!.evidence,
      });
    }
    const scores = {
      weight: score(runs.map(({ weight }) => weight), 0.7),
      mean: score(runs.map(({ mean }) => mean), 1.6 * shrink),
      square: score(runs.map(({ square }) => square), shrink),
      last: score(runs.map(({ last }) => last), shrink),
      evidence: score(runs.map(({ evidence }) => evidence.log), exactLogEvidence(target)),
    };
    console.log(scores, runs.map(({ weight }) => weight.toFixed(3)).join(" "));
    for (const [what, z] of Object.entries(scores)) assert.ok(Math.abs(z) < 4.5, `${what}: score ${z}`);
    // Five scores: a wrong alarm once in 800 runs. The reported error is told from 16 ladders, beyond 5 of them once
    // in 6000 seeds.
    for (const { evidence: { log, error } } of runs) {
      assert.ok(Math.abs(log - exactLogEvidence(target)) < 5 * error, `${log} +- ${error}`);
    }
  }));
