/** Which engine to run on. */
import { DeviceError } from "../errors.ts";
import { openCpu } from "./cpu.ts";
import type { Engine } from "./ensemble.ts";
import { openWebgpu } from "./webgpu.ts";

/** An open engine, and why it is not the one that was hoped for. */
export interface Opened {
  readonly engine: Engine;
  /** A sentence when `auto` had to fall back on the processor. */
  readonly notice?: string;
}

/**
 * Opens the engine asked for; `auto` takes WebGPU where an adapter answers and the processor otherwise.
 *
 * @throws DeviceError when `webgpu` was asked for by name and cannot be opened
 */
export async function openEngine(choice: "auto" | "webgpu" | "cpu"): Promise<Opened> {
  if (choice === "cpu") return { engine: openCpu() };
  try {
    return { engine: await openWebgpu() };
  } catch (error) {
    if (choice === "webgpu" || !(error instanceof DeviceError)) throw error;
    return {
      engine: openCpu(),
      notice:
        "No WebGPU adapter answered, so this fit runs on the processor, in f64 and several times slower.",
    };
  }
}
