/** Stands in for the engines' self-test: the processor is right, the GPU is not. */
import { DeviceError } from "../../../lib/errors.ts";

interface Result {
  readonly gradientsPerSecond: number;
  readonly gradientError: number;
  readonly passed: boolean;
}

export function selfTest(engine: "webgpu" | "cpu", _seconds: number): Promise<Result> {
  if (engine === "webgpu") return Promise.reject(new DeviceError("The device was lost."));
  return Promise.resolve({ gradientsPerSecond: 123_456, gradientError: 0, passed: true });
}
