/** A Worker for rpc_test.ts. */
import { serveCalls, Transfer } from "../../lib/engine/rpc.ts";
import { DeviceError } from "../../lib/errors.ts";

serveCalls({
  add: (a: number, b: number) => a + b,
  later: async (value: unknown, ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return value;
  },
  move(numbers: Float64Array) {
    return new Transfer(numbers, [numbers.buffer as ArrayBuffer]);
  },
  fail() {
    throw new TypeError("the handler failed");
  },
  failOddly() {
    return Promise.reject("not an Error"); // as some libraries do
  },
  loseDevice() {
    return Promise.reject(new DeviceError("The device was lost."));
  },
  crash() {
    setTimeout(() => {
      throw new Error("out of the blue");
    }, 0);
    return new Promise(() => {});
  },
});
