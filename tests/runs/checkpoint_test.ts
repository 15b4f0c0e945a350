/** The checkpoint file: what comes back of it, what does not, and when it is written. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { FitKey, Saved } from "../../lib/fit_types.ts";
import { CHECKPOINT_FILE, CheckpointFile } from "../../lib/runs/checkpoint.ts";
import { inTemporary, names } from "./temporary.ts";

const KEY: FitKey = {
  hillmix: "1",
  method: "chees",
  engine: "cpu",
  adapter: "processor",
  request: "a1",
};
const at = (done: number) => ({ phase: "sampling", done, total: 9 } as const);
const STATE = {
  numbers: [1 / 3, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE],
  words: ["", "ä\u{1f600}"],
  nothing: { at: undefined, all: null, list: [] },
  yes: true,
  doubles: Float64Array.of(1 / 3, -0, NaN, -Infinity, 5e-324),
  floats: new Float32Array([1, 2, 3.5, NaN]).subarray(1),
  counts: Uint32Array.of(4294967295),
  origins: Int32Array.of(-1, 2147483647),
  flags: Uint8Array.of(0, 255),
  none: new Float64Array(0),
};

/** Leaves a checkpoint behind. */
async function leave(directory: string, saved: Saved, key = KEY): Promise<void> {
  const file = new CheckpointFile(directory);
  assert.deepEqual(await file.open(key), {});
  file.offer(saved);
  await file.leave(0);
  await file.close();
  assert.equal(file.trouble, undefined);
}

async function look(directory: string, key = KEY) {
  const file = new CheckpointFile(directory), found = await file.open(key);
  await file.close();
  return found;
}

inTemporary("a state comes back to the bit, in memory of its own", async (directory) => {
  await leave(directory, { at: at(3), state: STATE });
  assert.deepEqual(await names(directory), [CHECKPOINT_FILE]);
  const { saved, note } = await look(directory);
  assert.equal(note, undefined);
  assert.deepEqual(saved, { at: at(3), state: STATE });
  const state = saved!.state as typeof STATE;
  assert.ok(Object.is(state.numbers[1], -0) && Object.is(state.doubles[1], -0));
  for (const value of Object.values(state)) {
    if (ArrayBuffer.isView(value)) assert.equal(value.buffer.byteLength, value.byteLength);
  }
});

inTemporary("a checkpoint that cannot be used is said so once, and why", async (directory) => {
  const changes: [Partial<FitKey>, RegExp][] = [
    [{ hillmix: "2" }, /another version/],
    [{ hillmix: "2", request: "a2" }, /another version/],
    [{ engine: "webgpu" }, /another device: cpu on processor/],
    [{ adapter: "other" }, /another device/],
  ];
  for (const [change, reason] of changes) {
    await leave(directory, { at: at(3), state: STATE });
    const other = { ...KEY, ...change }, { saved, note } = await look(directory, other);
    assert.equal(saved, undefined);
    assert.match(note!, reason);
    assert.match(note!, /^What .* began anew, with the same seed\.$/);
    assert.deepEqual(await look(directory, other), {});
  }
});

inTemporary("of fits in turn each has its own: that of another one is none", async (directory) => {
  await leave(directory, { at: at(3), state: STATE });
  const second = { ...KEY, request: "a2" };
  for (const other of [second, { ...KEY, method: "nuts" } as const]) {
    assert.deepEqual(await look(directory, other), {});
  }
  assert.deepEqual((await look(directory)).saved!.at, at(3), "and it is left alone");

  const file = new CheckpointFile(directory, 50);
  assert.deepEqual((await file.open(KEY)).saved!.at, at(3));
  file.offer({ at: at(4), state: {} });
  assert.deepEqual(await file.open(second), {});
  await pause(150);
  assert.deepEqual(
    (await look(directory)).saved!.at,
    at(3),
    "what the first one offered last is not the second one's",
  );
  file.offer({ at: at(1), state: {} });
  await pause(150);
  assert.deepEqual((await look(directory, second)).saved!.at, at(1));
  assert.deepEqual(await look(directory), {});
  await file.close();
});

inTemporary("damage anywhere is seen", async (directory) => {
  const path = join(directory, CHECKPOINT_FILE);
  await leave(directory, { at: at(3), state: STATE });
  const whole = await Deno.readFile(path);
  const assertRefused = async (bytes: Uint8Array) => {
    await Deno.writeFile(path, bytes);
    const { saved, note } = await look(directory);
    assert.equal(saved, undefined);
    assert.match(note!, /the file is damaged/);
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = whole.slice();
      bytes[at]! ^= change;
      return assertRefused(bytes);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), (length) => assertRefused(whole.subarray(0, length))),
  );
  await assertRefused(new Uint8Array([...whole, 0]));
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

inTemporary(
  "the newest state is written when its time has come, and once when the fit is to leave",
  async (directory) => {
    const file = new CheckpointFile(directory, 200);
    await file.open(KEY);
    for (const done of [1, 2]) file.offer({ at: at(done), state: {} });
    await pause(20);
    assert.deepEqual(await names(directory), [], "not yet");
    await pause(400);
    assert.deepEqual((await look(directory)).saved!.at, at(2));

    const began = performance.now(), left = file.leave(10_000);
    file.offer({ at: at(3), state: {} });
    await left;
    assert.ok(performance.now() - began < 5000, "it waits for the next state and no longer");
    assert.deepEqual((await look(directory)).saved!.at, at(3));
    await file.close();
    file.offer({ at: at(4), state: {} });
    await file.leave(0);
    assert.deepEqual((await look(directory)).saved!.at, at(3), "nothing is written once the fit has ended");
  },
);

inTemporary("a fit that ends while it leaves has its last state saved", async (directory) => {
  const file = new CheckpointFile(directory);
  await file.open(KEY);
  file.offer({ at: at(5), state: {} });
  const left = file.leave(10_000);
  await file.close();
  await left;
  assert.deepEqual((await look(directory)).saved!.at, at(5));
});

inTemporary("a directory that takes nothing does not end the fit", async (directory) => {
  const file = new CheckpointFile(join(directory, "gone"));
  await file.open(KEY);
  file.offer({ at: at(1), state: {} });
  await file.leave(0);
  assert.match(file.trouble!, /could not be saved \(No such file/);
  await file.close();
});
