/** Bindings and launch plan of hmc.wgsl. */
import type { Tuning } from "../../lib/engine/ensemble.ts";
import source from "./hmc.wgsl" with { type: "text" };

export { source as hmcSource };

/** Floats of one chain's state (WGSL `FIELDS`): accepted state, start energy, suspended trajectory. */
export const stateFields = (dim: number): number => 5 * dim + 3;
/** Fields at which the accepted gradient and log prior (then log likelihood) start. */
export const stateGradient = (dim: number): number => dim;
export const stateLogPrior = (dim: number): number => 2 * dim;
/** Floats of one transition's record (WGSL `RECORD`): position, then seven statistics. */
export const recordFloats = (dim: number): number => dim + 7;
/** Vectors of four floats of one cohort's tuning (WGSL `TUNING`). */
export const tuningVectors = (dim: number): number => 1 + (2 * dim + 1) * Math.ceil(dim / 4);

/** One kernel launch: the WGSL struct `Launch`, in its order. */
export interface Launch {
  readonly firstGroup: number;
  readonly groupsPerCohort: number;
  readonly chainsPerCohort: number;
  readonly chains: number;
  readonly firstCohort: number;
  readonly cohorts: number;
  readonly rungs: number;
  readonly firstProblem: number;
  readonly firstTransition: number;
  readonly transitions: number;
  readonly budget: number;
  readonly refresh: boolean;
  readonly seed: readonly [number, number];
  readonly stride: number;
}

/** The launch as the words of its uniform buffer. */
export function packLaunch(launch: Launch): Uint32Array<ArrayBuffer> {
  return new Uint32Array([
    launch.firstGroup,
    launch.groupsPerCohort,
    launch.chainsPerCohort,
    launch.chains,
    launch.firstCohort,
    launch.cohorts,
    launch.rungs,
    launch.firstProblem,
    launch.firstTransition,
    launch.transitions,
    launch.budget,
    launch.refresh ? 1 : 0,
    ...launch.seed, // a vec2u: the fields before it must come to an even number of words
    launch.stride,
    0, // a struct that holds a vec2u ends on an even number of words
  ]);
}

/** Tunings as the kernel reads them, in an array of so many vectors. */
export function packTuning(
  tuning: readonly Tuning[],
  dim: number,
  vectors: number,
): Float32Array<ArrayBuffer> {
  const padded = 4 * Math.ceil(dim / 4), stride = 4 * tuningVectors(dim);
  const packed = new Float32Array(4 * vectors);
  tuning.forEach(({ stepSize, beta, factor, centre }, cohort) => {
    const at = cohort * stride;
    packed.set([stepSize, beta], at);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++) {
        packed[at + 4 + i * padded + j] = factor[i * dim + j]!;
        packed[at + 4 + (dim + j) * padded + i] = factor[i * dim + j]!;
      }
    }
    packed.set(centre, at + 4 + 2 * dim * padded);
  });
  return packed;
}

/** The WGSL `progress` of a new batch, (chains, 4): nothing done yet, each chain's state in its slot. */
export function packProgress(slots: Uint32Array): Uint32Array<ArrayBuffer> {
  const packed = new Uint32Array(4 * slots.length);
  slots.forEach((slot, chain) => packed[4 * chain + 2] = slot);
  return packed;
}
