import assert from "node:assert/strict";
import { RemoteWorker } from "../../lib/engine/rpc.ts";
import { DeviceError } from "../../lib/errors.ts";

const SCRIPT = new URL("./rpc_worker.ts", import.meta.url);

async function withWorker(body: (worker: RemoteWorker) => Promise<void>, script = SCRIPT): Promise<void> {
  const worker = new RemoteWorker(script, "test");
  try {
    await body(worker);
  } finally {
    worker.terminate();
  }
}

Deno.test("every call gets its own answer, in whatever order they come", () =>
  withWorker(async (worker) => {
    assert.equal(await worker.call("add", [2, 3]), 5);
    const order: string[] = [];
    const call = async (value: string, ms: number) => order.push(await worker.call("later", [value, ms]));
    await Promise.all([call("slow", 60), call("quick", 0)]);
    assert.deepEqual(order, ["quick", "slow"]);
  }));

Deno.test("arrays move both ways without being copied", () =>
  withWorker(async (worker) => {
    const numbers = Float64Array.of(1, 2, 3);
    const back = await worker.call<Float64Array>("move", [numbers], [numbers.buffer]);
    assert.deepEqual(back, Float64Array.of(1, 2, 3));
    assert.equal(numbers.length, 0, "the sender must have given its array away");
  }));

Deno.test("a failing call rejects alone, a device's failure as a DeviceError", () =>
  withWorker(async (worker) => {
    await assert.rejects(worker.call("fail"), { name: "Error", message: "the handler failed" });
    await assert.rejects(worker.call("failOddly"), { name: "Error", message: "not an Error" });
    await assert.rejects(worker.call("loseDevice"), (error) => {
      assert.ok(error instanceof DeviceError);
      assert.equal(error.message, "The device was lost.");
      return true;
    });
    assert.equal(await worker.call("add", [1, 1]), 2);
  }));

Deno.test("a crash rejects every call in flight and every later one with one sentence", () =>
  withWorker(async (worker) => {
    const sentence = { name: "DeviceError", message: /^The test worker stopped: .*out of the blue/ };
    const waiting = assert.rejects(worker.call("later", [1, 60_000]), sentence);
    await assert.rejects(worker.call("crash"), sentence);
    await waiting;
    await assert.rejects(worker.call("add", [1, 1]), sentence);
  }));

Deno.test("a worker that does not even start rejects the first call", () =>
  withWorker(async (worker) => {
    await assert.rejects(worker.call("add", [1, 1]), {
      name: "DeviceError",
      message: /^The test worker stopped: .*no start/,
    });
  }, new URL("data:text/javascript,throw new Error('no start')")));

Deno.test("terminating rejects what is in flight and what comes later", async () => {
  const worker = new RemoteWorker(SCRIPT, "test");
  const closed = { name: "DeviceError", message: /was closed while work was still in flight/ };
  const waiting = assert.rejects(worker.call("later", [1, 60_000]), closed);
  worker.terminate();
  worker.terminate();
  await waiting;
  await assert.rejects(worker.call("add", [1, 1]), closed);
});
