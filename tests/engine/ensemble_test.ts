/** What every engine promises, checked on both: problems apart, counters that go on, seeds that repeat. */
import assert from "node:assert/strict";
import type { Engine, TransitionBatch } from "../../lib/engine/ensemble.ts";
import { openEngine } from "../../lib/engine/open.ts";
import {
  hillProblem,
  hillTarget,
  likelyPositions,
  plainTuning,
  priorPositions,
  stack,
  withCpu,
  withWebgpu,
} from "./support.ts";

/** One test per engine. */
function onBoth(name: string, body: (engine: Engine) => Promise<void>): void {
  Deno.test(`${name} (webgpu)`, () => withWebgpu(body));
  Deno.test(`${name} (cpu)`, () => withCpu(body));
}

// 60 problems of 100 rows are 120 KiB: on a software adapter, several uniform buffers and so several launches.
onBoth("many problems in one ensemble give exactly what each gives alone", async (engine) => {
  const lengths = Array.from({ length: 60 }, (_, p) => p % 7 === 0 ? 37 : 100);
  const problems = lengths.map((rows, p) =>
    hillProblem({ rows, components: 1, sparse: p % 3 === 0, seed: p + 1 })
  );
  const { dim } = problems[0].layout, each = 5, draws = 6;
  const positions = problems.map((problem, p) => priorPositions(problem, draws, p));
  const starts = problems.map((problem, p) => likelyPositions(problem, each, p));
  const tuning = problems.map((_, p) => plainTuning(dim, 0.01 + 0.001 * p, 3 + p % 5));

  const all = await engine.ensemble({ target: hillTarget(...problems), chainsPerProblem: each, seed: 9 });
  const evaluation = await all.evaluate(stack(positions), 0.7);
  await all.setPositions(stack(starts));
  const batch = await all.hmc(3, tuning);
  await all.close();

  for (const p of [0, 1, 7, 30, 31, 59]) {
    const alone = await engine.ensemble({ target: hillTarget(problems[p]), chainsPerProblem: each, seed: 9 });
    const own = await alone.evaluate(positions[p], 0.7);
    assert.deepEqual(own.logPrior, evaluation.logPrior.slice(p * draws, (p + 1) * draws));
    assert.deepEqual(own.logLik, evaluation.logLik.slice(p * draws, (p + 1) * draws));
    assert.deepEqual(own.gradient, evaluation.gradient.slice(p * draws * dim, (p + 1) * draws * dim));
    await alone.setPositions(starts[p]);
    // Only the first problem's chains have the same numbers, and so the same random numbers, in both ensembles.
    if (p === 0) assert.deepEqual(await alone.hmc(3, [tuning[0]]), chainsOf(batch, 0, each, 60));
    await alone.close();
  }
});

/** Chains `first .. first + count` of a batch, as a batch of one problem. */
function chainsOf(batch: TransitionBatch, first: number, count: number, problems: number): TransitionBatch {
  const { transitions, chains, dim } = batch;
  const pick = <A extends Float32Array | Float64Array | Uint8Array | Uint32Array>(values: A, each = 1): A => {
    const rows = Array.from(
      { length: transitions },
      (_, i) => [...values.subarray((i * chains + first) * each, (i * chains + first + count) * each)],
    );
    return new (values.constructor as new (values: number[]) => A)(rows.flat());
  };
  return {
    transitions,
    chains: count,
    dim,
    positions: pick(batch.positions, dim),
    logPrior: pick(batch.logPrior),
    logLik: pick(batch.logLik),
    acceptance: pick(batch.acceptance),
    energy: pick(batch.energy),
    diverging: pick(batch.diverging),
    cheesGradient: pick(batch.cheesGradient),
    leapfrogs: batch.leapfrogs.filter((_, i) => i % problems === Math.floor(first / count)),
    replica: pick(batch.replica).map((replica) => replica - first),
  };
}

onBoth("the same seed gives the same draws, another seed others", async (engine) => {
  const problem = hillProblem({ rows: 50, components: 1 }), chains = 12;
  const tuning = [plainTuning(problem.layout.dim, 0.03, 6)];
  const one = likelyPositions(problem, 1), start = stack(Array.from({ length: chains }, () => one));
  const run = async (seed: number) => {
    const ensemble = await engine.ensemble({ target: hillTarget(problem), chainsPerProblem: chains, seed });
    await ensemble.setPositions(start);
    const batch = await ensemble.hmc(5, tuning);
    await ensemble.close();
    return batch;
  };
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  for (const seed of [2, 2 ** 32 + 1]) { // the second differs in the high word alone
    const other = await run(seed);
    assert.notDeepEqual(other.positions, first.positions);
    assert.notDeepEqual(other.energy, first.energy);
  }
  // All chains start at one point, so that only their random numbers tell them apart.
  assert.equal(new Set(first.energy.slice(0, chains)).size, chains, "chains must not share random numbers");
});

