/** No-U-turn transitions on a WebGPU device: launches around the nuts kernel until every chain has done its batch. */
import { packTuning } from "../../kernels/samplers/hmc.ts";
import { NUTS_STATISTICS, nutsSource, packNutsLaunch, treeFields } from "../../kernels/samplers/nuts.ts";
import type { TargetKernel } from "../../kernels/targets/target.ts";
import { seedKey } from "../random.ts";
import type { Gpu } from "./device.ts";
import type { EnsembleSpec, NutsBatch, Tuning } from "./ensemble.ts";
import { nutsPlanFor, type Plan } from "./launch_plan.ts";
import { unpackNutsRecords } from "./records.ts";
import { samplerShader } from "./sampler_shader.ts";
import type { ProblemSet } from "./tables.ts";

/** Longest a single launch should run. */
const LAUNCH_MS = 50;
/** Leaves of a transition before any have been counted. */
const FIRST_GUESS = 16;
/** Launches ahead of the slowest chain of the batch before: reading progress back costs more than idle launches. */
const AHEAD = 1.25;

/** The part of an ensemble on a device that knows trees. Compiles on first use. */
export class WebgpuNuts {
  readonly #plan: Plan;
  #pipeline: GPUComputePipeline | undefined;
  #trees: GPUBuffer | undefined;
  #progress: GPUBuffer | undefined;
  /** Measured milliseconds per gradient of one chain, all chains running; starts as a cautious guess. */
  #msPerGradient: number;
  /** Gradients per transition of the slowest chain of the last batch. */
  #slowest = FIRST_GUESS;
  readonly #dim: number;

  /** @param state positions of all chains, (>= D, chains) */
  constructor(
    readonly gpu: Gpu,
    readonly spec: EnsembleSpec,
    readonly target: TargetKernel,
    plan: Plan,
    readonly sets: readonly ProblemSet[],
    readonly state: GPUBuffer,
    readonly chains: number,
  ) {
    this.#plan = nutsPlanFor(gpu, target, plan);
    this.#dim = target.constants["DIM"]!;
    this.#msPerGradient = (gpu.software ? 2e-5 : 4e-7) * target.terms * chains;
  }

