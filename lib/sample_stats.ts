/** What is known of every kept transition, in ArviZ's names for `sample_stats`. */
import type { Draws } from "./diagnostics/draws.ts";
import type { NutsBatch, TransitionBatch } from "./engine/ensemble.ts";

/**
 * Columns `acceptance_rate`, `step_size`, `n_steps`, `tree_depth` (no-U-turn sampler only), `diverging` (0 or 1) and
 * `energy` (of the standardised data: differences are what it is read for), (chains, draws).
 *
 * @param batches kept transitions in order, of one problem's chains alone
 * @param stepSizes one for each of as many equal groups of chains as share theirs
 */
export function sampleStats(
  batches: readonly (NutsBatch | TransitionBatch)[],
  stepSizes: readonly number[],
): Draws {
  const chains = batches[0]!.chains, draws = batches.reduce((sum, { transitions }) => sum + transitions, 0);
  const columns = new Map<string, Float64Array>();
  const add = (name: string, of: (batch: NutsBatch | TransitionBatch, i: number, c: number) => number) => {
    const values = new Float64Array(chains * draws);
    let start = 0;
    for (const batch of batches) {
      for (let i = 0; i < batch.transitions; i++) {
        for (let c = 0; c < chains; c++) values[c * draws + start + i] = of(batch, i, c);
      }
      start += batch.transitions;
    }
    columns.set(name, values);
  };
  add("acceptance_rate", ({ acceptance }, i, c) => acceptance[i * chains + c]!);
  add("step_size", (_, _i, c) => stepSizes[Math.floor(c * stepSizes.length / chains)]!);
  add("n_steps", (batch, i, c) => {
    if ("steps" in batch) return batch.steps[i * chains + c]!;
    const cohorts = batch.leapfrogs.length / batch.transitions;
    return batch.leapfrogs[i * cohorts + Math.floor(c * cohorts / chains)]!;
  });
  if (batches.every((batch) => "treeDepth" in batch)) {
    add("tree_depth", (batch, i, c) => (batch as NutsBatch).treeDepth[i * chains + c]!);
  }
  add("diverging", ({ diverging }, i, c) => diverging[i * chains + c]!);
  add("energy", ({ energy }, i, c) => energy[i * chains + c]!);
  return { chains, draws, columns };
}
