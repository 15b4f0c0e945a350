import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import { joinBatches, KeptDraws } from "../../lib/samplers/kept_draws.ts";

const LADDERS = 2, RUNGS = 3, CHAINS = LADDERS * RUNGS, DIM = 2;

/** Transitions `first .. first + count`, every number telling its transition and chain. */
function batchOf(first: number, count: number): TransitionBatch {
  const rows = Array.from(
    { length: count * CHAINS },
    (_, row) => 10 * (first + Math.floor(row / CHAINS)) + row % CHAINS,
  );
  const each = () => Float64Array.from(rows);
  return {
    transitions: count,
    chains: CHAINS,
    dim: DIM,
    positions: Float64Array.from(rows.flatMap((row) => [row, row + 0.5])),
    logPrior: each(),
    logLik: each(),
    acceptance: each(),
    energy: each(),
    diverging: Uint8Array.from(rows, (row) => row % 2),
    cheesGradient: each(),
    leapfrogs: Uint32Array.from(
      { length: count * RUNGS },
      (_, i) => 10 * (first + Math.floor(i / RUNGS)) + i % RUNGS,
    ),
    replica: Uint32Array.from(rows),
  };
}

const originsOf = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => Int32Array.of(first + i, first + i + 1000));

/** Lengths of batches, and after how many of them the draws are halved. */
const runs = fc.record({
  thin: fc.integer({ min: 1, max: 5 }),
  lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  halveAfter: fc.integer({ min: 0, max: 8 }),
});

Deno.test("every so many transitions are kept, whatever batches they come in, and every second after halving", () => {
  fc.assert(fc.property(runs, ({ thin, lengths, halveAfter }) => {
    const kept = new KeptDraws(LADDERS, thin);
    let first = 0;
    const halves = halveAfter < lengths.length;
    lengths.forEach((count, i) => {
      const cold = kept.add(batchOf(first, count), originsOf(first, count));
      assert.equal(cold.chains, LADDERS);
      first += count;
      if (i === halveAfter) kept.halve();
    });
    assert.equal(kept.seen, first);
    const each = halves ? 2 * thin : thin;
    const due = Array.from({ length: Math.floor(first / each) }, (_, d) => each * (d + 1) - 1);
    const columns = (from: number) => due.flatMap((t) => [10 * t + from, 10 * t + from + 1]);
    assert.deepEqual(kept.batches.flatMap(({ replica }) => [...replica]), columns(0));
    assert.deepEqual(kept.batches.flatMap(({ leapfrogs }) => [...leapfrogs]), due.map((t) => 10 * t));
    assert.deepEqual(
      kept.batches.flatMap(({ positions }) => [...positions]),
      columns(0).flatMap((row) => [row, row + 0.5]),
    );
    assert.deepEqual([...kept.origins], due.flatMap((t) => [t, t + 1000]));
    for (let r = 0; r < RUNGS; r++) assert.deepEqual([...kept.logLik(r)], columns(LADDERS * r));
  }));
});

Deno.test("batches joined are the batch they were cut from", () => {
  assert.deepEqual(joinBatches([batchOf(0, 3), batchOf(3, 1), batchOf(4, 2)]), batchOf(0, 6));
});
