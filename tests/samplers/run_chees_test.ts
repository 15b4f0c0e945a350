import assert from "node:assert/strict";
import type { Engine, TestTarget, TransitionBatch } from "../../lib/engine/ensemble.ts";
import type { SamplerProgress } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { correlatedGaussian, withCpu, withWebgpu } from "../engine/support.ts";
import { billOf, momentScore, runOn, scoresOf, wideCandidates } from "./chees_runs.ts";

const DIM = 5;
const GAUSSIAN = correlatedGaussian(DIM, 0.9);
const PLAN = { chains: 32, warmup: 200, draws: 100 };
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const FUNNEL: TestTarget = { kind: "funnel", dim: 10 };

/** One test per engine. */
function onBoth(name: string, body: (engine: Engine) => Promise<void>): void {
  Deno.test(`${name} (webgpu)`, () => withWebgpu(body));
  Deno.test(`${name} (cpu)`, () => withCpu(body));
}

// 200 z-scores, each beyond 4 with probability 6.3e-5: for seeds chosen at random, a wrong alarm has probability
// 1.3%. Their mean square is 1 for exact draws with honest standard errors; twice that of some hundred
// independent scores, or half, has probability below 1e-6.
onBoth("means and variances of a correlated Gaussian are right for twenty seeds", async (engine) => {
  const runs = await Promise.all(SEEDS.map((seed) => runOn(engine, GAUSSIAN.target, seed, PLAN)));
  const scores = runs.map((run) => scoresOf(run, GAUSSIAN.mean, GAUSSIAN.sd));
  scores.forEach((own, i) => {
    own.forEach((z, j) => assert.ok(Math.abs(z) < 4, `seed ${SEEDS[i]}, moment ${j}: z = ${z}`));
  });
  const all = scores.flat(), square = all.reduce((sum, z) => sum + z * z, 0) / all.length;
  console.log(`  largest |z| ${Math.max(...all.map(Math.abs)).toFixed(2)}, mean z^2 ${square.toFixed(2)}`);
  assert.ok(square > 0.5 && square < 2, `mean square of z-scores ${square}`);
  for (const run of runs) {
    const { rhat, divergentShare, ebfmi } = billOf(run);
    assert.ok(rhat < 1.05 && divergentShare === 0 && ebfmi > 0.3, JSON.stringify(billOf(run)));
  }
});

// No metric and step size fit a funnel's neck and mouth at once. What matters is that nobody is told otherwise:
// each of these runs has at least two of the three signs that something is wrong.
onBoth("a funnel does not get a clean bill", async (engine) => {
  const plan = { chains: 64, warmup: 300, draws: 200 };
  const runs = await Promise.all([1, 2, 3].map((seed) => runOn(engine, FUNNEL, seed, plan)));
  for (const run of runs) {
    const bill = billOf(run), signs = [bill.rhat > 1.01, bill.divergentShare > 0.001, bill.ebfmi < 0.3];
    const mean = momentScore(run, 0, (x) => x, 0), variance = momentScore(run, 0, (x) => x * x, 9);
    const figures = `R-hat ${bill.rhat.toFixed(2)}, divergent ${
      (100 * bill.divergentShare).toFixed(2)
    }%, E-BFMI ${bill.ebfmi.toFixed(2)}, z of the neck's mean ${mean.toFixed(1)} and variance ${
      variance.toFixed(1)
    }`;
    console.log(`  ${figures}`);
    assert.ok(signs.filter(Boolean).length >= 2, figures);
  }
});

onBoth("the same seed repeats a whole run bit by bit, another seed does not", async (engine) => {
  const plan = { chains: 16, warmup: 60, draws: 40 };
  const [first, again, other] = await Promise.all(
    [7, 7, 8].map((seed) => runOn(engine, GAUSSIAN.target, seed, plan)),
  );
  assert.deepEqual(again, first);
  assert.notDeepEqual(other.batches[0].positions, first.batches[0].positions);
  assert.notEqual(other.tuning[0].stepSize, first.tuning[0].stepSize);
});

Deno.test("both engines make the same run of a Gaussian, up to rounding", async () => {
  const plan = { chains: 16, warmup: 60, draws: 10 };
  const tunings: { stepSize: number; trajectoryLength: number }[] = [];
  const run = async (engine: Engine) => {
    tunings.push((await runOn(engine, GAUSSIAN.target, 3, plan)).tuning[0]);
  };
  await withWebgpu(run);
  await withCpu(run);
  const [device, reference] = tunings;
  // Rounding may flip a decision in 60 transitions of 16 chains, which moves an average by a few percent at most.
  assert.ok(
    Math.abs(Math.log(device.stepSize / reference.stepSize)) < 0.1,
    JSON.stringify(tunings.map((t) => t.stepSize)),
  );
  assert.ok(Math.abs(Math.log(device.trajectoryLength / reference.trajectoryLength)) < 0.2);
});

Deno.test("a run has the draws it was asked for and tells how far it has come", () =>
  withCpu(async (engine) => {
    const plan = { warmup: 50, draws: 60 }, chains = 8;
    const ensemble = await engine.ensemble({ target: GAUSSIAN.target, chainsPerProblem: chains, seed: 1 });
    const seen: SamplerProgress<TransitionBatch>[] = [];
    const run = await runChees(
      ensemble,
      wideCandidates(DIM, chains, 1),
      1,
      plan,
      (progress) => seen.push(progress),
    );
    await ensemble.close();
    assert.equal(run.interrupted, false);
    assert.equal(run.batches.reduce((sum, { transitions }) => sum + transitions, 0), 60);
    for (const phase of ["warm-up", "sampling"] as const) {
      const own = seen.filter((progress) => progress.phase === phase), total = phase === "warm-up" ? 50 : 60;
      assert.ok(own.length > 1 && own.every((progress) => progress.total === total));
      own.forEach(({ done, batch }, i) => assert.equal(done, (own[i - 1]?.done ?? 0) + batch.transitions));
      assert.equal(own.at(-1)!.done, total);
    }
    const spent = seen.reduce(
      (sum, { batch }) => sum + chains * batch.leapfrogs.reduce((a, b) => a + b, 0),
      0,
    );
    assert.equal(run.gradients, spent);
    assert.equal(seen.at(-1)!.gradients, spent);
    assert.deepEqual(run.batches, seen.filter(({ phase }) => phase === "sampling").map(({ batch }) => batch));
    const [tuning] = run.tuning;
    assert.ok(tuning.beta === 1 && tuning.stepSize > 0 && tuning.trajectoryLength >= tuning.stepSize);
  }));

onBoth("an abort ends the run after the batch under way and keeps what there is", async (engine) => {
  const plan = { warmup: 40, draws: 500 }, chains = 8;
  const run = async (phase: string, batches: number) => {
    const ensemble = await engine.ensemble({ target: GAUSSIAN.target, chainsPerProblem: chains, seed: 1 });
    const control = new AbortController();
    let seen = 0, after = 0;
    const result = await runChees(ensemble, wideCandidates(DIM, chains, 1), 1, plan, (progress) => {
      if (control.signal.aborted) after++;
      if (progress.phase === phase && ++seen === batches) control.abort();
    }, control.signal);
    await ensemble.close();
    assert.equal(after, 0, "batches after the abort");
    assert.equal(result.interrupted, true);
    return result;
  };
  assert.deepEqual((await run("warm-up", 3)).batches, []);
  const { batches, tuning } = await run("sampling", 2);
  assert.equal(batches.length, 2);
  assert.ok(tuning[0].stepSize > 0);
});