  /**
   * Advances every chain.
   *
   * @param firstTransition counter of the first transition since the ensemble began
   * @param mostGradients most gradients of a launch per chain; the draws do not depend on it
   */
  async run(
    firstTransition: number,
    transitions: number,
    tuning: readonly Tuning[],
    mostGradients = Infinity,
  ): Promise<NutsBatch> {
    const { gpu, chains } = this, stride = this.#dim + NUTS_STATISTICS;
    const pipeline = await this.#prepare();
    const scratch: GPUBuffer[] = [];
    try {
      const drawBytes = 4 * transitions * chains * stride;
      const draws = gpu.buffer("draws", drawBytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
      scratch.push(draws);
      gpu.device.queue.writeBuffer(this.#progress!, 0, new Uint32Array(2 * chains));
      const { budget, groupsAtOnce } = this.#sizes(mostGradients);
      const launches = this.#launches(pipeline, draws, scratch, groupsAtOnce, {
        firstTransition,
        transitions,
        tuning,
        budget,
      });
      const started = performance.now();
      let gradients = AHEAD * this.#slowest * transitions;
      for (;;) {
        const encoder = gpu.device.createCommandEncoder(), pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        for (const { tables, bindings, groups } of launches) {
          pass.setBindGroup(0, tables);
          pass.setBindGroup(1, bindings);
          for (let spent = 0; spent < gradients; spent += budget) pass.dispatchWorkgroups(groups);
        }
        pass.end();
        gpu.device.queue.submit([encoder.finish()]);
        const [done, records] = await gpu.read([
          { buffer: this.#progress!, bytes: 8 * chains },
          { buffer: draws, bytes: drawBytes },
        ]);
        const progress = new Uint32Array(done!);
        let least = transitions, most = 0;
        for (let c = 0; c < chains; c++) {
          least = Math.min(least, progress[2 * c]!);
          most = Math.max(most, progress[2 * c + 1]!);
        }
        if (least === transitions) {
          this.#slowest = most / transitions;
          this.#msPerGradient = Math.max(1e-6, (performance.now() - started) / most);
          return unpackNutsRecords(new Float32Array(records!), transitions, chains, this.#dim);
        }
        gradients = (transitions - least) * Math.max(this.#slowest, most / (least + 1));
      }
    } finally {
      for (const buffer of scratch) gpu.destroyBuffer(buffer);
    }
  }

  /** Frees its buffers. */
  close(): void {
    for (const buffer of [this.#trees, this.#progress]) {
      if (buffer !== undefined) this.gpu.destroyBuffer(buffer);
    }
  }

  async #prepare(): Promise<GPUComputePipeline> {
    const { gpu, chains } = this, usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
    const part = { file: "kernels/samplers/nuts.wgsl", source: nutsSource };
    this.#pipeline ??= await gpu.compile("nuts", samplerShader(this.#plan, this.target, part), "nuts");
    this.#trees ??= gpu.buffer("trees", 4 * chains * treeFields(this.#dim), GPUBufferUsage.STORAGE);
    this.#progress ??= gpu.buffer("tree progress", 8 * chains, usage | GPUBufferUsage.COPY_DST);
    return this.#pipeline;
  }

  get #groupsPerProblem(): number {
    return Math.ceil(this.spec.chainsPerProblem / this.#plan.chainsPerGroup);
  }

  /** Gradients of a launch per chain, and workgroups of a launch, for launches of {@link LAUNCH_MS}. */
  #sizes(mostGradients: number): { budget: number; groupsAtOnce: number } {
    const groups = this.#groupsPerProblem * this.chains / this.spec.chainsPerProblem;
    const groupsAtOnce = Math.max(1, Math.floor(groups * Math.min(1, LAUNCH_MS / this.#msPerGradient)));
    const inTime = Math.floor(LAUNCH_MS / (this.#msPerGradient * groupsAtOnce / groups));
    return { groupsAtOnce, budget: Math.max(1, Math.min(inTime, this.#plan.maxBudget, mostGradients)) };
  }

  #launches(
    pipeline: GPUComputePipeline,
    draws: GPUBuffer,
    scratch: GPUBuffer[],
    groupsAtOnce: number,
    work: { firstTransition: number; transitions: number; tuning: readonly Tuning[]; budget: number },
  ) {
    const { gpu, chains, spec } = this, { cohortsPerLaunch, tuningSlots, uniform } = this.#plan;
    const usage = uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const groupsPerProblem = this.#groupsPerProblem;
    const { firstTransition, transitions, tuning, budget } = work;
    const launches: { tables: GPUBindGroup; bindings: GPUBindGroup; groups: number }[] = [];
    for (const { first: firstTable, count, entries } of this.sets) {
      const tables = gpu.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      const end = firstTable + count;
      for (let firstProblem = firstTable; firstProblem < end; firstProblem += cohortsPerLaunch) {
        const some = tuning.slice(firstProblem, Math.min(end, firstProblem + cohortsPerLaunch));
        const tuningBuffer = gpu.upload("tuning", packTuning(some, this.#dim, tuningSlots), usage);
        scratch.push(tuningBuffer);
        const groups = groupsPerProblem * some.length;
        for (let firstGroup = 0; firstGroup < groups; firstGroup += groupsAtOnce) {
          const launch = packNutsLaunch({
            firstGroup,
            chainsPerProblem: spec.chainsPerProblem,
            chains,
            firstProblem,
            firstTable,
            firstTransition,
            transitions,
            budget,
            seed: seedKey(spec.seed),
          });
          const launchBuffer = gpu.upload("launch", launch, GPUBufferUsage.UNIFORM);
          scratch.push(launchBuffer);
          const buffers = [launchBuffer, tuningBuffer, this.state, this.#progress!, draws, this.#trees!];
          const bindings = gpu.device.createBindGroup({
            layout: pipeline.getBindGroupLayout(1),
            entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
          });
          launches.push({ tables, bindings, groups: Math.min(groupsAtOnce, groups - firstGroup) });
        }
      }
    }
    return launches;
  }
}
