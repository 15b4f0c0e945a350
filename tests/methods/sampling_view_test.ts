/** What is told of a run that another process took up. */
import assert from "node:assert/strict";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import type { DrawPiece, Progress } from "../../lib/fit_types.ts";
import { SamplingView } from "../../lib/methods/sampling_view.ts";
import { hillProblem } from "../engine/support.ts";

const PROBLEM = hillProblem({ rows: 30, components: 1 }), { dim } = PROBLEM.layout;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function batchOf(transitions: number, chains: number): TransitionBatch {
  const column = () => new Float64Array(transitions * chains);
  return {
    transitions,
    chains,
    dim,
    positions: new Float64Array(transitions * chains * dim),
    logPrior: column(),
    logLik: column(),
    acceptance: column(),
    energy: column(),
    diverging: new Uint8Array(transitions * chains),
    cheesGradient: column(),
    leapfrogs: new Uint32Array(transitions),
    replica: new Uint32Array(transitions * chains),
  };
}

Deno.test("speed and time left are of the process that tells them, times spent of all of them", async () => {
  const told: Progress[] = [], pieces: DrawPiece[] = [], chains = 4;
  const hooks = {
    onProgress: (progress: Progress) => told.push(progress),
    onDraws: (piece: DrawPiece) => pieces.push(piece),
  };
  const view = new SamplingView(PROBLEM, chains, hooks, { totalMs: 60_000, warmupMs: 40_000 });
  const rest = { phase: "sampling", total: 300, gradients: 1, divergences: 0 } as const;
  view.show({ ...rest, done: 100, batch: batchOf(100, chains), again: true });
  view.show({ ...rest, done: 200, batch: batchOf(100, chains), again: true });
  assert.equal(told.at(-1)!.etaSeconds, undefined, "nothing was done here yet");
  await pause(100);
  view.show({ ...rest, done: 210, batch: batchOf(10, chains) });
  const { transitionsPerSecond, etaSeconds } = told.at(-1)!;
  assert.ok(
    transitionsPerSecond > 0 && transitionsPerSecond <= 10 * chains / 0.095,
    `${transitionsPerSecond}`,
  );
  assert.ok(etaSeconds! >= 90 / 10 * 0.095, `${etaSeconds}`);
  assert.deepEqual(pieces.map(({ first, count }) => [first, count]), [[0, 100], [100, 100], [200, 10]]);
  const { totalMs, warmupMs } = view.spent;
  assert.ok(totalMs >= 60_095 && Math.abs(warmupMs! - 40_000) < 1e-6, `${totalMs}, ${warmupMs}`);
});
