/** Runs pieces of WGSL in tests: opens a device, dispatches one kernel, reads its output. */
import assert from "node:assert/strict";
import rng from "../../kernels/common/rng.wgsl" with { type: "text" };
import special from "../../kernels/common/special.wgsl" with { type: "text" };
import { type Gpu, openDevice } from "../../lib/engine/device.ts";
import { assemble, type ShaderPart } from "../../lib/engine/shader.ts";

/** The kernels' shared WGSL. */
export const SPECIAL: ShaderPart = { file: "kernels/common/special.wgsl", source: special };
export const RNG: ShaderPart = { file: "kernels/common/rng.wgsl", source: rng };

const WORKGROUP = 64;

/** Runs `body` with an open device, checks that it freed every buffer it made, and closes the device. */
export async function withGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openDevice();
  try {
    await body(gpu);
    assert.equal(gpu.stats().buffers, 0, "buffers left behind");
  } finally {
    gpu.close();
  }
}

/** One element-wise kernel. */
export interface MapKernel {
  readonly parts: readonly ShaderPart[];
  /** WGSL element types, such as `f32` or `vec4u`. */
  readonly input: string;
  readonly output: string;
  /** WGSL expression of the output in `x`, an input element. */
  readonly expression: string;
  readonly data: ArrayBufferView<ArrayBuffer>;
  readonly count: number;
  readonly outputBytes: number;
}

/** Evaluates an expression at every element on the device. */
export async function mapOnDevice(gpu: Gpu, kernel: MapKernel): Promise<ArrayBuffer> {
  const main = `
    @group(0) @binding(0) var<storage, read> inputs: array<${kernel.input}>;
    @group(0) @binding(1) var<storage, read_write> outputs: array<${kernel.output}>;
    @compute @workgroup_size(${WORKGROUP})
    fn map(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < ${kernel.count}u) {
        let x = inputs[id.x];
        outputs[id.x] = ${kernel.expression};
      }
    }`;
  const pipeline = await gpu.compile("map", assemble([...kernel.parts, { file: "test", source: main }]));
  const inputs = gpu.upload("inputs", kernel.data, GPUBufferUsage.STORAGE);
  const outputs = gpu.buffer("outputs", kernel.outputBytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  try {
    const group = gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [inputs, outputs].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(kernel.count / WORKGROUP));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const [result] = await gpu.read([{ buffer: outputs, bytes: kernel.outputBytes }]);
    return result;
  } finally {
    gpu.destroyBuffer(inputs);
    gpu.destroyBuffer(outputs);
  }
}

/** Evaluates an f32 expression of an f32 `x`. */
export async function mapFloats(
  gpu: Gpu,
  expression: string,
  xs: Float32Array<ArrayBuffer>,
  parts: readonly ShaderPart[] = [SPECIAL],
): Promise<Float32Array> {
  const bytes = xs.byteLength;
  return new Float32Array(
    await mapOnDevice(gpu, {
      parts,
      input: "f32",
      output: "f32",
      expression,
      data: xs,
      count: xs.length,
      outputBytes: bytes,
    }),
  );
}

/** Distance between neighbouring f32 numbers at `value`; that of the smallest normal number below it. */
export function ulp(value: number): number {
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -126)));
  return 2 ** (exponent - 23);
}
