import assert from "node:assert/strict";
import { RandomStream } from "../../lib/random.ts";
import { bennett, pullError } from "../../lib/samplers/bennett.ts";

const GROUPS = 20;

/** ln of exp(-x^2 / 2 s^2) + shift over the standard normal's exp(-x^2 / 2). */
const logRatio = (sd: number, shift: number) => (x: number) => shift - 0.5 * x * x / (sd * sd) + 0.5 * x * x;

// Student's t on 19 degrees of freedom beyond 5.5 has probability 3e-5.
Deno.test("the ratio of two Gaussians is found from unequally many draws, with its error", () => {
  for (const [sd, above, below] of [[0.5, 4000, 1000], [1.5, 500, 5000]]) {
    const stream = new RandomStream(above, 0), ratio = logRatio(sd, -7);
    const draws = (count: number, scale: number) =>
      Float64Array.from({ length: count }, () => ratio(scale * stream.normal()));
    const { log, pull } = bennett(draws(above, sd), draws(below, 1), GROUPS), error = pullError(pull);
    assert.ok(error < 0.06, `error ${error}`);
    assert.ok(Math.abs(log - (Math.log(sd) - 7)) < 5.5 * error, `${log} +- ${error}`);
  }
});

Deno.test("draws of the upper density that do not count leave the mass of those that do", () => {
  const stream = new RandomStream(4, 0), ratio = logRatio(1, 0), draws = { above: 8000, below: 8000 };
  // Of equal densities, but only the positive half of the upper one is asked for.
  const above = Float64Array.from({ length: draws.above }, () => stream.normal())
    .map((x) => x > 0 ? ratio(x) : Infinity);
  const below = Float64Array.from({ length: draws.below }, () => stream.normal())
    .map((x) => x > 0 ? ratio(x) : -Infinity);
  const { log, pull } = bennett(above, below, GROUPS);
  assert.ok(Math.abs(log - Math.log(0.5)) < 5.5 * pullError(pull), `${log} +- ${pullError(pull)}`);
});

Deno.test("one draw at the far end of f32 changes nothing", () => {
  const stream = new RandomStream(6, 0), ratio = logRatio(0.5, 3);
  const above = Float64Array.from({ length: 1000 }, () => ratio(0.5 * stream.normal()));
  const below = Float64Array.from({ length: 1000 }, () => ratio(stream.normal()));
  const plain = bennett(above, below, GROUPS);
  below[0] = -Infinity;
  const without = bennett(above, below, GROUPS).log;
  below[0] = -3e38;
  assert.ok(Math.abs(bennett(above, below, GROUPS).log - without) < 1e-6);
  assert.ok(Math.abs(without - plain.log) < 0.05);
});
