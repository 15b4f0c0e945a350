/**
 * The one owner of a GPU device: compiles kernels, makes and counts buffers, reads results back, and turns
 * whatever the device refuses into one sentence. Everything it made is gone after {@link Gpu.close}.
 */
import { DeviceError } from "../errors.ts";
import {
  adapterName,
  findAdapter,
  isSoftware,
  type LimitName,
  REQUESTED_LIMITS,
  requireLimit,
  USE_CPU,
} from "./adapter.ts";
import type { Shader } from "./shader.ts";

/** A stretch of a buffer to read back. */
export interface ReadRange {
  readonly buffer: GPUBuffer;
  /** Bytes; multiples of 4. */
  readonly offset?: number;
  readonly bytes: number;
}

/** What a device holds at this moment. */
export interface GpuStats {
  /** Buffers that callers made and have not destroyed, and their bytes. */
  readonly buffers: number;
  readonly bytes: number;
  /** Bytes of idle and busy staging buffers kept for reading back. */
  readonly stagingBytes: number;
}

/** What to ask of the device. */
export interface DeviceOptions {
  /** Limits without which there is no point in opening the device. */
  readonly needs?: Readonly<Partial<Record<LimitName, number>>>;
}

/** Staging buffers start at this size, so that small read-backs share one. */
const SMALLEST_STAGING_BYTES = 65536;

const roundUp = (bytes: number, multiple: number): number => Math.ceil(bytes / multiple) * multiple;

/** An open device. Made by {@link openDevice}; close it. */
export class Gpu {
  readonly device: GPUDevice;
  /** Human name, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly adapterName: string;
  /** Whether the adapter is software on the processor's own cores. */
  readonly software: boolean;
  readonly limits: GPUSupportedLimits;
  #buffers = new Map<GPUBuffer, number>();
  #idleStaging: GPUBuffer | undefined;
  #busyStaging = new Set<GPUBuffer>();
  #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #failure: DeviceError | undefined;
  #closed = false;

