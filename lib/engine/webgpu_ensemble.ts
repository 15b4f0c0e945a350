/** An ensemble on a WebGPU device: buffers, launches and read-back around the HMC kernel. */
import { hillMixtureKernel } from "../../kernels/targets/hill_mixture.ts";
import type { TargetKernel } from "../../kernels/targets/target.ts";
import { testDensityKernel } from "../../kernels/targets/test_densities.ts";
import {
  hmcSource,
  type Launch,
  packLaunch,
  packProgress,
  packTuning,
  recordFloats,
  stateFields,
  stateGradient,
  stateLogPrior,
} from "../../kernels/samplers/hmc.ts";
import { packSwap, SWAP_WORKGROUP } from "../../kernels/samplers/swap.ts";
import { seedKey } from "../random.ts";
import { leapfrogSchedule } from "../samplers/trajectory.ts";
import type { Gpu } from "./device.ts";
import {
  type EnsembleSpec,
  type Evaluation,
  type NutsBatch,
  problemsOf,
  type TransitionBatch,
  type Tuning,
} from "./ensemble.ts";
import { type Plan, planFor, spreadingStride } from "./launch_plan.ts";
import { unpackRecords } from "./records.ts";
import { samplerShader, swapShader } from "./sampler_shader.ts";
import { type ProblemSet, uploadTables } from "./tables.ts";
import { WebgpuNuts } from "./webgpu_nuts.ts";
import { identity } from "./whereabouts.ts";

/** Longest a single launch should run: far under any watchdog, and cancel stays quick. */
const LAUNCH_MS = 50;
/** Positions evaluated in one go, per problem. */
const EVALUATE_AT_ONCE = 4096;

/** A set of problems as group 0 of the HMC kernel. */
interface BoundSet extends ProblemSet {
  readonly bindings: GPUBindGroup;
}

/** Chains in device memory. */
interface Slots {
  /** Cohorts per problem. */
  readonly rungs: number;
  readonly chainsPerCohort: number;
  readonly chains: number;
  readonly state: GPUBuffer;
  readonly progress: GPUBuffer;
  /** Slot of each chain's state, (chains). */
  replica: Uint32Array;
}

/** One launch of the HMC kernel, to be put into a pass as often as it takes. */
interface Dispatch {
  readonly set: BoundSet;
  readonly bindings: GPUBindGroup;
  readonly workgroups: number;
}

