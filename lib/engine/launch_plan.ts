/** How chains are laid over workgroups and problems over launches. */
import type { TargetKernel } from "../../kernels/targets/target.ts";
import { tuningVectors } from "../../kernels/samplers/hmc.ts";
import { DeviceError } from "../errors.ts";
import { USE_CPU } from "./adapter.ts";
import { MAX_TREE_DEPTH } from "./ensemble.ts";
import type { Gpu } from "./device.ts";

export interface Plan {
  /** Lanes that share one chain's rows. */
  readonly lanes: number;
  /** Invocations per workgroup. */
  readonly workgroup: number;
  readonly chainsPerGroup: number;
  /** Whether read-only tables are uniform buffers (tables_uniform.wgsl) or storage buffers. */
  readonly uniform: boolean;
  /** Problems whose tables are bound at a time: all of them, or as many as fit a uniform buffer. */
  readonly problemsPerSet: number;
  /** Cohorts that one launch takes in, with their tunings: of one set of problems, as many as fit. */
  readonly cohortsPerLaunch: number;
  /** Most gradients one launch may compute per chain, whatever the time. */
  readonly maxBudget: number;
  /** Vectors of four floats that a set's table has room for. */
  readonly tableVectors: number;
  /** Problems, and vectors of tuning, that a set has room for. */
  readonly problemSlots: number;
  readonly tuningSlots: number;
}

/** Largest uniform buffer asked for: what WebGPU grants everywhere. */
const UNIFORM_BYTES = 65536;
/** Most problems of a set that is read from uniform buffers. */
const UNIFORM_PROBLEMS = 1024;

/** llvmpipe runs 8 invocations per vector and a workgroup per core: small groups balance best (measured). */
const SOFTWARE_WORKGROUP = 8;
const HARDWARE_WORKGROUP = 64;
/** Invocations that keep a discrete GPU busy; below it, rows are shared out over more lanes. */
const HARDWARE_INVOCATIONS = 65536;

/**
 * llvmpipe silently ends every loop of an invocation once their iterations add up to 65535 (gallivm's
 * LP_MAX_TGSI_LOOP_ITERATIONS); kept a little below.
 */
const SOFTWARE_LOOP_ITERATIONS = 65000;

/** Turns of a leaf's loops beyond its rows, generously. */
const ROWS_LOOP_OVERHEAD = 16;

/**
 * Lanes per chain by rule, not by a stopwatch: a measured choice could differ between two runs and with it the
 * order of summation, and the same seed on the same adapter must give the same draws.
 *
 * @param rungs cohorts of a problem
 * @throws DeviceError when the workgroup needs more memory than the device has
 */
export function planFor(gpu: Gpu, target: TargetKernel, chains: number, lanes?: number, rungs = 1): Plan {
  const best = gpu.software ? 1 : [1, 8, 32].find((n) => chains * n >= HARDWARE_INVOCATIONS) ?? 64;
  const wanted = target.accumulators === 0 ? 1 : lanes ?? best;
  const workgroup = Math.max(wanted, gpu.software ? SOFTWARE_WORKGROUP : HARDWARE_WORKGROUP);
  const bytes = wanted === 1 ? 0 : 4 * workgroup * (target.accumulators + 2);
  if (bytes > gpu.limits.maxComputeWorkgroupStorageSize && lanes === undefined) {
    return planFor(gpu, target, chains, 1, rungs);
  }
  gpu.require("maxComputeWorkgroupStorageSize", bytes, `Sharing a chain between ${wanted} lanes`);
  const maxBudget = gpu.software ? Math.floor(SOFTWARE_LOOP_ITERATIONS / loopIterations(target)) : Infinity;
  if (maxBudget < 1) {
    throw new DeviceError(
      `${gpu.adapterName} ends loops after 65535 turns, too few for the rows of this table; ${USE_CPU}.`,
    );
  }
  return {
    lanes: wanted,
    workgroup,
    chainsPerGroup: workgroup / wanted,
    maxBudget,
    ...tablePlan(gpu, target, rungs),
  };
}

