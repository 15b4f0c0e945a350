import assert from "node:assert/strict";
import type { DrawBatch, NutsBatch, TransitionBatch } from "../lib/engine/ensemble.ts";
import { sampleStats } from "../lib/sample_stats.ts";

const CHAINS = 4;

/** A batch whose every statistic is `first` + 10 * transition + chain, in its own hundreds. */
function plain(transitions: number, first: number): DrawBatch {
  const values = (offset: number) =>
    Array.from(
      { length: transitions * CHAINS },
      (_, at) => offset + first + 10 * Math.floor(at / CHAINS) + at % CHAINS,
    );
  return {
    transitions,
    chains: CHAINS,
    dim: 1,
    positions: new Float64Array(transitions * CHAINS),
    logPrior: new Float64Array(transitions * CHAINS),
    logLik: new Float64Array(transitions * CHAINS),
    acceptance: Float64Array.from(values(100)),
    energy: Float64Array.from(values(200)),
    diverging: Uint8Array.from(values(0), (value) => value % 2),
  };
}

const nuts = (transitions: number, first: number): NutsBatch => {
  const batch = plain(transitions, first);
  return {
    ...batch,
    treeDepth: Uint8Array.from(batch.energy, (value) => value - 200),
    steps: Uint32Array.from(batch.energy, (value) => value + 100),
  };
};

const hmc = (transitions: number, leapfrogs: readonly number[]): TransitionBatch => ({
  ...plain(transitions, 0),
  cheesGradient: new Float64Array(transitions * CHAINS),
  leapfrogs: Uint32Array.from(leapfrogs),
  replica: new Uint32Array(transitions * CHAINS),
});

Deno.test("statistics of trees go chain by chain under ArviZ's names", () => {
  const { chains, draws, columns } = sampleStats([nuts(2, 0), nuts(1, 20)], [0.25]);
  assert.deepEqual([chains, draws], [CHAINS, 3]);
  const names = ["acceptance_rate", "step_size", "n_steps", "tree_depth", "diverging", "energy"];
  assert.deepEqual([...columns.keys()], names);
  for (
    const [name, offset] of [["acceptance_rate", 100], ["n_steps", 300], ["tree_depth", 0], [
      "energy",
      200,
    ]] as const
  ) {
    const expected = [0, 1, 2, 3].flatMap((c) => [0, 10, 20].map((i) => offset + i + c));
    assert.deepEqual([...columns.get(name)!], expected, name);
  }
  assert.deepEqual([...columns.get("diverging")!], [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual(new Set(columns.get("step_size")), new Set([0.25]));
});

Deno.test("chains that adapt each for itself have their own step sizes", () => {
  const { columns } = sampleStats([nuts(2, 0)], [1, 2, 3, 4]);
  assert.deepEqual([...columns.get("step_size")!], [1, 1, 2, 2, 3, 3, 4, 4]);
});

Deno.test("trajectories of one length for all chains have steps but no trees", () => {
  const { columns } = sampleStats([hmc(2, [5, 7])], [0.1]);
  assert.deepEqual([...columns.get("n_steps")!], [5, 7, 5, 7, 5, 7, 5, 7]);
  assert.ok(!columns.has("tree_depth"));
});