/** All chains of one launch. Lives in the Worker that owns the device. */
export class WebgpuEnsemble {
  readonly dim: number;
  readonly problems: number;
  readonly chains: number;
  readonly #gpu: Gpu;
  readonly #spec: EnsembleSpec;
  readonly #pipeline: GPUComputePipeline;
  /** Of tempered ensembles only. */
  readonly #swap: GPUComputePipeline | undefined;
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
    swap: GPUComputePipeline | undefined,
    plan: Plan,
  ) {
    this.#gpu = gpu;
    this.#spec = spec;
    this.#pipeline = pipeline;
    this.#swap = swap;
    this.dim = target.constants["DIM"]!;
    this.problems = problemsOf(spec.target);
    this.chains = this.problems * (spec.rungs ?? 1) * spec.chainsPerProblem;
    this.#msPerGradient = (gpu.software ? 1e-5 : 2e-7) * target.terms * this.chains;
    this.#plan = plan;
    const { sets, buffers } = uploadTables(gpu, target, plan, this.problems),
      layout = pipeline.getBindGroupLayout(0);
    this.#sets = sets.map((set) => ({
      ...set,
      bindings: gpu.device.createBindGroup({ layout, entries: set.entries }),
    }));
    this.#owned.push(...buffers);
    this.#slots = this.#makeSlots(spec.chainsPerProblem, spec.rungs ?? 1);
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
    const { rungs = 1 } = spec, chains = problemsOf(spec.target) * rungs * spec.chainsPerProblem;
    const plan = planFor(gpu, target, chains, lanes, rungs);
    const shader = samplerShader(plan, target, { file: "kernels/samplers/hmc.wgsl", source: hmcSource });
    const pipeline = await gpu.compile("hmc", shader, "hmc");
    const swap = spec.rungs === undefined ? undefined : await gpu.compile("swap", swapShader(), "swap");
    return new WebgpuEnsemble(gpu, spec, target, pipeline, swap, plan);
  }

  /**
   * Moves every chain, positions (chains, D), replica c to chain c unless told which, (chains).
   *
   * @param transition what the transition counter goes on from; it goes on as it is when left out
   */
  setPositions(
    positions: Float64Array,
    replica = identity(this.chains),
    transition = this.#transition,
  ): void {
    this.#transition = transition;
    this.#slots.replica = replica;
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

  /**
   * Advances every chain by `transitions` HMC transitions.
   *
   * @param reference prior draws for the last rung of a tempered ensemble, (transitions, problems, ladders, D)
   */
  async hmc(
    transitions: number,
    tuning: readonly Tuning[],
    reference?: Float64Array,
  ): Promise<TransitionBatch> {
    const counts = leapfrogSchedule(tuning, this.#transition, transitions);
    const gradients = stages(counts, transitions, this.#swap !== undefined).reduce(
      (sum, each) => sum + each,
      0,
    );
    const started = performance.now();
    const records = await this.#launch(this.#slots, transitions, tuning, counts, reference);
    this.#msPerGradient = Math.max(1e-6, (performance.now() - started) / (gradients + 1));
    this.#transition += transitions;
    const batch = unpackRecords(records, transitions, this.chains, this.dim, counts);
    if (transitions > 0) this.#slots.replica = batch.replica.slice((transitions - 1) * this.chains);
    return batch;
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
    const slots = this.#makeSlots(count, 1);
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
      await this.#launch(slots, 0, tuning, new Uint32Array(this.problems));
      return await readFloats(this.#gpu, slots.state);
    } finally {
      this.#gpu.destroyBuffer(slots.state);
      this.#gpu.destroyBuffer(slots.progress);
    }
  }

  /**
   * Refreshes the accepted state, then launches until every cohort has spent its gradients; reads the draws.
   *
   * @param reference prior draws for the records of the last rung, (transitions, problems, ladders, D)
   */
  async #launch(
    slots: Slots,
    transitions: number,
    tuning: readonly Tuning[],
    counts: Uint32Array<ArrayBuffer>,
    reference?: Float64Array,
  ): Promise<Float32Array> {
    const gpu = this.#gpu, { device } = gpu, bytes = 4 * transitions * slots.chains * recordFloats(this.dim);
    const scratch: GPUBuffer[] = [];
    const upload: Upload = (label, data, usage) => {
      scratch.push(gpu.upload(label, data, usage));
      return scratch.at(-1)!;
    };
    try {
      const countBuffer = upload("leapfrogs", counts, GPUBufferUsage.STORAGE);
      const drawUsage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      const draws = gpu.buffer("draws", bytes, drawUsage);
      scratch.push(draws);
      if (reference !== undefined) this.#leaveReference(draws, transitions, reference);
      device.queue.writeBuffer(slots.progress, 0, packProgress(slots.replica));

      const groups = slots.rungs * this.problems * this.#groupsPerCohort(slots);
      const oneGradientMs = this.#msPerGradient * slots.chains / this.chains;
      const groupsAtOnce = Math.max(1, Math.floor(groups * Math.min(1, LAUNCH_MS / oneGradientMs)));
      const inTime = Math.floor(LAUNCH_MS / (oneGradientMs * groupsAtOnce / groups));
      const budget = Math.max(1, Math.min(inTime, this.#plan.maxBudget));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const run = ({ set, bindings, workgroups }: Dispatch, gradients: number) => {
        pass.setBindGroup(0, set.bindings);
        pass.setBindGroup(1, bindings);
        for (let spent = 0; spent < gradients; spent += budget) pass.dispatchWorkgroups(workgroups);
      };
      const plan = (refresh: boolean) =>
        this.#dispatches(slots, tuning, groupsAtOnce, upload, {
          transitions,
          budget: refresh ? 1 : budget,
          refresh,
        }, [countBuffer, slots.state, slots.progress, draws]);
      pass.setPipeline(this.#pipeline);
      for (const dispatch of plan(true)) run(dispatch, 1);
      if (transitions > 0) {
        const moving = plan(false), swap = this.#swapBindings(slots, tuning, upload);
        for (const gradients of stages(counts, transitions, swap !== undefined)) {
          if (swap !== undefined) {
            pass.setPipeline(this.#swap!);
            pass.setBindGroup(0, swap);
            pass.dispatchWorkgroups(Math.ceil(slots.chains / SWAP_WORKGROUP));
            pass.setPipeline(this.#pipeline);
          }
          for (const dispatch of moving) run(dispatch, gradients);
        }
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      return transitions === 0 ? new Float32Array(0) : await readFloats(gpu, draws);
    } finally {
      for (const buffer of scratch) gpu.destroyBuffer(buffer);
    }
  }

  #groupsPerCohort({ chainsPerCohort }: Slots): number {
    return Math.ceil(chainsPerCohort / this.#plan.chainsPerGroup);
  }

  /** Every launch that it takes to reach all chains once. */
  #dispatches(
    slots: Slots,
    tuning: readonly Tuning[],
    groupsAtOnce: number,
    upload: Upload,
    how: Pick<Launch, "transitions" | "budget" | "refresh">,
    buffers: readonly GPUBuffer[],
  ): Dispatch[] {
    const { cohortsPerLaunch, tuningSlots, uniform } = this.#plan, { rungs } = slots;
    const usage = uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const groupsPerCohort = this.#groupsPerCohort(slots);
    const dispatches: Dispatch[] = [];
    for (const set of this.#sets) {
      const end = (set.first + set.count) * rungs;
      for (let firstCohort = set.first * rungs; firstCohort < end; firstCohort += cohortsPerLaunch) {
        const some = tuning.slice(firstCohort, Math.min(end, firstCohort + cohortsPerLaunch));
        const tuningBuffer = upload("tuning", packTuning(some, this.dim, tuningSlots), usage);
        const groups = groupsPerCohort * some.length;
        for (let firstGroup = 0; firstGroup < groups; firstGroup += groupsAtOnce) {
          const workgroups = Math.min(groupsAtOnce, groups - firstGroup);
          const launch = packLaunch({
            firstGroup,
            groupsPerCohort,
            chainsPerCohort: slots.chainsPerCohort,
            chains: slots.chains,
            firstCohort,
            cohorts: rungs * this.problems,
            rungs,
            firstProblem: set.first,
            firstTransition: this.#transition,
            ...how,
            seed: seedKey(this.#spec.seed),
            stride: spreadingStride(workgroups),
          });
          const launchBuffer = upload("launch", launch, GPUBufferUsage.UNIFORM);
          const bindings = this.#gpu.device.createBindGroup({
            layout: this.#pipeline.getBindGroupLayout(1),
            entries: [launchBuffer, tuningBuffer, ...buffers].map(bind),
          });
          dispatches.push({ set, bindings, workgroups });
        }
      }
    }
    return dispatches;
  }

  /** Group 0 of the swap kernel, where there is one. */
  #swapBindings(slots: Slots, tuning: readonly Tuning[], upload: Upload): GPUBindGroup | undefined {
    if (this.#swap === undefined) return undefined;
    const launch = packSwap({
      chains: slots.chains,
      ladders: slots.chainsPerCohort,
      rungs: slots.rungs,
      firstTransition: this.#transition,
      logLikAt: (stateLogPrior(this.dim) + 1) * slots.chains,
      seed: seedKey(this.#spec.seed),
    });
    const betas = Float32Array.from(tuning, ({ beta }) => beta);
    return this.#gpu.device.createBindGroup({
      layout: this.#swap.getBindGroupLayout(0),
      entries: [
        upload("swaps", launch, GPUBufferUsage.UNIFORM),
        upload("betas", betas, GPUBufferUsage.STORAGE),
        slots.state,
        slots.progress,
      ].map(bind),
    });
  }

  /** Puts prior draws where the last rung of every ladder looks for them. */
  #leaveReference(draws: GPUBuffer, transitions: number, reference: Float64Array): void {
    const { rungs, chainsPerCohort: ladders } = this.#slots, { dim, problems, chains } = this;
    const stride = recordFloats(dim);
    for (let i = 0; i < transitions; i++) {
      for (let p = 0; p < problems; p++) {
        const records = new Float32Array(ladders * stride), from = (i * problems + p) * ladders;
        for (let l = 0; l < ladders; l++) {
          records.set(reference.subarray((from + l) * dim, (from + l + 1) * dim), l * stride);
        }
        const chain = (p * rungs + rungs - 1) * ladders;
        this.#gpu.device.queue.writeBuffer(draws, 4 * (i * chains + chain) * stride, records);
      }
    }
  }

  #makeSlots(chainsPerCohort: number, rungs: number): Slots {
    const chains = chainsPerCohort * rungs * this.problems;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return {
      rungs,
      chainsPerCohort,
      chains,
      state: this.#gpu.buffer("chain state", 4 * chains * stateFields(this.dim), usage),
      progress: this.#gpu.buffer("chain progress", 16 * chains, usage),
      replica: identity(chains),
    };
  }

  #place(slots: Slots, positions: Float64Array): void {
    const fields = new Float32Array(slots.chains * this.dim); // (D, chains)
    for (let c = 0; c < slots.chains; c++) {
      const slot = slots.replica[c]!;
      for (let i = 0; i < this.dim; i++) fields[i * slots.chains + slot] = positions[c * this.dim + i]!;
    }
    this.#gpu.device.queue.writeBuffer(slots.state, 0, fields);
  }
}

type Upload = (
  label: string,
  data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  usage: number,
) => GPUBuffer;

/**
 * Gradients of the cohort that needs most, of each stretch of transitions that runs without a swap: all of them, or
 * one at a time, its starting point evaluated first.
 *
 * @param counts leapfrogs, (transitions, cohorts)
 */
function stages(counts: Uint32Array, transitions: number, swaps: boolean): number[] {
  if (transitions === 0) return [];
  const cohorts = counts.length / transitions;
  if (swaps) {
    return Array.from(
      { length: transitions },
      (_, i) => 1 + Math.max(...counts.subarray(i * cohorts, (i + 1) * cohorts)),
    );
  }
  const perCohort = new Float64Array(cohorts);
  counts.forEach((count, i) => perCohort[i % cohorts]! += count);
  return [Math.max(...perCohort)];
}

async function readFloats(gpu: Gpu, buffer: GPUBuffer): Promise<Float32Array> {
  const [bytes] = await gpu.read([{ buffer, bytes: buffer.size }]);
  return new Float32Array(bytes!);
}

const bind = (buffer: GPUBuffer, binding: number): GPUBindGroupEntry => ({ binding, resource: { buffer } });
