import assert from "node:assert/strict";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { balancedNormals } from "../../lib/variational/base_draws.ts";

Deno.test("balanced draws have mean 0 and the identity as second moment, to rounding", () => {
  for (const [dim, pairs] of [[1, 1], [5, 5], [19, 76]] as const) {
    const draws = balancedNormals(dim, pairs, new RandomStream(4, Purpose.approximation)), count = 2 * pairs;
    assert.equal(draws.length, count * dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++) {
        let first = 0, second = 0;
        for (let m = 0; m < count; m++) {
          first += draws[m * dim + i] / count;
          second += draws[m * dim + i] * draws[m * dim + j] / count;
        }
        assert.ok(
          Math.abs(first) < 1e-12 && Math.abs(second - (i === j ? 1 : 0)) < 1e-9,
          `${dim}: ${i}, ${j}`,
        );
      }
    }
  }
});

// The fourth moment of a standard normal is 3, its standard error here sqrt(96 / 6000) = 0.13; balancing shrinks tails
// by about 1 / pairs. Five standard errors: under one in a million.
Deno.test("balanced draws keep the tails of a normal", () => {
  const dim = 3, draws = balancedNormals(dim, 1000, new RandomStream(4, Purpose.approximation));
  const fourth = draws.reduce((sum, z) => sum + z ** 4, 0) / draws.length;
  assert.ok(Math.abs(fourth - 3) < 0.65, `${fourth}`);
});

Deno.test("fewer pairs than dimensions cannot be balanced", () => {
  assert.throws(() => balancedNormals(6, 5, new RandomStream(1, Purpose.approximation)), RangeError);
});
