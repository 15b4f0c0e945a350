/** Bindings and launch plan of nuts.wgsl. */
import { MAX_TREE_DEPTH } from "../../lib/engine/ensemble.ts";
import source from "./nuts.wgsl" with { type: "text" };

export { source as nutsSource };

/** Statistics of one transition's record (WGSL `NUTS_RECORD`), after the position. */
export const NUTS_STATISTICS = 7;
/** Floats of one chain's suspended tree (WGSL `TREE`). */
export const treeFields = (dim: number): number => 12 * dim + 13 + (MAX_TREE_DEPTH - 1) * 3 * dim;

/** One kernel launch: the WGSL struct `NutsLaunch`, in its order. */
export interface NutsLaunch {
  readonly firstGroup: number;
  readonly chainsPerProblem: number;
  readonly chains: number;
  readonly firstProblem: number;
  readonly firstTable: number;
  readonly firstTransition: number;
  readonly transitions: number;
  readonly budget: number;
  readonly seed: readonly [number, number];
}

/** The launch as the words of its uniform buffer. */
export function packNutsLaunch(launch: NutsLaunch): Uint32Array<ArrayBuffer> {
  return new Uint32Array([
    launch.firstGroup,
    launch.chainsPerProblem,
    launch.chains,
    launch.firstProblem,
    launch.firstTable,
    launch.firstTransition,
    launch.transitions,
    launch.budget,
    ...launch.seed, // a vec2u: the fields before it must come to an even number of words
  ]);
}
