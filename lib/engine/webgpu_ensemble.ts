/** An ensemble on a WebGPU device: buffers, launches and read-back around the HMC kernel. */
import { hillMixtureKernel } from "../../kernels/targets/hill_mixture.ts";
import type { TargetKernel } from "../../kernels/targets/target.ts";
import { testDensityKernel } from "../../kernels/targets/test_densities.ts";
import {
  hmcSource,
  packLaunch,
  packTuning,
  recordFloats,
  stateFields,
  stateGradient,
  stateLogPrior,
} from "../../kernels/samplers/hmc.ts";
import { seedKey } from "../random.ts";
import { leapfrogSchedule } from "../samplers/trajectory.ts";
import type { Gpu } from "./device.ts";
import type { EnsembleSpec, Evaluation, NutsBatch, TransitionBatch, Tuning } from "./ensemble.ts";
import { type Plan, planFor } from "./launch_plan.ts";
import { samplerShader } from "./sampler_shader.ts";
import { type ProblemSet, WebgpuNuts } from "./webgpu_nuts.ts";

/** Longest a single launch should run: far under any watchdog, and cancel stays quick. */
const LAUNCH_MS = 50;
/** Positions evaluated in one go, per problem. */
const EVALUATE_AT_ONCE = 4096;

/** A set of problems as group 0 of the HMC kernel. */
interface BoundSet extends ProblemSet {
  readonly bindings: GPUBindGroup;
}

/** Chains in device memory: their state, and room for one batch of draws. */
interface Slots {
  readonly chainsPerProblem: number;
  readonly chains: number;
  readonly state: GPUBuffer;
  readonly progress: GPUBuffer;
}

/** All chains of one launch. Lives in the Worker that owns the device. */
export class WebgpuEnsemble {
  readonly dim: number;
  readonly problems: number;
  readonly chains: number;
  readonly #gpu: Gpu;
  readonly #spec: EnsembleSpec;
  readonly #pipeline: GPUComputePipeline;
  readonly #slots: Slots;
  readonly #plan: Plan;
  readonly #owned: GPUBuffer[] = [];
  readonly #sets: readonly BoundSet[];
  readonly #nuts: WebgpuNuts;
  #transition = 0;
  /** Measured milliseconds per gradient of one chain, all chains running; starts as a cautious guess. */
  #msPerGradient: number;

  private constructor(
    gpu: Gpu,
    spec: EnsembleSpec,
    target: TargetKernel,
    pipeline: GPUComputePipeline,
    plan: Plan,
  ) {
    this.#gpu = gpu;
    this.#spec = spec;
    this.#pipeline = pipeline;
    this.dim = target.constants["DIM"]!;
    this.problems = spec.target.kind === "hill_mixture" ? spec.target.problems.length : 1;
    this.chains = this.problems * spec.chainsPerProblem;
    this.#msPerGradient = (gpu.software ? 1e-5 : 2e-7) * target.terms * this.chains;
    this.#plan = plan;
    this.#sets = this.#uploadTables(target);
    this.#slots = this.#makeSlots(spec.chainsPerProblem);
    this.#owned.push(this.#slots.state, this.#slots.progress);
    this.#nuts = new WebgpuNuts(gpu, spec, target, plan, this.#sets, this.#slots.state, this.chains);
  }

  /**
   * Compiles the kernel for this target and uploads its data.
   *
   * @param lanes lanes per chain; by default chosen from the adapter and the number of chains
   * @throws DeviceError when the device's limits are too small, with both numbers
   */
  static async create(gpu: Gpu, spec: EnsembleSpec, lanes?: number): Promise<WebgpuEnsemble> {
    const target = spec.target.kind === "hill_mixture"
      ? hillMixtureKernel(spec.target.problems)
      : testDensityKernel(spec.target);
    const problems = spec.target.kind === "hill_mixture" ? spec.target.problems.length : 1;
    const plan = planFor(gpu, target, problems * spec.chainsPerProblem, lanes);
    const shader = samplerShader(plan, target, { file: "kernels/samplers/hmc.wgsl", source: hmcSource });
    const pipeline = await gpu.compile("hmc", shader, "hmc");
    return new WebgpuEnsemble(gpu, spec, target, pipeline, plan);
  }

  /** Moves every chain, positions (chains, D). */
  setPositions(positions: Float64Array): void {
    this.#place(this.#slots, positions);
  }

