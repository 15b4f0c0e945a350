/** A check that numbers are independent standard normals, for both engines' generators. */
import assert from "node:assert/strict";
import { normalQuantile } from "../lib/diagnostics/numeric.ts";

const BINS = 64;
/** Upper 1e-6 point of chi-square on 63 degrees of freedom. */
const CHI_SQUARE_LIMIT = 131.4;
/** |z| beyond this has probability 5.7e-7. */
const Z_LIMIT = 5;

/**
 * Checks mean, variance, kurtosis, the correlation of neighbours (0 and 1, 2 and 3, ...) and the counts in 64
 * bins of equal probability. A wrong alarm, for a seed chosen at random: below 4 x 5.7e-7 + 1e-6 = 3.3e-6.
 */
export function assertStandardNormal(values: Float32Array | Float64Array): void {
  const edges = Array.from({ length: BINS - 1 }, (_, i) => normalQuantile((i + 1) / BINS));
  const counts = new Float64Array(BINS);
  const count = values.length;
  let sum = 0, squares = 0, fourths = 0, products = 0;
  for (let i = 0; i < count; i++) {
    const z = values[i];
    assert.ok(Number.isFinite(z), `${z} at ${i}`);
    sum += z;
    squares += z * z;
    fourths += z ** 4;
    if (i % 2 === 1) products += z * values[i - 1];
    counts[binOf(edges, z)]++;
  }
  const scores = {
    mean: sum / Math.sqrt(count),
    variance: (squares - count) / Math.sqrt(2 * count), // var z^2 = 2
    kurtosis: (fourths - 3 * count) / Math.sqrt(96 * count), // var z^4 = 105 - 9
    correlation: products / Math.sqrt(count / 2),
  };
  for (const [name, z] of Object.entries(scores)) assert.ok(Math.abs(z) < Z_LIMIT, `${name}: z = ${z}`);
  const expected = count / BINS;
  const chiSquare = counts.reduce((total, observed) => total + (observed - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < CHI_SQUARE_LIMIT, `chi-square ${chiSquare} on ${BINS - 1} degrees of freedom`);
}

/** Index of the bin between ascending edges, by bisection. */
function binOf(edges: readonly number[], value: number): number {
  let low = 0, high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}