  /** @param info of the adapter the device came from */
  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    this.device = device;
    this.adapterName = adapterName(info);
    this.software = isSoftware(info);
    this.limits = device.limits;
    device.lost.then(({ message }) => {
      this.#fail(`The device ${this.adapterName} was lost (${message})`);
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // it is not lost: the next check() throws it
      const { error } = event as GPUUncapturedErrorEvent;
      this.#fail(
        error instanceof GPUOutOfMemoryError
          ? `The device ${this.adapterName} ran out of memory`
          : `The device ${this.adapterName} refused an operation (${error.message})`,
      );
    });
  }

  #fail(what: string): void {
    if (this.#closed) return;
    this.#failure ??= new DeviceError(`${what}; run again with fewer chains, or ${USE_CPU}.`);
  }

  /** @throws DeviceError when the device was lost, refused an operation since it was opened, or is closed */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new DeviceError(`The device ${this.adapterName} is closed already.`);
  }

  /** @throws DeviceError when `what` needs more than the device allows; one sentence with both numbers */
  require(name: LimitName, needed: number, what: string): void {
    requireLimit(this.limits, this.adapterName, name, needed, what);
  }

  /**
   * Makes a buffer that counts until {@link destroyBuffer}. Its contents start as zeros.
   *
   * @param label what it holds, for messages
   * @param bytes rounded up to a multiple of 4, at least 4
   * @param usage GPUBufferUsage flags
   * @throws DeviceError when it is larger than the device allows
   */
  buffer(label: string, bytes: number, usage: number): GPUBuffer {
    this.check();
    const size = Math.max(4, roundUp(bytes, 4));
    const what = `The buffer of ${label}`;
    this.require("maxBufferSize", size, what);
    if (usage & GPUBufferUsage.STORAGE) this.require("maxStorageBufferBindingSize", size, what);
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#buffers.set(buffer, size);
    return buffer;
  }

  /** Makes a buffer that holds `data`, of 32-bit words, from the start; COPY_DST is added to `usage`. */
  upload(label: string, data: ArrayBuffer | ArrayBufferView<ArrayBuffer>, usage: number): GPUBuffer {
    const buffer = this.buffer(label, data.byteLength, usage | GPUBufferUsage.COPY_DST);
    if (data.byteLength > 0) this.device.queue.writeBuffer(buffer, 0, data); // Deno 2.9.6 panics on nothing
    return buffer;
  }

  /** Frees a buffer made here. A second call does nothing. */
  destroyBuffer(buffer: GPUBuffer): void {
    if (this.#buffers.delete(buffer)) buffer.destroy();
  }

  /** What is held now; all zero after {@link close}. */
  stats(): GpuStats {
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
    const staging = [...this.#busyStaging, ...(this.#idleStaging === undefined ? [] : [this.#idleStaging])];
    return {
      buffers: this.#buffers.size,
      bytes: sum(this.#buffers.values()),
      stagingBytes: sum(staging.map(({ size }) => size)),
    };
  }

  /**
   * Compiles a kernel, once per source and entry point.
   *
   * @param label its name in messages
   * @param entryPoint may be left out when the shader has only one
   * @throws DeviceError naming file, line and source line of every compile error, or what the device refused
   */
  compile(label: string, shader: Shader, entryPoint?: string): Promise<GPUComputePipeline> {
    this.check();
    const key = `${entryPoint ?? ""}\n${shader.code}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#compile(label, shader, entryPoint);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(label: string, shader: Shader, entryPoint?: string): Promise<GPUComputePipeline> {
    // The scope keeps the error from reaching the uncaptured handler; the messages below say more.
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ label, code: shader.code });
    const scope = this.device.popErrorScope();
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter(({ type }) => type === "error");
    if (await scope !== null || errors.length > 0) {
      const lines = errors.map((message) => compileMessage(shader, message)).join("\n");
      throw new DeviceError(`The kernel ${label} does not compile:\n${lines}`);
    }
    try {
      const compute = { module, ...(entryPoint === undefined ? {} : { entryPoint }) };
      return await this.device.createComputePipelineAsync({ label, layout: "auto", compute });
    } catch (error) {
      this.check();
      throw new DeviceError(
        `The kernel ${label} does not run on ${this.adapterName} (${(error as Error).message}); ${USE_CPU}.`,
      );
    }
  }

  /**
   * Reads stretches of buffers (usage COPY_SRC) after all work submitted so far. One wait costs 10 to 12 ms
   * whatever its size, so ask for everything at once.
   *
   * @returns one copy per range
   * @throws DeviceError when the device was lost or refused an operation
   */
  async read(ranges: readonly ReadRange[]): Promise<ArrayBuffer[]> {
    this.check();
    const sizes = ranges.map(({ bytes }) => roundUp(bytes, 4));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total === 0) return ranges.map(() => new ArrayBuffer(0));
    const staging = this.#takeStaging(total);
    const encoder = this.device.createCommandEncoder({ label: "read back" });
    let end = 0;
    const starts = ranges.map(({ buffer, offset = 0 }, i) => {
      const start = end;
      encoder.copyBufferToBuffer(buffer, offset, staging, start, sizes[i]);
      end += sizes[i];
      return start;
    });
    this.device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, total);
      this.check();
      const mapped = staging.getMappedRange(0, total);
      return ranges.map(({ bytes }, i) => mapped.slice(starts[i], starts[i] + bytes));
    } catch (error) {
      // A lost device rejects the mapping before it reports the loss: give it one turn to do so.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.check();
      throw new DeviceError(
        `Reading results from ${this.adapterName} failed (${(error as Error).message}); ${USE_CPU}.`,
      );
    } finally {
      this.#giveStaging(staging);
    }
  }

  /** The idle staging buffer if it is large enough, or a new one. */
  #takeStaging(bytes: number): GPUBuffer {
    let staging = this.#idleStaging;
    if (staging !== undefined && staging.size >= bytes) {
      this.#idleStaging = undefined;
    } else {
      this.require("maxBufferSize", bytes, "Reading results back");
      staging = this.device.createBuffer({
        label: "staging",
        size: Math.min(
          Math.max(SMALLEST_STAGING_BYTES, 2 ** Math.ceil(Math.log2(bytes))),
          this.limits.maxBufferSize,
        ),
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
    }
    this.#busyStaging.add(staging);
    return staging;
  }

  /** Keeps one idle staging buffer, the largest so far: the reads of an engine follow one another. */
  #giveStaging(staging: GPUBuffer): void {
    this.#busyStaging.delete(staging);
    const idle = this.#idleStaging;
    if (this.#closed || this.#failure !== undefined || (idle !== undefined && idle.size >= staging.size)) {
      staging.destroy();
      return;
    }
    if (staging.mapState === "mapped") staging.unmap();
    idle?.destroy();
    this.#idleStaging = staging;
  }

  /** Destroys every buffer and the device. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const buffer of this.#buffers.keys()) buffer.destroy();
    this.#buffers.clear();
    this.#idleStaging?.destroy();
    this.#idleStaging = undefined;
    this.#pipelines.clear();
    this.device.destroy();
  }
}

/** `kernels/common/rng.wgsl:12:7: the type of …` and the line itself. */
function compileMessage(shader: Shader, { lineNum, linePos, message }: GPUCompilationMessage): string {
  const reason = message.split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*\d*\s*[│┌]/.test(line)) // its own picture of the assembled code
    .map((line) => line.replace(/^Shader '.*?' parsing error: /, "").replace(/^\s*= /, ""))
    .join("; ");
  const place = shader.map[lineNum - 1];
  if (place === undefined) return reason; // line 0: the message is about the whole shader
  const text = shader.code.split("\n")[lineNum - 1];
  return `${place.file}:${place.line}:${linePos}: ${reason}\n    ${text.trim()}`;
}

/**
 * Opens a device with all that the adapter offers.
 *
 * @throws DeviceError when there is no adapter, a need is larger than the adapter allows, or it cannot be opened
 */
export async function openDevice({ needs = {} }: DeviceOptions = {}): Promise<Gpu> {
  const adapter = await findAdapter();
  if (adapter === undefined) {
    throw new DeviceError(
      `No WebGPU adapter was found; ${USE_CPU}, or install a graphics driver ` +
        "(on Debian the packages mesa-vulkan-drivers and libvulkan1 give a software adapter).",
    );
  }
  const name = adapterName(adapter.info);
  for (const [limit, needed] of Object.entries(needs)) {
    requireLimit(adapter.limits, name, limit as LimitName, needed, "This fit");
  }
  const requiredLimits = Object.fromEntries(REQUESTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  try {
    return new Gpu(await adapter.requestDevice({ requiredLimits }), adapter.info);
  } catch (error) {
    throw new DeviceError(
      `The device ${name} could not be opened (${(error as Error).message}); ${USE_CPU}.`,
    );
  }
}