  /** Log densities and gradients at (problems, n, D) positions. */
  async evaluate(positions: Float64Array, beta = 1): Promise<Evaluation> {
    const dim = this.dim, each = positions.length / dim / this.problems;
    const result: Evaluation = {
      logPrior: new Float64Array(each * this.problems),
      logLik: new Float64Array(each * this.problems),
      gradient: new Float64Array(positions.length),
    };
    for (let start = 0; start < each; start += EVALUATE_AT_ONCE) {
      const count = Math.min(EVALUATE_AT_ONCE, each - start);
      const part = new Float64Array(count * this.problems * dim);
      for (let p = 0; p < this.problems; p++) {
        const from = (p * each + start) * dim;
        part.set(positions.subarray(from, from + count * dim), p * count * dim);
      }
      const state = await this.#evaluatePart(part, count, beta);
      const chains = count * this.problems;
      for (let c = 0; c < chains; c++) {
        const to = Math.floor(c / count) * each + start + c % count;
        result.logPrior[to] = state[stateLogPrior(dim) * chains + c]!;
        result.logLik[to] = state[(stateLogPrior(dim) + 1) * chains + c]!;
        for (let i = 0; i < dim; i++) {
          result.gradient[to * dim + i] = state[(stateGradient(dim) + i) * chains + c]!;
        }
      }
    }
    return result;
  }

