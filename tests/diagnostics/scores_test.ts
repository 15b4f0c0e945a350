import assert from "node:assert/strict";
import fc from "fast-check";
import { coverageNotes } from "../../lib/diagnostics/notes.ts";
import { crps, scoreHoldout } from "../../lib/diagnostics/scores.ts";
import { normalQuantile } from "../../lib/diagnostics/numeric.ts";

/** The definition: the integral of (F(z) - [z >= y])^2, exact for a step function. */
function byIntegration(sorted: Float64Array, y: number): number {
  const knots = Float64Array.of(...sorted, y).sort();
  let integral = 0;
  for (let i = 1; i < knots.length; i++) {
    const below = sorted.filter((x) => x <= knots[i - 1]).length / sorted.length;
    integral += (knots[i] - knots[i - 1]) * (below - (knots[i - 1] >= y ? 1 : 0)) ** 2;
  }
  return integral;
}

const draw = fc.double({ min: -100, max: 100, noNaN: true });

Deno.test("the CRPS of draws equals its integral", () => {
  fc.assert(fc.property(fc.array(draw, { minLength: 1, maxLength: 40 }), draw, (list, y) => {
    const sorted = Float64Array.from(list).sort();
    assert.ok(Math.abs(crps(sorted, y) - byIntegration(sorted, y)) < 1e-11);
  }));
});

Deno.test("the CRPS of many normal draws equals the closed form", () => {
  // Gneiting & Raftery 2007, equation 5, for a standard normal; the draws are its exact quantiles.
  const count = 20_000;
  const sorted = Float64Array.from({ length: count }, (_, i) => normalQuantile((i + 0.5) / count));
  for (const y of [-2, 0, 0.7]) {
    const density = Math.exp(-y * y / 2) / Math.sqrt(2 * Math.PI);
    const below = sorted.filter((x) => x <= y).length / count;
    const closed = y * (2 * below - 1) + 2 * density - 1 / Math.sqrt(Math.PI);
    assert.ok(Math.abs(crps(sorted, y) - closed) < 1e-4, `y = ${y}`);
  }
});

Deno.test("the CRPS moves and scales with the data", () => {
  fc.assert(fc.property(fc.array(draw, { minLength: 1, maxLength: 40 }), draw, (list, y) => {
    const sorted = Float64Array.from(list).sort();
    const moved = sorted.map((x) => 4 * x + 1000);
    assert.ok(Math.abs(crps(moved, 4 * y + 1000) - 4 * crps(sorted, y)) < 1e-9);
  }));
});

Deno.test("hold-out scores of a small example worked by hand", () => {
  const draws = [[0, 4, 2], [10, 10, 10], [1, 3, 2]].map((row) => Float64Array.from(row));
  const scores = scoreHoldout(Float64Array.of(2, 11, 100), (t) => draws[t]);
  assert.ok(Math.abs(scores.rmse - Math.sqrt((0 + 1 + 98 ** 2) / 3)) < 1e-12);
  // Mean |x - y| less half the mean distance of two draws: 4/3 - 8/9, 1 - 0, 98 - 4/9.
  assert.ok(Math.abs(scores.crps - (4 / 9 + 1 + 98 - 4 / 9) / 3) < 1e-12);
  assert.equal(scores.coverage_90, 1 / 3);
  assert.deepEqual(draws[0], Float64Array.of(0, 4, 2), "the caller's draws keep their order");
});

Deno.test("coverage is remarked on only beyond chance", () => {
  assert.deepEqual(coverageNotes({ coverage_90: 0.86 }, 50), []);
  assert.match(
    coverageNotes({ coverage_90: 0.6 }, 50)[0],
    /hold 60% of the 50 held-out rows: they are too narrow/,
  );
  assert.match(coverageNotes({ coverage_90: 1 }, 100)[0], /wider than they need to be/);
});
