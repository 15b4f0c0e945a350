/**
 * What HMC costs on top of its gradients: its throughput beside that of the same kernel arithmetic in a bare loop
 * (plain.wgsl), assembled from the same parts and laid over workgroups in the same way.
 */
import { hillMixtureKernel } from "../../kernels/targets/hill_mixture.ts";
import lanesMany from "../../kernels/common/lanes_many.wgsl" with { type: "text" };
import lanesOne from "../../kernels/common/lanes_one.wgsl" with { type: "text" };
import special from "../../kernels/common/special.wgsl" with { type: "text" };
import tablesStorage from "../../kernels/common/tables_storage.wgsl" with { type: "text" };
import tablesUniform from "../../kernels/common/tables_uniform.wgsl" with { type: "text" };
import { type Gpu, openDevice } from "../../lib/engine/device.ts";
import { openEngine } from "../../lib/engine/open.ts";
import { type Plan, planFor } from "../../lib/engine/launch_plan.ts";
import { assemble } from "../../lib/engine/shader.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { formatLarge } from "../../lib/report/format.ts";
import { type BenchContext, type Benchmark, middle, tableLine } from "./benchmark.ts";
import { benchProblem, gradientError, passes, SEED, startPositions, timedHmc } from "./gradients.ts";
import source from "./plain.wgsl" with { type: "text" };

const ROWS = 200;
const COMPONENTS = 3;
const CHAINS = [256, 1024];
const REPEATS = 7;
const SECONDS = 0.3; // of each repeat
/** Share of the plain speed that HMC must reach. */
const TARGET = 0.75;
/** Of the gradient that a step goes: nothing, as far as anyone but the compiler can tell. */
const STEP = 1e-9;
/** Gradients per chain in one dispatch, far under the time any driver allows. */
const EVALUATIONS = 64;

/** Speeds in gradients per second, null when the check failed. */
export interface PlainFigure {
  readonly chains: number;
  readonly plain_gradients_per_s: number | null;
  readonly hmc_gradients_per_s: number | null;
  readonly ratio: number | null;
  readonly plain_error: number;
  readonly hmc_error: number;
}

export const plain: Benchmark = {
  title: `HMC beside its gradients alone, T=${ROWS} K=${COMPONENTS}`,
  run: ({ quick, write }) => measure(quick ? CHAINS.slice(0, 1) : CHAINS, write),
};

async function measure(
  chainCounts: readonly number[],
  write: BenchContext["write"],
): Promise<PlainFigure[]> {
  const problem = benchProblem(ROWS, COMPONENTS), figures: PlainFigure[] = [];
  const gpu = await openDevice(), { engine } = await openEngine("webgpu");
  const widths = [12, 10, 10, 10];
  write(tableLine(["", "plain", "HMC", "HMC/plain"], widths));
  try {
    for (const chains of chainCounts) {
      const ensemble = await engine.ensemble({
        target: { kind: "hill_mixture", problems: [problem] },
        chainsPerProblem: chains,
        seed: SEED,
      });
      const loop = await PlainLoop.create(gpu, problem, chains);
      const hmc = await timedHmc(ensemble, problem);
      const error = await loop.error();
      const rates = { plain: [] as number[], hmc: [] as number[] };
      for (let i = 0; i < REPEATS; i++) { // in turns, so that both see the same machine
        rates.plain.push(await loop.repeat(SECONDS));
        rates.hmc.push(await hmc.repeat(SECONDS));
      }
      loop.close();
      await ensemble.close();
      const good = passes(error) && passes(hmc.error());
      const each = good ? { plain: middle(rates.plain), hmc: middle(rates.hmc) } : undefined;
      figures.push({
        chains,
        plain_gradients_per_s: each?.plain ?? null,
        hmc_gradients_per_s: each?.hmc ?? null,
        ratio: each === undefined ? null : each.hmc / each.plain,
        plain_error: error,
        hmc_error: hmc.error(),
      });
      write(tableLine(
        each === undefined ? [`${chains} chains`, "wrong results"] : [
          `${chains} chains`,
          formatLarge(each.plain),
          formatLarge(each.hmc),
          `${(100 * each.hmc / each.plain).toFixed(0)}%`,
        ],
        widths,
      ));
    }
  } finally {
    await engine.close();
    gpu.close();
  }
  write(`Target: HMC at ${100 * TARGET}% of the plain speed or more.\n`);
  return figures;
}

/** The plain kernel on one problem; owns its buffers. */
class PlainLoop {
  readonly #gpu: Gpu;
  readonly #problem: HillProblem;
  readonly #chains: number;
  readonly #pipeline: GPUComputePipeline;
  readonly #plan: Plan;
  readonly #evaluations: number;
  readonly #starts: Float64Array;
  readonly #buffers: GPUBuffer[] = [];
  readonly #tables: GPUBindGroup;
  readonly #positions: GPUBuffer;
  readonly #ends: GPUBuffer;
  #secondsPerDispatch = Infinity;

