import assert from "node:assert/strict";
import { openCpu } from "../../lib/engine/cpu.ts";
import type { Evaluation, TransitionBatch } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { seedKey } from "../../lib/random.ts";
import { type HmcState, initHmc, stepHmc } from "../../lib/samplers/hmc.ts";
import { leapfrogSchedule } from "../../lib/samplers/trajectory.ts";
import {
  hillProblem,
  hillTarget,
  likelyPositions,
  plainTuning,
  priorPositions,
  stack,
  withCpu,
} from "./support.ts";

const PROBLEMS = [30, 45, 60].map((rows, p) => hillProblem({ rows, components: 2, seed: p + 1 }));
const TARGET = hillTarget(...PROBLEMS);
const DIM = PROBLEMS[0].layout.dim;
const CHAINS = 3; // per problem: nine chains, which no two of the numbers of workers below share out alike
const START = stack(PROBLEMS.map((problem, p) => likelyPositions(problem, CHAINS, p)));
const TUNING = [plainTuning(DIM, 0.02, 5), plainTuning(DIM, 0.01, 8, 0.4), plainTuning(DIM, 0.03, 2)];
const SEED = 12;

async function sample(workers: number): Promise<{ evaluation: Evaluation; batches: TransitionBatch[] }> {
  let evaluation: Evaluation;
  const batches: TransitionBatch[] = [];
  await withCpu(async (engine) => {
    const ensemble = await engine.ensemble({ target: TARGET, chainsPerProblem: CHAINS, seed: SEED });
    evaluation = await ensemble.evaluate(stack(PROBLEMS.map((one) => priorPositions(one, 7))), 0.3);
    await ensemble.setPositions(START);
    batches.push(await ensemble.hmc(4, TUNING), await ensemble.hmc(3, TUNING));
    await ensemble.close();
  }, workers);
  return { evaluation: evaluation!, batches };
}

Deno.test("how many workers share the chains changes nothing", async () => {
  const one = await sample(1);
  for (const workers of [2, 4]) assert.deepEqual(await sample(workers), one);
});

Deno.test("a batch is stepHmc, chain by chain, each on its own problem, tuning and counter", async () => {
  const { batches: [first, second] } = await sample(2);
  const schedule = leapfrogSchedule(TUNING, 0, 7);
  assert.deepEqual([...first.leapfrogs, ...second.leapfrogs], [...schedule]);
  for (let c = 0; c < 3 * CHAINS; c++) {
    const p = Math.floor(c / CHAINS), density = targetDensity(TARGET, p), tuning = TUNING[p];
    let state: HmcState = initHmc(density, START.subarray(c * DIM, (c + 1) * DIM), tuning.beta);
    for (let i = 0; i < 7; i++) {
      const [next, info] = stepHmc(density, state, tuning, seedKey(SEED), c, i, schedule[i * 3 + p]);
      state = next;
      const batch = i < 4 ? first : second, at = (i < 4 ? i : i - 4) * batch.chains + c;
      assert.deepEqual(batch.positions.slice(at * DIM, (at + 1) * DIM), state.position);
      assert.deepEqual(
        [
          batch.logPrior[at],
          batch.logLik[at],
          batch.acceptance[at],
          batch.energy[at],
          batch.cheesGradient[at],
        ],
        [state.logPrior, state.logLik, info.acceptance, info.energy, info.cheesGradient],
      );
      assert.equal(batch.diverging[at], info.diverging ? 1 : 0);
    }
  }
});

Deno.test("evaluate gives the reference density of each problem", async () => {
  const { evaluation } = await sample(2);
  PROBLEMS.forEach((problem, p) => {
    const density = targetDensity(TARGET, p), positions = priorPositions(problem, 7);
    const gradient = new Float64Array(DIM);
    for (let i = 0; i < 7; i++) {
      density.evaluate(positions, i * DIM, 0.3, gradient, 0);
      const at = p * 7 + i;
      assert.equal(evaluation.logPrior[at], density.logPrior);
      assert.equal(evaluation.logLik[at], density.logLik);
      assert.deepEqual(evaluation.gradient.slice(at * DIM, (at + 1) * DIM), gradient);
    }
  });
});

Deno.test("more workers than chains, and fewer positions than workers, still work", () =>
  withCpu(async (engine) => {
    const target = hillTarget(PROBLEMS[0]);
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 2, seed: 1 });
    await ensemble.setPositions(likelyPositions(PROBLEMS[0], 2));
    assert.equal((await ensemble.hmc(2, [TUNING[0]])).chains, 2);
    assert.equal((await ensemble.evaluate(priorPositions(PROBLEMS[0], 1))).logLik.length, 1);
    await ensemble.close();
  }, 4));

Deno.test("two ensembles of one engine do not touch each other", () =>
  withCpu(async (engine) => {
    const open = () => engine.ensemble({ target: TARGET, chainsPerProblem: CHAINS, seed: SEED });
    const [one, other] = [await open(), await open()];
    await one.setPositions(START);
    await other.setPositions(START.map((value) => value + 0.1));
    const [moved] = await Promise.all([one.hmc(4, TUNING), other.hmc(2, TUNING)]);
    assert.deepEqual(moved, (await sample(1)).batches[0]);
    await one.close();
    assert.equal((await other.hmc(1, TUNING)).transitions, 1);
    await other.close();
  }));

Deno.test("closing the engine while it works rejects the work with a sentence", async () => {
  const engine = openCpu(2);
  const ensemble = await engine.ensemble({ target: TARGET, chainsPerProblem: CHAINS, seed: SEED });
  await ensemble.setPositions(START);
  const closed = { name: "DeviceError", message: /^The engine was closed while work was still in flight/ };
  const running = assert.rejects(ensemble.hmc(100_000, TUNING), closed);
  await engine.close();
  await running;
  await assert.rejects(ensemble.hmc(1, TUNING), closed);
});

Deno.test("a worker that fails at its work rejects with what went wrong, and the others go on", () =>
  withCpu(async (engine) => {
    // What the types forbid, as a stand-in for a defect inside a worker: chains of a problem that is not there.
    const target = { ...TARGET, problems: [PROBLEMS[0], undefined] } as unknown as typeof TARGET;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 1, seed: 1 });
    await ensemble.setPositions(START.slice(0, 2 * DIM));
    await assert.rejects(ensemble.hmc(1, TUNING.slice(0, 2)), { name: "Error" });
    const sound = await engine.ensemble({ target: TARGET, chainsPerProblem: CHAINS, seed: SEED });
    await sound.setPositions(START);
    assert.equal((await sound.hmc(1, TUNING)).chains, 9);
  }));
