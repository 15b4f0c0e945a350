/** Runs that end anywhere and go on in another ensemble from what they last offered: the same draws, to the bit. */
import assert from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import type { Engine, Ensemble } from "../../lib/engine/ensemble.ts";
import type { Continuation, SamplerProgress } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { runTempered } from "../../lib/samplers/run_tempered.ts";
import { CANDIDATES, uniformStart } from "../../lib/samplers/start.ts";
import type { TemperedCheckpoint, TemperedTarget } from "../../lib/samplers/tempered_run.ts";
import { findModes } from "../../lib/samplers/find_modes.ts";
import { golfHole, mixture, temperedTarget } from "./tempered_targets.ts";
import { hillProblem, hillTarget, priorPositions, withCpu, withWebgpu } from "../engine/support.ts";

const CHAINS = 16, SEED = 11;
const PROBLEM = hillProblem({ rows: 30, components: 1 });
const CANDIDATES_OF_ALL = priorPositions(PROBLEM, CHAINS * CANDIDATES, SEED);

type Show = (progress: SamplerProgress) => void;
/** A whole run, begun or gone on with. */
type Run = (show: Show, continuation: Continuation<never>) => Promise<unknown>;

/** One test per engine. */
function onBoth(name: string, body: (engine: Engine) => Promise<void>): void {
  Deno.test(`${name} (webgpu)`, () => withWebgpu(body));
  Deno.test(`${name} (cpu)`, () => withCpu(body));
}

/** A run on an ensemble of its own. */
async function alone(
  engine: Engine,
  problems: number,
  run: (ensemble: Ensemble) => Promise<unknown>,
): Promise<unknown> {
  const ensemble = await engine.ensemble({
    target: hillTarget(...new Array(problems).fill(PROBLEM)),
    chainsPerProblem: CHAINS / problems,
    seed: SEED,
  });
  try {
    return await run(ensemble);
  } finally {
    await ensemble.close();
  }
}

/** Some of the offers of every stage: its first, two in its middle, its last. */
function someOf<T extends { readonly stage: string }>(offered: readonly T[]): T[] {
  return [...new Set(offered.map(({ stage }) => stage))].flatMap((stage) => {
    const own = offered.filter((one) => one.stage === stage), { length } = own;
    return [...new Set([0, length >> 1, (3 * length) >> 2, length - 1])].map((i) => own[i]);
  });
}

async function goesOn(run: Run, stages: readonly string[]): Promise<void> {
  const states: { stage: string }[] = [], told: SamplerProgress[] = [];
  const whole = await run((progress) => told.push(progress), { offer: (state) => void states.push(state) });
  // Only now, because nothing may have changed them meanwhile.
  const offered = states.map((state) => ({ stage: state.stage, bytes: serialize(state) }));
  assert.deepEqual([...new Set(offered.map(({ stage }) => stage))], stages);
  const drawn = (all: readonly SamplerProgress[]) =>
    all.filter(({ phase }) => phase === "sampling").map(({ batch }) => batch);
  for (const { stage, bytes } of someOf(offered)) {
    const again: SamplerProgress[] = [], later: SamplerProgress[] = [];
    const result = await run((progress) => (progress.again ? again : later).push(progress), {
      from: deserialize(bytes) as never,
      offer() {},
    });
    assert.deepEqual(result, whole, `gone on with in ${stage}`);
    // What was kept is told of again, and nothing else is done twice.
    assert.deepEqual(drawn([...again, ...later]), drawn(told));
    assert.equal(again.length > 0, stage === "sampling");
    assert.deepEqual(later, told.slice(told.length - later.length));
    assert.ok(later.length < told.length);
  }
}

onBoth("chees goes on as if nothing had happened", (engine) => {
  const plan = { warmup: 60, draws: 70 };
  return goesOn((show, continuation) =>
    alone(
      engine,
      1,
      (ensemble) => runChees(ensemble, CANDIDATES_OF_ALL, SEED, plan, show, undefined, continuation),
    ), ["annealing", "adapting", "sampling"]);
});

onBoth("and so does chees of several problems", (engine) => {
  const plan = { warmup: 30, draws: 30 };
  return goesOn((show, continuation) =>
    alone(
      engine,
      2,
      (ensemble) => runChees(ensemble, CANDIDATES_OF_ALL, SEED, plan, show, undefined, continuation),
    ), ["annealing", "adapting", "sampling"]);
});

onBoth("nuts goes on as if nothing had happened", (engine) => {
  const annealed = { candidates: CANDIDATES_OF_ALL, seed: SEED };
  const plan = { warmup: 60, draws: 60, targetAcceptance: 0.8, annealed };
  return goesOn(
    (show, continuation) =>
      alone(engine, 1, (ensemble) => runNuts(ensemble, plan, show, undefined, continuation)),
    ["annealing", "adapting", "sampling"],
  );
});

onBoth("and so do chains of nuts that share nothing", (engine) => {
  const plan = { warmup: 30, draws: 60, targetAcceptance: 0.8 };
  return goesOn((show, continuation) =>
    alone(engine, CHAINS, async (ensemble) => {
      if (continuation.from === undefined) await uniformStart(ensemble, SEED);
      return await runNuts(ensemble, plan, show, undefined, continuation);
    }), ["adapting", "sampling"]);
});

const TEMPERED = { ladders: 4, warmup: 160, draws: 100, thin: 3 };
const temperedRun = (engine: Engine, target: TemperedTarget, enough = true): Run => (show, continuation) => {
  const extension = { doublings: 1, enough: () => enough };
  return runTempered(engine, target, SEED, TEMPERED, show, undefined, extension, continuation);
};

onBoth("tempered ladders go on as if nothing had happened", async (engine) => {
  const target = temperedTarget(mixture(20, [0.3, 0.7], 8, 10)), ensembles = new Set<number>();
  await temperedRun(engine, target)(() => {}, {
    offer: (state: TemperedCheckpoint) => void ensembles.add(state.ensembles),
  });
  assert.ok(ensembles.size > 1, "no round laid a ladder of another length");
  await goesOn(temperedRun(engine, target), ["warm-up", "sampling"]);
});

onBoth("and so do ladders that jump between modes", async (engine) => {
  const hole = temperedTarget(golfHole(4));
  const { modes } = (await findModes(engine, hole.target, hole.prior, 3, 64))!;
  assert.equal(modes.length, 2);
  await goesOn(temperedRun(engine, { ...hole, modes }), ["warm-up", "sampling"]);
});

Deno.test("a run that has doubled goes on to the same end, whenever it ended before", () =>
  withCpu(async (engine) => {
    const hole = temperedTarget(golfHole(4)), states: TemperedCheckpoint[] = [];
    const { modes } = (await findModes(engine, hole.target, hole.prior, 3, 64))!;
    const run = temperedRun(engine, { ...hole, modes }, false);
    const whole = await run(() => {}, { offer: (state) => void states.push(state) });
    const drawing = states.flatMap((state) => state.stage === "sampling" ? [state] : []);
    assert.deepEqual([...new Set(drawing.map(({ doubled }) => doubled))], [0, 1]);
    for (const state of drawing) {
      const from = deserialize(serialize(state)) as never;
      assert.deepEqual(await run(() => {}, { from, offer() {} }), whole);
    }
  }));
