/** Bindings and launch plan of hmc.wgsl. */
import type { Tuning } from "../../lib/engine/ensemble.ts";
import source from "./hmc.wgsl" with { type: "text" };

export { source as hmcSource };

/** Floats of one chain's state (WGSL `FIELDS`): accepted state, start energy, suspended trajectory. */
export const stateFields = (dim: number): number => 5 * dim + 3;
/** Fields at which the accepted gradient and log prior (then log likelihood) start. */
export const stateGradient = (dim: number): number => dim;
export const stateLogPrior = (dim: number): number => 2 * dim;
/** Floats of one transition's record (WGSL `RECORD`): position, then six statistics. */
export const recordFloats = (dim: number): number => dim + 6;
/** Vectors of four floats of one problem's tuning (WGSL `TUNING`). */
export const tuningVectors = (dim: number): number => 1 + (2 * dim + 1) * Math.ceil(dim / 4);

/** One kernel launch: the WGSL struct `Launch`, in its order. */
export interface Launch {
  readonly firstGroup: number;
  readonly groupsPerProblem: number;
  readonly chainsPerProblem: number;
  readonly chains: number;
  readonly firstProblem: number;
  readonly problems: number;
  readonly firstTransition: number;
  readonly transitions: number;
  readonly budget: number;
  readonly refresh: boolean;
  readonly seed: readonly [number, number];
}

/** The launch as the words of its uniform buffer. */
export function packLaunch(launch: Launch): Uint32Array<ArrayBuffer> {
  return new Uint32Array([
    launch.firstGroup,
    launch.groupsPerProblem,
    launch.chainsPerProblem,
    launch.chains,
    launch.firstProblem,
    launch.problems,
    launch.firstTransition,
    launch.transitions,
    launch.budget,
    launch.refresh ? 1 : 0,
    ...launch.seed,
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
  tuning.forEach(({ stepSize, beta, factor, centre }, problem) => {
    const at = problem * stride;
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
