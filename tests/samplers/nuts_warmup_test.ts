import assert from "node:assert/strict";
import type { DrawBatch } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import { initAnneal } from "../../lib/samplers/anneal.ts";
import {
  continueAnneal,
  continueStep,
  initNutsWarmup,
  nextBatch,
  planWindows,
  restartStep,
  stepNutsWarmup,
  warmupNutsTuning,
} from "../../lib/samplers/nuts_warmup.ts";

Deno.test("the windows of a warm-up of 1000 are Stan's", () => {
  assert.deepEqual(planWindows(1000), { warmup: 1000, begin: 75, renewals: [100, 150, 250, 450, 950] });
});

Deno.test("windows fill any warm-up, in order, and leave a last stretch for the step size", () => {
  for (const warmup of [20, 50, 149, 150, 151, 200, 300, 777, 5000]) {
    const { begin, renewals } = planWindows(warmup);
    const marks = [0, begin, ...renewals, warmup];
    for (let i = 1; i < marks.length; i++) assert.ok(marks[i] > marks[i - 1], `${warmup}: ${marks}`);
  }
  assert.deepEqual(planWindows(100), { warmup: 100, begin: 15, renewals: [90] });
});

Deno.test("batches end where windows do", () => {
  const windows = planWindows(200), ends: number[] = [];
  for (let done = 0; done < 200;) {
    done += nextBatch(windows, done, 4);
    ends.push(done);
  }
  assert.equal(ends.at(-1), 200);
  for (const mark of [windows.begin, ...windows.renewals]) assert.ok(ends.includes(mark));
});

/** Draws with given standard deviations, all accepted with one probability. */
function batchOf(chains: number, sd: readonly number[], acceptance: number, stream: RandomStream): DrawBatch {
  const dim = sd.length, none = new Float64Array(chains);
  return {
    transitions: 1,
    chains,
    dim,
    positions: Float64Array.from({ length: chains * dim }, (_, i) => sd[i % dim] * stream.normal()),
    logPrior: none,
    logLik: none,
    acceptance: none.map(() => acceptance),
    energy: none,
    diverging: new Uint8Array(chains),
  };
}

Deno.test("each cohort's metric comes from its own draws, and only from those of the last window", () => {
  const windows = planWindows(150), stream = new RandomStream(3, 0), chains = 40, each = chains / 2;
  let state = restartStep(initNutsWarmup(2), 0.1);
  for (let done = 0; done < 150; done++) {
    // Far too wide before the window; narrow in the other cohort.
    const sd = done < windows.begin ? [100, 100] : [3, 0.5];
    const wide = batchOf(each, sd, 0.8, stream), narrow = batchOf(each, [0.01, 0.01], 0.8, stream);
    const positions = new Float64Array([...narrow.positions, ...wide.positions]);
    const batch = { ...batchOf(chains, sd, 0.8, stream), positions };
    state = stepNutsWarmup(windows, state, batch, each, each, 0.8)[0];
  }
  const { factor } = warmupNutsTuning(state);
  // 500 draws: standard deviations within 20% fail once in 10^10.
  assert.ok(Math.abs(factor[0] / 3 - 1) < 0.2 && Math.abs(factor[3] / 0.5 - 1) < 0.2, factor.join());
});

Deno.test("steps grow while acceptance is above the target and shrink below it", () => {
  const windows = planWindows(100), stream = new RandomStream(4, 0);
  const after = (acceptance: number) => {
    let state = restartStep(initNutsWarmup(1), 0.5);
    for (let i = 0; i < 10; i++) {
      state = stepNutsWarmup(windows, state, batchOf(4, [1], acceptance, stream), 0, 4, 0.8)[0];
    }
    return warmupNutsTuning(state).stepSize;
  };
  assert.ok(after(0.95) > 0.5 && after(0.5) < 0.5);
});

Deno.test("a warm-up goes on with what annealing has learned, and with its own step size", () => {
  const stream = new RandomStream(4, 0),
    start = Float64Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? 3 : 0.5) * stream.normal());
  const annealed = { ...initAnneal(start, 2, 0.1), stepSize: 0.3 };
  const state = continueAnneal(annealed), { stepSize, factor, beta } = warmupNutsTuning(state);
  assert.ok(Math.abs(stepSize - 0.3) < 1e-12 && factor === annealed.factor && beta === 1);
  const averaged = { ...state, step: { ...state.step, logStep: 1, logAveraged: Math.log(0.2) } };
  const next = continueStep(averaged);
  assert.ok(Math.abs(warmupNutsTuning(next).stepSize - 0.2) < 1e-12);
  assert.deepEqual({ ...next, step: 0 }, { ...state, step: 0 });
});
