/** Fits in turn on an engine that is somebody else's. */
import assert from "node:assert/strict";
import { openCpu } from "../lib/engine/cpu.ts";
import { fitInTurn, type Turn } from "../lib/fit_in_turn.ts";
import type { FitOptions } from "../lib/fit_types.ts";
import { exampleSeries } from "../lib/data/simulate.ts";
import { NO_INPUTS } from "./inputs.ts";
import { spec } from "./model/support.ts";

const OPTIONS: FitOptions = {
  series: exampleSeries(),
  spec: spec({ components: 1 }),
  method: "advi",
  chains: 4,
  warmup: 20,
  draws: 50,
  seed: 1,
  holdout: 0,
  engine: "cpu",
  inputs: NO_INPUTS,
};

/** The processor's engine, and what was done with it. */
function countingEngine() {
  const engine = openCpu(), counts = { ensembles: 0, closed: 0 };
  const counting = {
    ...engine,
    ensemble(...args: Parameters<typeof engine.ensemble>) {
      counts.ensembles++;
      return engine.ensemble(...args);
    },
    close() {
      counts.closed++;
      return engine.close();
    },
  };
  return { opened: { engine: counting }, counts };
}

const turnsOf = (
  fits: readonly FitOptions[],
  lent: ReturnType<typeof countingEngine>,
  signal?: AbortSignal,
) =>
  Array.fromAsync<Turn>(
    fitInTurn(fits, { begin: () => ({ onProgress() {} }), ...(signal && { signal }) }, lent.opened),
  );

Deno.test("an engine that is lent does the work and stays open", async () => {
  const lent = countingEngine();
  const turns = await turnsOf([OPTIONS, { ...OPTIONS, seed: 2 }], lent);
  assert.ok(turns.every(({ outcome }) => outcome !== undefined));
  assert.ok(lent.counts.ensembles >= 2);
  assert.equal(lent.counts.closed, 0);
  await lent.opened.engine.close();
});

Deno.test("after a fit that threw, the others leave the lent engine alone", async () => {
  const lent = countingEngine();
  const turns = await turnsOf([{ ...OPTIONS, chains: 0 }, OPTIONS], lent);
  assert.deepEqual(turns.map(({ outcome }) => outcome === undefined), [true, false]);
  assert.ok(lent.counts.ensembles <= 1, "what the first one took, if anything");
  assert.equal(lent.counts.closed, 0);
  await lent.opened.engine.close();
});

Deno.test("stopped before the first fit, the stop's reason is the error", async () => {
  const lent = countingEngine(), reason = new Error("enough");
  await assert.rejects(turnsOf([OPTIONS], lent, AbortSignal.abort(reason)), reason);
  assert.deepEqual(lent.counts, { ensembles: 0, closed: 0 });
  await lent.opened.engine.close();
});