  /** Advances every chain by `transitions` HMC transitions. */
  async hmc(transitions: number, tuning: readonly Tuning[]): Promise<TransitionBatch> {
    const counts = leapfrogSchedule(tuning, this.#transition, transitions);
    const perProblem = new Float64Array(this.problems);
    counts.forEach((count, i) => perProblem[i % this.problems]! += count);
    const gradients = Math.max(...perProblem);
    const started = performance.now();
    const records = await this.#launch(this.#slots, transitions, tuning, counts, gradients);
    this.#msPerGradient = Math.max(1e-6, (performance.now() - started) / (gradients + 1));
    this.#transition += transitions;
    return this.#unpack(records, transitions, counts);
  }

  /** Advances every chain by `transitions` no-U-turn transitions. @param mostGradients see {@link WebgpuNuts.run} */
  async nuts(transitions: number, tuning: readonly Tuning[], mostGradients?: number): Promise<NutsBatch> {
    const batch = await this.#nuts.run(this.#transition, transitions, tuning, mostGradients);
    this.#transition += transitions;
    return batch;
  }

  /** Frees every buffer. */
  close(): void {
    this.#nuts.close();
    for (const buffer of this.#owned) this.#gpu.destroyBuffer(buffer);
    this.#owned.length = 0;
  }

  async #evaluatePart(positions: Float64Array, count: number, beta: number): Promise<Float32Array> {
    const slots = this.#makeSlots(count);
    try {
      this.#place(slots, positions);
      const neutral: Tuning = {
        stepSize: 1,
        trajectoryLength: 1,
        maxLeapfrogs: 1,
        beta,
        factor: new Float64Array(this.dim * this.dim),
        centre: new Float64Array(this.dim),
      };
      const tuning = new Array<Tuning>(this.problems).fill(neutral);
      await this.#launch(slots, 0, tuning, new Uint32Array(this.problems), 0);
      return await readFloats(this.#gpu, slots.state);
    } finally {
      this.#gpu.destroyBuffer(slots.state);
      this.#gpu.destroyBuffer(slots.progress);
    }
  }

  /** Refreshes the accepted state, then launches until every problem has spent its gradients; reads the draws. */
  async #launch(
    slots: Slots,
    transitions: number,
    tuning: readonly Tuning[],
    counts: Uint32Array<ArrayBuffer>,
    gradients: number,
  ): Promise<Float32Array> {
    const gpu = this.#gpu, { device } = gpu, dim = this.dim;
    const scratch: GPUBuffer[] = [];
    const upload = (
      label: string,
      data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
      usage: number,
    ) => {
      scratch.push(gpu.upload(label, data, usage));
      return scratch.at(-1)!;
    };
    try {
      const countBuffer = upload("leapfrogs", counts, GPUBufferUsage.STORAGE);
      const drawBytes = 4 * transitions * slots.chains * recordFloats(dim);
      const draws = gpu.buffer("draws", drawBytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
      scratch.push(draws);
      device.queue.writeBuffer(slots.progress, 0, new Uint32Array(2 * slots.chains));

      const groupsPerProblem = Math.ceil(slots.chainsPerProblem / this.#plan.chainsPerGroup);
      const oneGradientMs = this.#msPerGradient * slots.chains / this.chains;
      const groups = groupsPerProblem * this.problems;
      const groupsAtOnce = Math.max(1, Math.floor(groups * Math.min(1, LAUNCH_MS / oneGradientMs)));
      const inTime = Math.floor(LAUNCH_MS / (oneGradientMs * groupsAtOnce / groups));
      const budget = Math.max(1, Math.min(inTime, this.#plan.maxBudget));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.#pipeline);
      for (const set of this.#sets) {
        const some = packTuning(
          tuning.slice(set.first, set.first + set.count),
          dim,
          this.#plan.problemsPerSet,
        );
        const usage = this.#plan.uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
        const tuningBuffer = upload("tuning", some, usage);
        const bindings = (firstGroup: number, refresh: boolean) => {
          const launch = packLaunch({
            firstGroup,
            groupsPerProblem,
            chainsPerProblem: slots.chainsPerProblem,
            chains: slots.chains,
            firstProblem: set.first,
            problems: this.problems,
            firstTransition: this.#transition,
            transitions,
            budget: refresh ? 1 : budget,
            refresh,
            seed: seedKey(this.#spec.seed),
          });
          const uniform = upload("launch", launch, GPUBufferUsage.UNIFORM);
          return device.createBindGroup({
            layout: this.#pipeline.getBindGroupLayout(1),
            entries: [uniform, tuningBuffer, countBuffer, slots.state, slots.progress, draws].map(bind),
          });
        };
        pass.setBindGroup(0, set.bindings);
        const groupsInSet = groupsPerProblem * set.count;
        for (let first = 0; first < groupsInSet; first += groupsAtOnce) {
          const size = Math.min(groupsAtOnce, groupsInSet - first);
          pass.setBindGroup(1, bindings(first, true));
          pass.dispatchWorkgroups(size);
          if (transitions === 0) continue;
          pass.setBindGroup(1, bindings(first, false));
          for (let spent = 0; spent < gradients; spent += budget) pass.dispatchWorkgroups(size);
        }
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      return transitions === 0 ? new Float32Array(0) : await readFloats(gpu, draws);
    } finally {
      for (const buffer of scratch) gpu.destroyBuffer(buffer);
    }
  }

  #unpack(records: Float32Array, transitions: number, leapfrogs: Uint32Array): TransitionBatch {
    const { dim, chains } = this, rows = transitions * chains, stride = recordFloats(dim);
    const positions = new Float32Array(rows * dim);
    const columns = Array.from({ length: 6 }, () => new Float64Array(rows));
    for (let row = 0; row < rows; row++) {
      const at = row * stride;
      positions.set(records.subarray(at, at + dim), row * dim);
      for (let c = 0; c < 6; c++) columns[c]![row] = records[at + dim + c]!;
    }
    const [logPrior, logLik, acceptance, energy, diverging, cheesGradient] = columns as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    return {
      transitions,
      chains,
      dim,
      positions,
      logPrior,
      logLik,
      acceptance,
      energy,
      diverging: Uint8Array.from(diverging),
      cheesGradient,
      leapfrogs,
    };
  }

  #makeSlots(chainsPerProblem: number): Slots {
    const chains = chainsPerProblem * this.problems;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return {
      chainsPerProblem,
      chains,
      state: this.#gpu.buffer("chain state", 4 * chains * stateFields(this.dim), usage),
      progress: this.#gpu.buffer("chain progress", 8 * chains, usage),
    };
  }

  /** Uploads every problem's tables, in sets as large as the plan allows. */
  #uploadTables({ tables, data }: TargetKernel): BoundSet[] {
    const gpu = this.#gpu, { problemsPerSet, tableVectors, uniform } = this.#plan;
    const usage = uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const shared = data === undefined
      ? []
      : [{ binding: 2, buffer: gpu.upload("target data", data, GPUBufferUsage.STORAGE) }];
    this.#owned.push(...shared.map(({ buffer }) => buffer));
    const sets: BoundSet[] = [];
    for (let first = 0; first < this.problems; first += problemsPerSet) {
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
        const words = new Uint32Array(headers[0]!.length * problemsPerSet);
        headers.forEach((header, i) => words.set(header, i * header.length));
        own.push({ binding: 0, buffer: gpu.upload("problems", words, usage) });
        own.push({ binding: 1, buffer: gpu.upload("tables", vectors, usage) });
        this.#owned.push(...own.map(({ buffer }) => buffer));
      }
      const entries = [...own, ...shared].map(({ binding, buffer }) => bind(buffer, binding));
      const bindings = gpu.device.createBindGroup({
        layout: this.#pipeline.getBindGroupLayout(0),
        entries,
      });
      sets.push({ first, count: Math.min(problemsPerSet, this.problems - first), entries, bindings });
    }
    return sets;
  }

  #place(slots: Slots, positions: Float64Array): void {
    const fields = new Float32Array(slots.chains * this.dim); // (D, chains)
    for (let c = 0; c < slots.chains; c++) {
      for (let i = 0; i < this.dim; i++) fields[i * slots.chains + c] = positions[c * this.dim + i]!;
    }
    this.#gpu.device.queue.writeBuffer(slots.state, 0, fields);
  }
}

async function readFloats(gpu: Gpu, buffer: GPUBuffer): Promise<Float32Array> {
  const [bytes] = await gpu.read([{ buffer, bytes: buffer.size }]);
  return new Float32Array(bytes!);
}

const bind = (buffer: GPUBuffer, binding: number): GPUBindGroupEntry => ({ binding, resource: { buffer } });
