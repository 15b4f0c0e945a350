/** How methods ended, from one attempt at a comparison to the next: what comes back, and up to where. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { MethodEnd } from "../../lib/compare/compare.ts";
import type { FitKey } from "../../lib/fit_types.ts";
import { keepMethod, KEPT_SUFFIX, keptMethods } from "../../lib/service/kept_methods.ts";
import { fakeOutcome } from "../runs/fixture.ts";
import { inTemporary } from "../runs/temporary.ts";

const KEY: FitKey = { hillmix: "1", method: "chees", engine: "cpu", adapter: "processor", request: "a1" };
const { report } = fakeOutcome();
const FIT: MethodEnd = {
  kept: {
    report,
    business: report.business!,
    elpdPointwise: Float64Array.of(1 / 3, -0, NaN),
    businessDraws: { chains: 1, draws: 2, columns: new Map([["roas", Float64Array.of(5e-324, -Infinity)]]) },
  },
};
const FAILURE: MethodEnd = { status: "error", reason: "The density is not finite." };
const METHODS = ["one", "two", "three", "four"].map((run) => ({ run, key: { ...KEY, request: run } }));

async function keepAll(directory: string, ends: readonly MethodEnd[]): Promise<void> {
  for (const [i, end] of ends.entries()) await keepMethod(directory, METHODS[i].run, METHODS[i].key, end);
}

inTemporary("methods come back to the bit, failures between two fits with them", async (directory) => {
  assert.deepEqual(await keptMethods(directory, METHODS), []);
  await keepAll(directory, [FIT, FAILURE, FIT]);
  assert.deepEqual(await keptMethods(directory, METHODS), [FIT, FAILURE, FIT]);
});

inTemporary("failures at the end are tried again", async (directory) => {
  await keepAll(directory, [FAILURE, FAILURE]);
  assert.deepEqual(await keptMethods(directory, METHODS), []);
  await keepAll(directory, [FAILURE, FIT, FAILURE, FAILURE]);
  assert.deepEqual(await keptMethods(directory, METHODS), [FAILURE, FIT]);
});

inTemporary("after a method that is missing, damaged or another's nothing is taken", async (directory) => {
  const path = join(directory, `two${KEPT_SUFFIX}`), ends = [FIT, FIT, FIT, FIT];
  await keepAll(directory, ends);
  for (const change of [{ adapter: "other" }, { engine: "webgpu" }, { hillmix: "2" }, { request: "other" }]) {
    const methods = METHODS.map(({ run, key }, i) => ({ run, key: i === 1 ? { ...key, ...change } : key }));
    assert.deepEqual(await keptMethods(directory, methods), [FIT]);
  }
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await Deno.writeFile(path, bytes);
  assert.deepEqual(await keptMethods(directory, METHODS), [FIT]);
  await Deno.remove(path);
  assert.deepEqual(await keptMethods(directory, METHODS), [FIT]);
});
