/** A tempered run stops soon after it is told to, whatever it is at, and tells how far it is all along. */
import assert from "node:assert/strict";
import type { Engine, Ensemble, EnsembleSpec } from "../../lib/engine/ensemble.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { SamplerProgress } from "../../lib/samplers/run.ts";
import { runTempered } from "../../lib/samplers/run_tempered.ts";
import { hillProblem, hillTarget, withCpu, withWebgpu } from "../engine/support.ts";

const PLAN = { ladders: 8, warmup: 120, draws: 100, thin: 2 };
const SOON_MS = 2000;

/** What the engine is asked to do next, and how many transitions the ladder has done. */
type Call = (what: "evaluate" | "hmc", tempered: boolean, done: number) => void;

/** An engine that tells before every call. */
function telling(engine: Engine, onCall: Call): Engine {
  const ensemble = async (spec: EnsembleSpec): Promise<Ensemble> => {
    const inner = await engine.ensemble(spec), tempered = spec.rungs !== undefined;
    return {
      dim: inner.dim,
      problems: inner.problems,
      chains: inner.chains,
      setPositions: (positions) => inner.setPositions(positions),
      state: () => inner.state(),
      restore: (state) => inner.restore(state),
      nuts: (transitions, tuning) => inner.nuts(transitions, tuning),
      close: () => inner.close(),
      evaluate(positions, beta) {
        onCall("evaluate", tempered, done);
        return inner.evaluate(positions, beta);
      },
      hmc(transitions, tuning, reference) {
        onCall("hmc", tempered, done);
        if (tempered) done += transitions;
        return inner.hmc(transitions, tuning, reference);
      },
    };
  };
  let done = 0;
  return { ...engine, name: engine.name, adapter: engine.adapter, software: engine.software, ensemble };
}

/** Runs until `at` says so, then stops: how long that took, and what was shown until then. */
async function stopAt(engine: Engine, problem: HillProblem, at: (...call: Parameters<Call>) => boolean) {
  const stop = new AbortController(), shown: SamplerProgress[] = [];
  let told = NaN;
  const spy = telling(engine, (...call) => {
    if (!Number.isNaN(told) || !at(...call)) return;
    told = performance.now();
    stop.abort();
  });
  const target = {
    target: hillTarget(problem),
    prior: (stream: RandomStream) => samplePrior(problem, stream),
  };
  const run = await runTempered(spy, target, 3, PLAN, (progress) => shown.push(progress), stop.signal);
  return { run, shown, took: performance.now() - told };
}

async function stopsEverywhere(engine: Engine, rows: number): Promise<void> {
  const problem = hillProblem({ rows, components: 3 });
  const moments: Record<string, (...call: Parameters<Call>) => boolean> = {
    annealing: (what, tempered) => what === "hmc" && !tempered,
    warmup: (what, tempered, done) => what === "hmc" && tempered && done > 0,
    relaying: (what, tempered) => what === "evaluate" && tempered, // for metrics, between two rounds
    sampling: (what, _tempered, done) => what === "hmc" && done >= PLAN.warmup,
  };
  for (const [moment, at] of Object.entries(moments)) {
    const { run, shown, took } = await stopAt(engine, problem, at);
    assert.ok(took < SOON_MS, `${moment}: ${took} ms`);
    assert.ok(run.interrupted, moment);
    assert.ok(shown.length > 0, `${moment}: nothing was shown`);
    assert.ok(shown.every(({ done, total, gradients }) => done >= 0 && done <= total && gradients > 0));
    assert.equal(run.batches.length > 0, moment === "sampling", moment);
    assert.equal(shown.some(({ phase }) => phase === "sampling"), moment === "sampling", moment);
  }
}

Deno.test("a tempered run stops soon in every phase, on the device", () =>
  withWebgpu((engine) => stopsEverywhere(engine, 400)));
Deno.test("a tempered run stops soon in every phase, in f64", () =>
  withCpu((engine) => stopsEverywhere(engine, 100)));