onBoth("chains put where they are, replicas and all, go on as if nothing had happened", async (engine) => {
  const problem = hillProblem({ rows: 50, components: 1 }), ladders = 6, { dim } = problem.layout;
  const tuning = [1, 0.5, 0].map((beta) => plainTuning(dim, 0.05, 6, beta));
  const reference = priorPositions(problem, 8 * ladders), start = likelyPositions(problem, 3 * ladders);
  const run = async (replace: boolean) => {
    const ensemble = await engine.ensemble({
      target: hillTarget(problem),
      chainsPerProblem: ladders,
      rungs: 3,
      seed: 4,
    });
    await ensemble.setPositions(start);
    const { positions, replica, chains } = await ensemble.hmc(8, tuning, reference), last = 7 * chains;
    assert.notDeepEqual([...replica.subarray(last)], [...Array(chains).keys()], "no swap");
    if (replace) {
      const same = Float64Array.from(positions.subarray(last * dim));
      await ensemble.setPositions(same, replica.slice(last));
    }
    const next = await ensemble.hmc(8, tuning, reference);
    await ensemble.close();
    return next;
  };
  assert.deepEqual(await run(true), await run(false));
});

onBoth("cutting a run into batches changes nothing", async (engine) => {
  const problem = hillProblem({ rows: 50, components: 1 }), chains = 9, { dim } = problem.layout;
  const tuning = [plainTuning(dim, 0.03, 6)], start = likelyPositions(problem, chains);
  const run = async (sizes: number[]) => {
    const ensemble = await engine.ensemble({
      target: hillTarget(problem),
      chainsPerProblem: chains,
      seed: 4,
    });
    await ensemble.setPositions(start);
    const batches = [];
    for (const size of sizes) batches.push(await ensemble.hmc(size, tuning));
    await ensemble.close();
    return {
      positions: batches.flatMap(({ positions }) => [...positions]),
      energy: batches.flatMap(({ energy }) => [...energy]),
      leapfrogs: batches.flatMap(({ leapfrogs }) => [...leapfrogs]),
    };
  };
  assert.deepEqual(await run([1, 4, 2]), await run([7]));
});

onBoth("evaluating in between moves no chain", async (engine) => {
  const problem = hillProblem({ rows: 50, components: 1 }), chains = 6;
  const tuning = [plainTuning(problem.layout.dim, 0.03, 6)];
  const run = async (look: boolean) => {
    const ensemble = await engine.ensemble({
      target: hillTarget(problem),
      chainsPerProblem: chains,
      seed: 4,
    });
    await ensemble.setPositions(likelyPositions(problem, chains));
    await ensemble.hmc(2, tuning);
    if (look) await ensemble.evaluate(priorPositions(problem, 50), 0.5);
    const batch = await ensemble.hmc(2, tuning);
    await ensemble.close();
    return batch;
  };
  assert.deepEqual(await run(true), await run(false));
});

onBoth("every batch tempers at its own beta", async (engine) => {
  const problem = hillProblem({ rows: 50, components: 1 }), chains = 6, { dim } = problem.layout;
  const ensemble = await engine.ensemble({ target: hillTarget(problem), chainsPerProblem: chains, seed: 4 });
  await ensemble.setPositions(likelyPositions(problem, chains));
  for (const beta of [1, 0.2, 0]) {
    // A step this small accepts everything, and nearly keeps the energy that it began with.
    const { energy, logPrior, logLik, acceptance } = await ensemble.hmc(1, [plainTuning(dim, 1e-4, 1, beta)]);
    energy.forEach((value, i) => {
      const kinetic = value + logPrior[i] + beta * logLik[i];
      assert.ok(kinetic > 0 && kinetic < 10 * dim, `kinetic energy ${kinetic} at beta ${beta}`);
      assert.ok(acceptance[i] > 0.99);
    });
  }
  await ensemble.close();
});

Deno.test("an engine asked for by name is the one opened", async () => {
  for (const name of ["webgpu", "cpu"] as const) {
    const { engine, notice } = await openEngine(name);
    assert.equal(engine.name, name);
    assert.equal(notice, undefined);
    await engine.close();
  }
  const { engine } = await openEngine("auto");
  assert.equal(engine.name, "webgpu"); // tests/setup.ts sees to it that there is an adapter
  await engine.close();
});
