import assert from "node:assert/strict";
import type { Engine, Ensemble, Evaluation } from "../../lib/engine/ensemble.ts";
import { impatient } from "../../lib/engine/impatient.ts";

const GRACE_MS = 50;
const never = () => new Promise<never>(() => {});
const soon = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), GRACE_MS / 5));

/** An engine whose evaluations end soon and whose transitions never do. */
function slowEngine(): Engine {
  const ensemble: Ensemble = {
    dim: 1,
    problems: 1,
    chains: 1,
    setPositions: () => soon(undefined),
    state() {
      throw new Error("Nobody asks for it");
    },
    restore: never,
    evaluate: () => soon({} as Evaluation),
    hmc: never,
    nuts: never,
    close: never,
  };
  return {
    name: "cpu",
    adapter: "none",
    software: false,
    ensemble: () => Promise.resolve(ensemble),
    close: never,
  };
}

Deno.test("a batch that would take forever ends after the grace, with the signal's reason, and so does closing", async () => {
  const control = new AbortController(), reason = new Error("enough");
  using patience = impatient(slowEngine(), control.signal, GRACE_MS);
  const ensemble = await patience.engine.ensemble({} as never);
  const running = ensemble.hmc(1, []);
  const began = performance.now();
  control.abort(reason);
  assert.deepEqual(await ensemble.evaluate(new Float64Array(1)), {}, "what ends within the grace counts");
  await assert.rejects(running, reason);
  assert.ok(performance.now() - began >= 0.8 * GRACE_MS);
  await assert.rejects(ensemble.nuts(1, []), reason);
  await ensemble.close();
  await patience.engine.close();
});

Deno.test("an abort before the engine was there counts, and no timer outlives the wrapper", async () => {
  const reason = new Error("enough"),
    { signal } = (() => {
      const control = new AbortController();
      control.abort(reason);
      return control;
    })();
  {
    using patience = impatient(slowEngine(), signal, GRACE_MS);
    const ensemble = await patience.engine.ensemble({} as never);
    await assert.rejects(ensemble.hmc(1, []), reason);
  }
  using unused = impatient(slowEngine(), signal, 1e6); // the test runner complains of timers that are left
  assert.equal(unused.engine.name, "cpu");
});

Deno.test("without an abort nothing changes", async () => {
  using patience = impatient(slowEngine(), new AbortController().signal, GRACE_MS);
  const ensemble = await patience.engine.ensemble({} as never);
  assert.deepEqual(await ensemble.evaluate(new Float64Array(1)), {});
  const first = await Promise.race([ensemble.hmc(1, []), soon("still at work")]);
  assert.equal(first, "still at work");
});

Deno.test("every argument of every call arrives", async () => {
  const calls: Record<string, readonly unknown[]> = {};
  const noting = (name: string) => (...args: readonly unknown[]) => {
    calls[name] = args;
    return Promise.resolve() as Promise<never>;
  };
  const state = { transition: 5, positions: Float64Array.of(3), replica: Uint32Array.of(0) };
  const kept: Ensemble = {
    dim: 1,
    problems: 1,
    chains: 1,
    setPositions: noting("setPositions"),
    state: () => state,
    restore: noting("restore"),
    evaluate: noting("evaluate"),
    hmc: noting("hmc"),
    nuts: noting("nuts"),
    close: noting("close"),
  };
  const engine: Engine = { ...slowEngine(), ensemble: () => Promise.resolve(kept) };
  using patience = impatient(engine, new AbortController().signal, GRACE_MS);
  const ensemble = await patience.engine.ensemble({} as never);
  const positions = Float64Array.of(1), replica = Uint32Array.of(0), reference = Float64Array.of(2);
  await ensemble.setPositions(positions, replica);
  await ensemble.evaluate(positions, 0.5);
  await ensemble.hmc(3, [], reference);
  await ensemble.nuts(4, []);
  assert.equal(ensemble.state(), state);
  await ensemble.restore(state);
  assert.deepEqual([calls.setPositions, calls.restore, calls.evaluate, calls.hmc, calls.nuts], [
    [positions, replica],
    [state],
    [positions, 0.5],
    [3, [], reference],
    [4, []],
  ]);
});
