/** Bindings of swap.wgsl. */
import source from "./swap.wgsl" with { type: "text" };

export { source as swapSource };

/** Invocations per workgroup (WGSL `swap`). */
export const SWAP_WORKGROUP = 64;

/** What one batch's swaps need to know: the WGSL struct `Launch`, in its order. */
export interface SwapLaunch {
  readonly chains: number;
  readonly ladders: number;
  readonly rungs: number;
  readonly firstTransition: number;
  /** Where the log likelihoods begin in the state. */
  readonly logLikAt: number;
  readonly seed: readonly [number, number];
}

/** The launch as the words of its uniform buffer. */
export function packSwap(launch: SwapLaunch): Uint32Array<ArrayBuffer> {
  const { chains, ladders, rungs, firstTransition, logLikAt, seed } = launch;
  return new Uint32Array([chains, ladders, rungs, firstTransition, logLikAt, 0, ...seed]);
}