  private constructor(
    gpu: Gpu,
    problem: HillProblem,
    chains: number,
    pipeline: GPUComputePipeline,
    plan: Plan,
  ) {
    this.#gpu = gpu;
    this.#problem = problem;
    this.#chains = chains;
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.#evaluations = Math.min(EVALUATIONS, plan.maxBudget);
    this.#starts = startPositions(problem, chains);
    const { layout: { dim } } = problem;
    const fields = new Float32Array(dim * chains); // (D, chains)
    this.#starts.forEach((value, i) => fields[(i % dim) * chains + Math.floor(i / dim)] = value);
    this.#positions = this.#keep(gpu.upload("starts", fields, GPUBufferUsage.STORAGE));
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
    this.#ends = this.#keep(gpu.buffer("ends", 4 * (2 * dim + 1) * chains, usage));
    this.#tables = this.#uploadTables();
  }

  static async create(gpu: Gpu, problem: HillProblem, chains: number): Promise<PlainLoop> {
    const target = hillMixtureKernel([problem]), plan = planFor(gpu, target, chains);
    const shader = assemble([
      { file: "kernels/common/special.wgsl", source: special },
      plan.uniform
        ? { file: "kernels/common/tables_uniform.wgsl", source: tablesUniform }
        : { file: "kernels/common/tables_storage.wgsl", source: tablesStorage },
      { file: `kernels/${target.file}`, source: target.source },
      plan.lanes === 1
        ? { file: "kernels/common/lanes_one.wgsl", source: lanesOne }
        : { file: "kernels/common/lanes_many.wgsl", source: lanesMany },
      { file: "tests/bench/plain.wgsl", source },
    ], {
      ...target.constants,
      LANES: plan.lanes,
      WORKGROUP: plan.workgroup,
      CHAINS_PER_GROUP: plan.chainsPerGroup,
      PROBLEMS: plan.problemSlots,
      TABLE_VECTORS: plan.tableVectors,
      TUNING_VECTORS: plan.tuningSlots, // declared beside the tables, unused
    });
    const loop = new PlainLoop(gpu, problem, chains, await gpu.compile("plain", shader, "plain"), plan);
    await loop.#run(1, loop.#evaluations);
    await loop.repeat(0); // the first estimate of a dispatch's time
    return loop;
  }

  /** Runs dispatches for about `seconds`; gradients per second. */
  async repeat(seconds: number): Promise<number> {
    const dispatches = Math.max(2, Math.round(seconds / this.#secondsPerDispatch));
    const began = performance.now();
    await this.#run(dispatches, this.#evaluations);
    this.#secondsPerDispatch = (performance.now() - began) / 1000 / dispatches;
    return this.#chains * this.#evaluations / this.#secondsPerDispatch;
  }

  /** Largest error of the gradients at the starts against the f64 reference. */
  async error(): Promise<number> {
    const ends = await this.#run(1, 1), { dim } = this.#problem.layout, chains = this.#chains;
    const gradient = this.#starts.map((_, i) => ends[(dim + i % dim) * chains + Math.floor(i / dim)]);
    return gradientError(this.#problem, this.#starts, gradient);
  }

  close(): void {
    for (const buffer of this.#buffers) this.#gpu.destroyBuffer(buffer);
  }

  async #run(dispatches: number, evaluations: number): Promise<Float32Array> {
    const gpu = this.#gpu;
    const words = new Uint32Array([this.#chains, evaluations, 0]);
    new Float32Array(words.buffer)[2] = STEP;
    const settings = gpu.upload("plain", words, GPUBufferUsage.UNIFORM);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#tables);
    const entries = [settings, this.#positions, this.#ends].map((buffer, i) => ({
      binding: [0, 2, 3][i],
      resource: { buffer },
    }));
    pass.setBindGroup(
      1,
      gpu.device.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(1), entries }),
    );
    for (let i = 0; i < dispatches; i++) {
      pass.dispatchWorkgroups(Math.ceil(this.#chains / this.#plan.chainsPerGroup));
    }
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    try {
      const [bytes] = await gpu.read([{ buffer: this.#ends, bytes: this.#ends.size }]);
      return new Float32Array(bytes);
    } finally {
      gpu.destroyBuffer(settings);
    }
  }

  #uploadTables(): GPUBindGroup {
    const gpu = this.#gpu, { tables, data } = hillMixtureKernel([this.#problem]);
    const usage = this.#plan.uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const [table] = tables!, header = table.header(0);
    const headers = new Uint32Array(header.length * this.#plan.problemSlots);
    const vectors = new Float32Array(4 * this.#plan.tableVectors);
    headers.set(header);
    vectors.set(table.vectors);
    const buffers = [
      gpu.upload("problems", headers, usage),
      gpu.upload("tables", vectors, usage),
      gpu.upload("target data", data!, GPUBufferUsage.STORAGE),
    ];
    return gpu.device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer: this.#keep(buffer) } })),
    });
  }

  #keep(buffer: GPUBuffer): GPUBuffer {
    this.#buffers.push(buffer);
    return buffer;
  }
}
