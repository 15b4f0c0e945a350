import assert from "node:assert/strict";
import type { Evaluation, TransitionBatch } from "../../lib/engine/ensemble.ts";
import { assertSameMoves } from "../engine/agreement.ts";
import {
  hillProblem,
  hillTarget,
  likelyPositions,
  plainTuning,
  priorPositions,
  stack,
  withWebgpu,
} from "../engine/support.ts";
import { norm } from "../model/support.ts";

// Rows that no number of lanes divides, fewer rows than lanes, and stretches without any spend.
const PROBLEMS = [131, 40].map((rows, p) =>
  hillProblem({ rows, components: 1, controls: 1, sparse: p === 1, seed: p + 3 })
);
const CHAINS = 5; // with 4 lanes two chains share a workgroup, and the last one is half empty
const PRIOR_DRAWS = 100;

async function withLanes(lanes: number): Promise<{ evaluation: Evaluation; batch: TransitionBatch }> {
  let evaluation: Evaluation, batch: TransitionBatch;
  await withWebgpu(async (engine) => {
    const target = hillTarget(...PROBLEMS), dim = PROBLEMS[0].layout.dim;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: CHAINS, seed: 5 });
    evaluation = await ensemble.evaluate(stack(PROBLEMS.map((one) => priorPositions(one, PRIOR_DRAWS, 6))));
    await ensemble.setPositions(START);
    batch = await ensemble.hmc(4, [plainTuning(dim, 0.02, 8), plainTuning(dim, 0.03, 5)]);
    await ensemble.close();
  }, lanes);
  return { evaluation: evaluation!, batch: batch! };
}

const START = stack(PROBLEMS.map((problem, p) => likelyPositions(problem, CHAINS, p + 30)));

Deno.test("sharing a chain's rows between lanes changes nothing but rounding", async (t) => {
  const one = await withLanes(1);
  for (const lanes of [4, 8, 64]) {
    await t.step(`${lanes} lanes`, async () => {
      const many = await withLanes(lanes);
      assert.deepEqual(many.evaluation.logPrior, one.evaluation.logPrior);
      const dim = PROBLEMS[0].layout.dim;
      for (let i = 0; i < one.evaluation.logLik.length; i++) {
        const exact = one.evaluation.logLik[i], miss = Math.abs(many.evaluation.logLik[i] - exact);
        // Both lie within 1e-3 + 1e-6 |value| of the reference.
        assert.ok(miss <= 2e-3 + 2e-6 * Math.abs(exact), `log likelihood off by ${miss} at ${exact}`);
        const [a, b] = [many, one].map(({ evaluation }) => evaluation.gradient.slice(i * dim, (i + 1) * dim));
        const off = norm(a.map((value, j) => value - b[j]));
        assert.ok(off <= 2e-3 * norm(b), `gradient off by ${off} of ${norm(b)}`);
      }
      assertSameMoves(many.batch, one.batch, START, 3e-4);
    });
  }
});
