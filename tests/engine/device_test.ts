import assert from "node:assert/strict";
import { findAdapter, REQUESTED_LIMITS } from "../../lib/engine/adapter.ts";
import { type Gpu, openDevice } from "../../lib/engine/device.ts";
import { assemble } from "../../lib/engine/shader.ts";
import { DeviceError } from "../../lib/errors.ts";
import { withGpu } from "../kernels/harness.ts";

const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;

const DOUBLE = {
  file: "double.wgsl",
  source: `@group(0) @binding(0) var<storage, read_write> values: array<u32>;
    @compute @workgroup_size(4)
    fn double(@builtin(local_invocation_index) i: u32) { values[i] = FACTOR * values[i]; }`,
};

/** Runs the kernel once over four words. */
function dispatch(gpu: Gpu, pipeline: GPUComputePipeline, buffer: GPUBuffer): void {
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

Deno.test("openDevice names its adapter and has every limit the adapter offers", () =>
  withGpu(async (gpu) => {
    const adapter = await findAdapter();
    assert.ok(adapter !== undefined);
    assert.notEqual(gpu.adapterName, "unnamed adapter");
    for (const name of REQUESTED_LIMITS) assert.equal(gpu.limits[name], adapter.limits[name], name);
  }));

Deno.test("openDevice refuses a need beyond the adapter in one sentence with both numbers", async () => {
  const adapter = await findAdapter();
  const limit = adapter!.limits.maxStorageBuffersPerShaderStage;
  await assert.rejects(openDevice({ needs: { maxStorageBuffersPerShaderStage: limit + 1 } }), (error) => {
    assert.ok(error instanceof DeviceError);
    assert.match(
      error.message,
      new RegExp(`needs ${limit + 1} storage buffers .* allows ${limit};.*--engine cpu`),
    );
    return true;
  });
});

Deno.test("a kernel runs, and its constants with it", () =>
  withGpu(async (gpu) => {
    const buffer = gpu.upload("words", Uint32Array.of(1, 2, 3, 4), STORAGE | COPY_SRC);
    dispatch(gpu, await gpu.compile("double", assemble([DOUBLE], { FACTOR: 2 })), buffer);
    dispatch(gpu, await gpu.compile("double", assemble([DOUBLE], { FACTOR: 5 })), buffer);
    const [bytes] = await gpu.read([{ buffer, bytes: 16 }]);
    assert.deepEqual([...new Uint32Array(bytes)], [10, 20, 30, 40]);
    gpu.destroyBuffer(buffer);
  }));

Deno.test("stats count what callers hold, and everything is zero after close", async () => {
  const gpu = await openDevice();
  const first = gpu.buffer("first", 10, STORAGE | COPY_SRC);
  gpu.buffer("second", 100, STORAGE);
  assert.deepEqual(gpu.stats(), { buffers: 2, bytes: 112, stagingBytes: 0 });
  await gpu.read([{ buffer: first, bytes: 10 }]);
  assert.ok(gpu.stats().stagingBytes > 0);
  gpu.destroyBuffer(first);
  gpu.destroyBuffer(first);
  assert.equal(gpu.stats().buffers, 1);
  gpu.close();
  gpu.close();
  assert.deepEqual(gpu.stats(), { buffers: 0, bytes: 0, stagingBytes: 0 });
  assert.throws(() => gpu.buffer("late", 4, STORAGE), { name: "DeviceError", message: /closed already/ });
});

Deno.test("close during a read leaves nothing behind", async () => {
  const gpu = await openDevice();
  const buffer = gpu.buffer("words", 1024, STORAGE | COPY_SRC);
  const reading = gpu.read([{ buffer, bytes: 1024 }]);
  gpu.close();
  await assert.rejects(reading, { name: "DeviceError", message: /closed already/ });
  assert.deepEqual(gpu.stats(), { buffers: 0, bytes: 0, stagingBytes: 0 });
});

Deno.test("read gives every range in order and reuses its staging buffer", () =>
  withGpu(async (gpu) => {
    const one = gpu.upload("one", Uint32Array.of(1, 2, 3, 4), STORAGE | COPY_SRC);
    const two = gpu.upload("two", Uint8Array.of(5, 6, 7, 8, 9, 10, 11, 12), STORAGE | COPY_SRC);
    const ranges = [
      { buffer: one, offset: 8, bytes: 8 },
      { buffer: two, bytes: 6 },
      { buffer: one, bytes: 0 },
      { buffer: one, bytes: 4 },
    ];
    for (let turn = 0; turn < 3; turn++) {
      const read = await gpu.read(ranges);
      assert.deepEqual(read.map((bytes) => [...new Uint8Array(bytes)]), [
        [3, 0, 0, 0, 4, 0, 0, 0],
        [5, 6, 7, 8, 9, 10],
        [],
        [1, 0, 0, 0],
      ]);
      assert.equal(gpu.stats().stagingBytes, 65536);
    }
    const both = await Promise.all([gpu.read([ranges[0]]), gpu.read([ranges[1]])]);
    assert.deepEqual(both.map(([bytes]) => bytes.byteLength), [8, 6]);
    assert.equal(gpu.stats().stagingBytes, 65536);

    const large = gpu.buffer("large", 300_000, STORAGE | COPY_SRC);
    await gpu.read([{ buffer: large, bytes: 300_000 }]);
    await gpu.read([{ buffer: one, bytes: 4 }]);
    assert.equal(gpu.stats().stagingBytes, 2 ** 19);
    for (const buffer of [one, two, large]) gpu.destroyBuffer(buffer);
  }));

Deno.test("compile gives the same pipeline for the same source and entry point", () =>
  withGpu(async (gpu) => {
    const pipeline = await gpu.compile("double", assemble([DOUBLE], { FACTOR: 2 }));
    assert.equal(await gpu.compile("double", assemble([DOUBLE], { FACTOR: 2 })), pipeline);
    assert.notEqual(await gpu.compile("double", assemble([DOUBLE], { FACTOR: 3 })), pipeline);
    assert.notEqual(await gpu.compile("double", assemble([DOUBLE], { FACTOR: 2 }), "double"), pipeline);
  }));

/** The message of the DeviceError that compiling ends in. */
async function compileFailure(gpu: Gpu, file: string, source: string): Promise<string> {
  const shader = assemble([DOUBLE, { file, source }], { FACTOR: 2 });
  const failure = await gpu.compile("broken", shader, "broken").catch((error) => error);
  assert.ok(failure instanceof DeviceError, `${failure}`);
  gpu.check(); // the device itself is well
  return failure.message;
}

Deno.test("a syntax or type error names the file, the line in that file and the line itself", () =>
  withGpu(async (gpu) => {
    const message = await compileFailure(
      gpu,
      "kernels/broken.wgsl",
      "// One\nfn broken() {\n  let a: u32 = 1.5;\n}",
    );
    assert.match(
      message,
      /^The kernel broken does not compile:\nkernels\/broken\.wgsl:3:\d+: .*`a`.*\n {4}let a: u32 = 1\.5;$/,
    );
  }));

Deno.test("a validation error names its place and its cause", () =>
  withGpu(async (gpu) => {
    const source = "@compute @workgroup_size(1)\nfn broken() {\n  let a = 1u;\n  a.x = 2u;\n}";
    assert.match(
      await compileFailure(gpu, "kernels/broken.wgsl", source),
      /\nkernels\/broken\.wgsl:4:\d+: .*\n {4}a\.x/,
    );
    const huge = "@compute @workgroup_size(1000000) fn broken() {}";
    assert.match(await compileFailure(gpu, "kernels/broken.wgsl", huge), /Workgroup size is out of range/);
  }));

Deno.test("a kernel that the device cannot run is a sentence", () =>
  withGpu(async (gpu) => {
    const size = gpu.limits.maxComputeInvocationsPerWorkgroup + 1;
    const source = `@compute @workgroup_size(${size}) fn broken() {}`;
    const message = await compileFailure(gpu, "kernels/broken.wgsl", source);
    assert.match(message, /^The kernel broken does not run on .*\(.*\); add --engine cpu .*\.$/s);
  }));

Deno.test("a buffer beyond the device's limits is refused before it is made", () =>
  withGpu((gpu) => {
    const limit = gpu.limits.maxStorageBufferBindingSize;
    assert.throws(() => gpu.buffer("draws", limit + 4, STORAGE), {
      name: "DeviceError",
      message: /^The buffer of draws needs .* in one storage buffer but .* allows .*--engine cpu/,
    });
    assert.throws(() => gpu.buffer("draws", gpu.limits.maxBufferSize + 8, COPY_DST), {
      name: "DeviceError",
      message: /in one buffer but/,
    });
    return Promise.resolve();
  }));

Deno.test("an operation that the device refuses fails the next read, not silently", async () => {
  const gpu = await openDevice();
  try {
    const buffer = gpu.buffer("words", 16, STORAGE | COPY_SRC);
    const pipeline = await gpu.compile("double", assemble([DOUBLE], { FACTOR: 2 }));
    buffer.destroy();
    dispatch(gpu, pipeline, buffer);
    const other = gpu.buffer("other", 16, STORAGE | COPY_SRC);
    await assert.rejects(gpu.read([{ buffer: other, bytes: 16 }]), {
      name: "DeviceError",
      message: /^The device .* refused an operation \(.*--engine cpu/s,
    });
    assert.throws(() => gpu.check(), { name: "DeviceError" });
  } finally {
    gpu.close();
  }
});

Deno.test("a lost device is a sentence in everything that follows", async () => {
  const gpu = await openDevice();
  try {
    const buffer = gpu.buffer("words", 16, STORAGE | COPY_SRC);
    gpu.device.destroy(); // as near to a loss as a test can come
    await assert.rejects(gpu.read([{ buffer, bytes: 16 }]), {
      name: "DeviceError",
      message: /^The device .* was lost \(.*--engine cpu/,
    });
    assert.throws(() => gpu.buffer("more", 4, STORAGE), { name: "DeviceError", message: /was lost/ });
  } finally {
    gpu.close();
    assert.deepEqual(gpu.stats(), { buffers: 0, bytes: 0, stagingBytes: 0 });
  }
});
