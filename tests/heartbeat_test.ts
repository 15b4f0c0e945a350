import assert from "node:assert/strict";
import type { Progress } from "../lib/fit_types.ts";
import { heartbeat } from "../lib/heartbeat.ts";

const EVERY_MS = 30;
const at = (phase: Progress["phase"], done: number): Progress => ({
  phase,
  done,
  total: 10,
  transitionsPerSecond: 0,
  gradients: 0,
  divergences: 0,
});
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("the last progress is told again while nothing comes, with the time since its phase began", async () => {
  const seen: Progress[] = [];
  {
    using pulse = heartbeat((progress) => seen.push(progress), EVERY_MS);
    await wait(2 * EVERY_MS);
    assert.equal(seen.length, 0, "nothing to tell yet");
    pulse.onProgress(at("compile", 0));
    await wait(5 * EVERY_MS);
    assert.ok(seen.length >= 3, `${seen.length} reports`);
    assert.ok(seen.every(({ phase, done }) => phase === "compile" && done === 0));
    assert.ok(seen.at(-1)!.phaseSeconds! >= 3 * EVERY_MS / 1000);
    pulse.onProgress(at("warm-up", 1));
    assert.ok(seen.at(-1)!.phaseSeconds! < EVERY_MS / 1000, "a new phase counts from its start");
  }
  const told = seen.length;
  await wait(3 * EVERY_MS);
  assert.equal(seen.length, told, "nothing more once it is over");
});

Deno.test("steps that come quickly are told once each", async () => {
  let told = 0;
  using pulse = heartbeat(() => told++, 10 * EVERY_MS);
  for (let done = 0; done < 10; done++) {
    pulse.onProgress(at("sampling", done));
    await wait(1);
  }
  assert.equal(told, 10);
});