/** The plan of the same ensemble's no-U-turn kernel: chains leave its loop one by one, so none shares barriers. */
export function nutsPlanFor(gpu: Gpu, target: TargetKernel, plan: Plan): Plan {
  const alone = plan.lanes > 1;
  const dim = target.constants["DIM"]!;
  // Random numbers in rounds of ten for the leaf and for four coordinates of a momentum each; merges.
  const leaf = target.rows + 11 * Math.ceil(dim / 4) + 10 + MAX_TREE_DEPTH + ROWS_LOOP_OVERHEAD;
  return {
    ...plan,
    workgroup: alone ? plan.lanes : plan.workgroup,
    chainsPerGroup: alone ? 1 : plan.chainsPerGroup,
    maxBudget: gpu.software ? Math.max(1, Math.floor(SOFTWARE_LOOP_ITERATIONS / leaf)) : Infinity,
  };
}

/** Loop turns of one gradient, and of a transition's bookkeeping (a transition has at least one gradient). */
function loopIterations({ constants, rows }: TargetKernel): number {
  const dim = constants["DIM"]!;
  const gradient = rows + 2 * dim + 1, transition = dim * dim + 20 * dim;
  return gradient + transition;
}

/** Software adapters read uniform tables much faster; a table too large for one goes to storage. */
function tablePlan(
  gpu: Gpu,
  target: TargetKernel,
  rungs: number,
): Pick<
  Plan,
  "uniform" | "problemsPerSet" | "cohortsPerLaunch" | "tableVectors" | "problemSlots" | "tuningSlots"
> {
  const tables = target.tables ?? [];
  const sizes = tables.map(({ vectors }) => vectors.length / 4);
  const largest = Math.max(1, ...sizes), total = Math.max(1, sizes.reduce((sum, size) => sum + size, 0));
  const limit = Math.floor(Math.min(gpu.limits.maxUniformBufferBindingSize, UNIFORM_BYTES) / 16);
  const problems = Math.max(1, tables.length), tuning = tuningVectors(target.constants["DIM"]!);
  const perSet = Math.min(problems, UNIFORM_PROBLEMS, Math.floor(limit / largest));
  const tunings = Math.floor(limit / tuning);
  if (!gpu.software || perSet < 1 || tunings < 1) {
    return {
      uniform: false,
      problemsPerSet: problems,
      cohortsPerLaunch: problems * rungs,
      tableVectors: total,
      problemSlots: problems,
      tuningSlots: problems * rungs * tuning,
    };
  }
  const cohorts = perSet * rungs;
  // The sizes of uniform arrays are part of the kernel's text. Always the same ones, so that data of any length
  // runs on the same compiled kernel, which drivers cache.
  return {
    uniform: true,
    problemsPerSet: perSet,
    cohortsPerLaunch: Math.ceil(cohorts / Math.ceil(cohorts / tunings)), // as few launches as will do, about equal
    tableVectors: limit,
    problemSlots: UNIFORM_PROBLEMS,
    tuningSlots: limit,
  };
}

/**
 * Step between the groups that neighbouring workgroups take. llvmpipe gives each of its threads one contiguous run of
 * workgroups; taken in order, one thread would have all chains of the rungs near the posterior, whose trajectories
 * are the longest, and the others would wait for it. Steps near the golden section spread every run evenly over all
 * groups (the three-distance theorem, Sos 1958).
 *
 * @returns a number prime to `workgroups`, so that each group is taken once
 */
export function spreadingStride(workgroups: number): number {
  const golden = Math.round(workgroups * (Math.sqrt(5) - 1) / 2);
  for (let away = 0; away < workgroups; away++) {
    for (const stride of [golden + away, golden - away]) {
      if (stride > 0 && greatestCommonDivisor(stride, workgroups) === 1) return stride;
    }
  }
  return 1;
}

const greatestCommonDivisor = (a: number, b: number): number => b === 0 ? a : greatestCommonDivisor(b, a % b);
