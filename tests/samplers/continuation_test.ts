/** Runs that end anywhere and go on in another ensemble from what they last offered: the same draws, to the bit. */
import assert from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import type { Engine, Ensemble } from "../../lib/engine/ensemble.ts";
import type { Continuation, SamplerProgress } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { uniformStart } from "../../lib/samplers/start.ts";
import { CANDIDATES } from "../../lib/samplers/start.ts";
import { hillProblem, hillTarget, priorPositions, withCpu, withWebgpu } from "../engine/support.ts";

const CHAINS = 16, SEED = 11;
const PROBLEM = hillProblem({ rows: 40, components: 2 });
const CANDIDATES_OF_ALL = priorPositions(PROBLEM, CHAINS * CANDIDATES, SEED);

type Show = (progress: SamplerProgress) => void;
/** A whole run, begun or gone on with. */
type Run = (ensemble: Ensemble, show: Show, continuation: Continuation<never>) => Promise<unknown>;

/** One test per engine. */
function onBoth(name: string, body: (engine: Engine) => Promise<void>): void {
  Deno.test(`${name} (webgpu)`, () => withWebgpu(body));
  Deno.test(`${name} (cpu)`, () => withCpu(body));
}

const openFor = (engine: Engine, problems: number) =>
  engine.ensemble({
    target: hillTarget(...new Array(problems).fill(PROBLEM)),
    chainsPerProblem: CHAINS / problems,
    seed: SEED,
  });

/** Every state that a run offers, as bytes taken down when the run has ended: nothing may change them meanwhile. */
async function watch(engine: Engine, problems: number, run: Run) {
  const ensemble = await openFor(engine, problems), offered: { stage: string }[] = [];
  const shown: SamplerProgress[] = [];
  const result = await run(ensemble, (progress) => shown.push(progress), {
    offer: (state: { stage: string }) => void offered.push(state),
  });
  await ensemble.close();
  return {
    result,
    shown,
    offered: offered.map((state) => ({ stage: state.stage, bytes: serialize(state) })),
  };
}

/** Some of the offers of every stage: its first, one in its middle, its last. */
function someOf<T extends { readonly stage: string }>(offered: readonly T[]): T[] {
  return [...new Set(offered.map(({ stage }) => stage))].flatMap((stage) => {
    const own = offered.filter((one) => one.stage === stage);
    return [...new Set([own[0], own[own.length >> 1], own.at(-1)!])];
  });
}

async function goesOn(engine: Engine, run: Run, stages: readonly string[], problems = 1): Promise<void> {
  const whole = await watch(engine, problems, run);
  assert.deepEqual([...new Set(whole.offered.map(({ stage }) => stage))], stages);
  for (const { stage, bytes } of someOf(whole.offered)) {
    const ensemble = await openFor(engine, problems), shown: SamplerProgress[] = [];
    const continuation = { from: deserialize(bytes), offer() {} };
    const result = await run(ensemble, (progress) => shown.push(progress), continuation);
    await ensemble.close();
    assert.deepEqual(result, whole.result, `gone on with in ${stage}`);
    // What was kept is told of again, and nothing else is done twice.
    const drawn = (all: readonly SamplerProgress[]) => all.filter(({ phase }) => phase === "sampling");
    assert.deepEqual(drawn(shown).map(({ batch }) => batch), drawn(whole.shown).map(({ batch }) => batch));
    assert.equal(shown.some(({ again }) => again), stage === "sampling");
    const anew = shown.filter(({ again }) => !again);
    assert.deepEqual(anew, whole.shown.slice(whole.shown.length - anew.length));
    assert.ok(anew.length < whole.shown.length);
  }
}

onBoth("chees goes on as if nothing had happened", (engine) =>
  goesOn(
    engine,
    (ensemble, show, continuation) =>
      runChees(ensemble, CANDIDATES_OF_ALL, SEED, { warmup: 60, draws: 70 }, show, undefined, continuation),
    ["annealing", "adapting", "sampling"],
  ));

onBoth("and so does chees of several problems", (engine) =>
  goesOn(
    engine,
    (ensemble, show, continuation) =>
      runChees(ensemble, CANDIDATES_OF_ALL, SEED, { warmup: 30, draws: 30 }, show, undefined, continuation),
    ["annealing", "adapting", "sampling"],
    2,
  ));

onBoth("nuts goes on as if nothing had happened", (engine) => {
  const annealed = { candidates: CANDIDATES_OF_ALL, seed: SEED };
  const plan = { warmup: 60, draws: 110, targetAcceptance: 0.9, annealed };
  return goesOn(
    engine,
    (ensemble, show, continuation) => runNuts(ensemble, plan, show, undefined, continuation),
    ["annealing", "adapting", "sampling"],
  );
});

onBoth("and so do chains of nuts that share nothing", (engine) =>
  goesOn(
    engine,
    async (ensemble, show, continuation) => {
      if (continuation.from === undefined) await uniformStart(ensemble, SEED);
      return await runNuts(
        ensemble,
        { warmup: 30, draws: 60, targetAcceptance: 0.8 },
        show,
        undefined,
        continuation,
      );
    },
    ["adapting", "sampling"],
    CHAINS,
  ));
