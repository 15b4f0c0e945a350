/** Whether two runs of transitions are the same up to the rounding of f32. */
import assert from "node:assert/strict";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";

/** Which chains accepted, [transition, chain]: those that moved. @param start (chains, D) */
export function accepted(batch: TransitionBatch, start: Float64Array): boolean[] {
  const { dim, chains } = batch;
  const before = (row: number) =>
    row < chains
      ? start.subarray(row * dim, (row + 1) * dim)
      : batch.positions.subarray((row - chains) * dim, (row + 1 - chains) * dim);
  return Array.from({ length: batch.transitions * chains }, (_, row) => {
    const now = batch.positions.subarray(row * dim, (row + 1) * dim);
    return before(row).some((value, i) => value !== now[i]);
  });
}

/**
 * Checks that two batches from the same start took the same decisions and went the same way.
 *
 * @param tolerance largest difference of a coordinate allowed, relative to 1 + its size; statistics that are
 * differences of large numbers get ten times as much
 */
export function assertSameMoves(
  actual: TransitionBatch,
  expected: TransitionBatch,
  start: Float64Array,
  tolerance: number,
): void {
  assert.deepEqual(actual.leapfrogs, expected.leapfrogs);
  assert.deepEqual(accepted(actual, start), accepted(expected, start));
  assert.deepEqual(actual.diverging, expected.diverging);
  const gap = (a: number, b: number) => Math.abs(a - b) / (1 + Math.abs(b));
  const compare = (what: string, limit: number, a: ArrayLike<number>, b: ArrayLike<number>) => {
    assert.equal(a.length, b.length);
    for (let i = 0; i < a.length; i++) {
      const miss = gap(a[i], b[i]);
      assert.ok(miss <= limit, `${what} ${i}: ${a[i]} and ${b[i]}`); // fails on NaN
    }
  };
  compare("position", tolerance, actual.positions, expected.positions);
  compare("log prior", 10 * tolerance, actual.logPrior, expected.logPrior);
  compare("log lik", 10 * tolerance, actual.logLik, expected.logLik);
  compare("energy", 10 * tolerance, actual.energy, expected.energy);
  compare("acceptance", 10 * tolerance, actual.acceptance, expected.acceptance);
  compare("ChEES gradient", 10 * tolerance, actual.cheesGradient, expected.cheesGradient);
}
