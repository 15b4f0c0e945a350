import assert from "node:assert/strict";
import { effectiveComponents } from "../../lib/diagnostics/effective_components.ts";
import { assertClose } from "./golden.ts";

/** One chain whose draws have these weights, each a list over curves. */
function drawsOf(weights: readonly (readonly number[])[]) {
  const columns = weights[0].map((_, k): [string, Float64Array] => [
    `pi.${k + 1}`,
    Float64Array.from(weights, (draw) => draw[k]),
  ]);
  return { chains: 1, draws: weights.length, columns: new Map(columns) };
}

Deno.test("equal weights count in full, one curve with all rows counts as one", () => {
  const third = 1 / 3;
  const { mean, q5, q95, in_use } = effectiveComponents(drawsOf([[third, third, third], [1, 0, 0]]), 3);
  assertClose(mean, 2, 1e-12, "mean of 3 and 1");
  assertClose(q5, 1.1, 1e-12, "q5");
  assertClose(q95, 2.9, 1e-12, "q95");
  assert.equal(in_use, 2);
  assert.equal(effectiveComponents(drawsOf([[1], [1]]), 1).mean, 1);
});

Deno.test("uneven weights count by exp of their entropy, in any order", () => {
  // By hand: -(0.5 ln 0.5 + 2 * 0.25 ln 0.25) = 1.5 ln 2.
  const here = effectiveComponents(drawsOf([[0.5, 0.25, 0.25]]), 3);
  assertClose(here.mean, 2 ** 1.5, 1e-12, "Hill number");
  assert.deepEqual(effectiveComponents(drawsOf([[0.25, 0.25, 0.5]]), 3), here);
  assert.equal(effectiveComponents(drawsOf([[0.995, 0.005], [0.98, 0.02]]), 2).in_use, 1.5);
});
