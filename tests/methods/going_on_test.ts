/** Methods that go on in another process do nothing twice, and count the time they took before; processor only. */
import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import type { FitOptions, MethodName, Progress } from "../../lib/fit_types.ts";
import type { Sampled } from "../../lib/methods/method.ts";
import { SAMPLERS } from "../../lib/methods/registry.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { withCpu } from "../engine/support.ts";
import { NO_INPUTS } from "../inputs.ts";
import { makeSeries, spec } from "../model/support.ts";

const OPTIONS: FitOptions = {
  series: makeSeries({ rows: 40 }),
  spec: spec({ components: 2 }),
  method: "advi",
  chains: 8,
  warmup: 60,
  draws: 80,
  seed: 3,
  holdout: 0,
  engine: "cpu",
  inputs: NO_INPUTS,
};
const PROBLEM = buildProblem(OPTIONS.series, OPTIONS.spec);
const HOUR_MS = 3_600_000;

/** A state in which every stretch of time, in milliseconds, is an hour longer. */
function older(state: unknown): unknown {
  if (state?.constructor !== Object) return state;
  return Object.fromEntries(
    Object.entries(state as object).map(([name, value]) => [
      name,
      /^(ms|.*Ms)$/.test(name) && value !== undefined ? value + HOUR_MS : older(value),
    ]),
  );
}

/** Runs a method, from a state if one is given; also gives the states offered, and what was told later than each. */
async function run(engine: Engine, method: MethodName, from?: unknown) {
  const states: unknown[] = [], told: Progress[] = [], toldBefore: number[] = [];
  const sampled = await SAMPLERS[method](engine, PROBLEM, { ...OPTIONS, method }, {
    onProgress: (progress) => void told.push(progress),
    continuation: {
      from,
      offer(state) {
        states.push(state);
        toldBefore.push(told.length);
      },
    },
  });
  return { sampled, states, told, laterThan: (state: number) => told.slice(toldBefore[state]) };
}

/** Goes on twice, each time an hour older. */
async function afterTwoHours(engine: Engine, method: MethodName): Promise<Sampled> {
  const { states } = await run(engine, method);
  const once = await run(engine, method, older(states[Math.floor(0.8 * states.length)]));
  return (await run(engine, method, older(once.states.at(-1)))).sampled;
}

/** Steps of the work, but for draws, which are told of again. */
const workOf = (told: readonly Progress[]) =>
  told.filter(({ phase }) => phase !== "sampling")
    .map(({ step, phase, done, gradients }) => ({ step, phase, done, gradients }));

for (const method of ["two-stage", "advi", "advi-fullrank", "pathfinder"] as const) {
  Deno.test(`${method} does nothing twice`, () =>
    withCpu(async (engine) => {
      const whole = await run(engine, method), { length } = whole.states;
      for (const i of [0, length >> 2, length >> 1, length - 1]) {
        const { told } = await run(engine, method, whole.states[i]);
        assert.deepEqual(
          workOf(told),
          workOf(whole.laterThan(i)),
          `gone on with from state ${i} of ${length}`,
        );
      }
    }));
}

const hours = (seconds: number) => Math.floor(seconds / 3600);

for (const method of ["advi", "advi-fullrank", "pathfinder"] as const) {
  Deno.test(`the search of ${method} counts the time before it was cut off`, () =>
    withCpu(async (engine) => {
      const { timing } = await afterTwoHours(engine, method);
      assert.deepEqual([hours(timing.warmup_s), hours(timing.sampling_s)], [2, 0]);
    }));
}

Deno.test("both stages of two-stage count the time before they were cut off", () =>
  withCpu(async (engine) => {
    const { timing, twoStage } = await afterTwoHours(engine, "two-stage");
    const { stage_one, stage_two } = twoStage!;
    assert.deepEqual([hours(stage_one.total_s), hours(stage_two.total_s)], [2, 2]);
    assert.deepEqual([hours(timing.warmup_s), hours(timing.sampling_s)], [4, 0], "the warm-ups of both");
  }));
