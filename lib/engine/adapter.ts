/**
 * Finding a WebGPU adapter, naming it, and asking it for what the kernels need. Nothing here holds a resource.
 */
import { tmpdir } from "node:os";
import { DeviceError } from "../errors.ts";

/** The limits that decide what fits: always requested up to what the adapter offers. */
export const REQUESTED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;
export type LimitName = typeof REQUESTED_LIMITS[number];

/** What each limit counts, for sentences. */
const LIMIT_WORDS: Readonly<Record<LimitName, { readonly what: string; readonly bytes: boolean }>> = {
  maxStorageBufferBindingSize: { what: "in one storage buffer", bytes: true },
  maxBufferSize: { what: "in one buffer", bytes: true },
  maxStorageBuffersPerShaderStage: { what: "storage buffers in one kernel", bytes: false },
  maxComputeWorkgroupStorageSize: { what: "of workgroup memory", bytes: true },
  maxComputeInvocationsPerWorkgroup: { what: "invocations in one workgroup", bytes: false },
  maxComputeWorkgroupSizeX: { what: "invocations along one workgroup axis", bytes: false },
};

/** What to do when the device cannot: the same words everywhere. */
export const USE_CPU = "add --engine cpu to compute on the processor instead";

const SOFTWARE_ADAPTER = /llvmpipe|lavapipe|swiftshader|software|basic render|warp/i;

/**
 * Vulkan loaders on Linux print two lines of noise when this is unset; they only need it to name a folder.
 * Without permission for that one variable the noise is the lesser evil: never prompt.
 */
function quietRuntimeFolder(): void {
  if (Deno.build.os !== "linux") return;
  const permission = Deno.permissions.querySync({ name: "env", variable: "XDG_RUNTIME_DIR" });
  if (permission.state !== "granted" || Deno.env.get("XDG_RUNTIME_DIR")) return;
  try {
    Deno.env.set("XDG_RUNTIME_DIR", tmpdir());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/** The most capable adapter there is, or undefined when there is none. */
export async function findAdapter(): Promise<GPUAdapter | undefined> {
  quietRuntimeFolder();
  // No navigator.gpu: a runtime built without WebGPU, which is the same answer.
  return await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }) ?? undefined;
}

/** Human name of an adapter, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
export function adapterName(info: GPUAdapterInfo): string {
  return [info.description, info.device, info.architecture, info.vendor].find((text) => text !== "") ??
    "unnamed adapter";
}

/** Whether an adapter is software on the processor's own cores. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || SOFTWARE_ADAPTER.test(adapterName(info));
}

/** `1.5 GiB`, `32 KiB`: bytes for a sentence. */
function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}

/** Two different amounts of memory as two different texts. */
function distinctBytes(a: number, b: number): [string, string] {
  const [first, second] = [bytesText(a), bytesText(b)];
  return first === second ? [`${a} bytes`, `${b} bytes`] : [first, second];
}

/**
 * Checks a need against a limit before any work is done.
 *
 * @param what what needs it, as the subject of a sentence: `The draws buffer`
 * @throws DeviceError one sentence with both numbers when the need is larger than the limit
 */
export function requireLimit(
  limits: Readonly<Record<LimitName, number>>,
  adapter: string,
  name: LimitName,
  needed: number,
  what: string,
): void {
  const limit = limits[name];
  if (needed <= limit) return;
  const { what: counted, bytes } = LIMIT_WORDS[name];
  const [need, have] = bytes ? distinctBytes(needed, limit) : [`${needed}`, `${limit}`];
  throw new DeviceError(
    `${what} needs ${need} ${counted} but ${adapter} allows ${have}; use fewer chains or draws, or ${USE_CPU}.`,
  );
}
