/** Problems' read-only tables on the device, in sets as large as a plan allows. */
import type { TargetKernel } from "../../kernels/targets/target.ts";
import type { Gpu } from "./device.ts";
import type { Plan } from "./launch_plan.ts";

/** Problems whose tables are bound at a time. */
export interface ProblemSet {
  readonly first: number;
  readonly count: number;
  /** Bindings of group 0; each kernel makes its own group of them, because layouts made from kernels share none. */
  readonly entries: GPUBindGroupEntry[];
}

/** Uploads every problem's tables. @returns the sets, and the buffers that the caller then owns */
export function uploadTables(
  gpu: Gpu,
  { tables, data }: TargetKernel,
  { problemsPerSet, problemSlots, tableVectors, uniform }: Plan,
  problems: number,
): { readonly sets: ProblemSet[]; readonly buffers: GPUBuffer[] } {
  const usage = uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
  const shared = data === undefined
    ? []
    : [{ binding: 2, buffer: gpu.upload("target data", data, GPUBufferUsage.STORAGE) }];
  const buffers = shared.map(({ buffer }) => buffer), sets: ProblemSet[] = [];
  for (let first = 0; first < problems; first += problemsPerSet) {
    const some = (tables ?? []).slice(first, first + problemsPerSet);
    const vectors = new Float32Array(4 * tableVectors);
    let at = 0;
    const headers = some.map((table) => {
      vectors.set(table.vectors, at);
      const header = table.header(at / 4);
      at += table.vectors.length;
      return header;
    });
    const own: { binding: number; buffer: GPUBuffer }[] = [];
    if (headers.length > 0) {
      const words = new Uint32Array(headers[0]!.length * problemSlots);
      headers.forEach((header, i) => words.set(header, i * header.length));
      own.push({ binding: 0, buffer: gpu.upload("problems", words, usage) });
      own.push({ binding: 1, buffer: gpu.upload("tables", vectors, usage) });
      buffers.push(...own.map(({ buffer }) => buffer));
    }
    const entries = [...own, ...shared].map(({ binding, buffer }) => ({ binding, resource: { buffer } }));
    sets.push({ first, count: Math.min(problemsPerSet, problems - first), entries });
  }
  return { sets, buffers };
}
