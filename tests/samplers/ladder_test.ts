import assert from "node:assert/strict";
import fc from "fast-check";
import { RandomStream } from "../../lib/random.ts";
import {
  barrierOf,
  distances,
  monotoneCubic,
  placeRungs,
  rejections,
  rungsFor,
} from "../../lib/samplers/ladder.ts";
import { swapProbability } from "../../lib/samplers/swap.ts";
import { exactBarrier } from "./tempered_targets.ts";

/** Increasing knots: gaps, some of them nothing, summed up. */
const knots = fc.array(
  fc.tuple(fc.double({ min: 1e-6, max: 10, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  {
    minLength: 2,
    maxLength: 12,
  },
).map((gaps) => {
  let x = 0, y = 0;
  return gaps.map(([dx, dy]) => [x += dx, y += dy] as const);
});

Deno.test("the monotone cubic goes through its points and never falls", () => {
  fc.assert(fc.property(knots, (points) => {
    const xs = points.map(([x]) => x), ys = points.map(([, y]) => y), f = monotoneCubic(xs, ys);
    points.forEach(([x, y]) => assert.ok(Math.abs(f(x) - y) <= 1e-9 * (1 + y)));
    let last = -Infinity;
    for (let i = 0; i <= 400; i++) {
      const value = f(xs[0] + (xs.at(-1)! - xs[0]) * i / 400);
      assert.ok(value >= last - 1e-9 * (1 + Math.abs(value)));
      last = value;
    }
  }));
});

Deno.test("the monotone cubic is exact on a line and close on a smooth curve", () => {
  const xs = Array.from({ length: 11 }, (_, i) => i / 10);
  const line = monotoneCubic(xs, xs.map((x) => 3 * x)),
    curve = monotoneCubic(xs, xs.map((x) => Math.sqrt(0.1 + x)));
  for (let x = 0.005; x < 1; x += 0.01) {
    assert.ok(Math.abs(line(x) - 3 * x) < 1e-12);
    assert.ok(Math.abs(curve(x) - Math.sqrt(0.1 + x)) < 5e-3);
  }
});

Deno.test("a swap is certain towards the likelier side, and never happens with what is out of reach", () => {
  const cold = { beta: 1, logLik: -10 }, hot = { beta: 0.5, logLik: -8 };
  assert.equal(swapProbability(cold, hot), 1);
  assert.ok(Math.abs(swapProbability(cold, { beta: 0.5, logLik: -14 }) - Math.exp(-2)) < 1e-15);
  assert.equal(swapProbability(cold, { beta: 0, logLik: -Infinity }), 0);
  assert.equal(swapProbability(cold, { beta: 0, logLik: NaN }), 0);
});

/** Independent log likelihoods of a Gaussian at the prior's centre, constant left out. */
function gaussianRungs(dim: number, priorSd: number, betas: readonly number[], draws: number) {
  const stream = new RandomStream(5, 0);
  return betas.map((beta) => {
    const variance = 1 / (1 / priorSd ** 2 + beta);
    const logLik = Float64Array.from({ length: draws }, () => {
      let square = 0;
      for (let i = 0; i < dim; i++) square += stream.normal() ** 2;
      return -0.5 * variance * square;
    });
    return { beta, logLik };
  });
}

Deno.test("the barrier of a Gaussian is the exact one, and a ladder placed by it rejects equally", () => {
  const dim = 20, priorSd = 10, exact = exactBarrier(dim, 1, priorSd);
  assert.equal(rungsFor(exact), Math.ceil(2.5 * exact) + 1);
  // A start far from equal: half the rungs where little happens.
  const first = [
    1,
    0.9,
    0.8,
    0.7,
    0.6,
    0.5,
    0.4,
    0.3,
    0.2,
    0.1,
    0.05,
    0.03,
    0.02,
    0.01,
    0.005,
    0.002,
    0.001,
    5e-4,
    0,
  ];
  let rungs = gaussianRungs(dim, priorSd, first, 4000), rejected = rejections(rungs);
  for (let round = 0; round < 3; round++) {
    const apart = distances(rejected, rungs.map(() => 1));
    const betas = placeRungs(rungs.map(({ beta }) => beta), apart, 40);
    assert.equal(betas[0], 1);
    assert.equal(betas.at(-1), 0);
    betas.slice(1).forEach((beta, i) => assert.ok(beta < betas[i]));
    rungs = gaussianRungs(dim, priorSd, betas, 4000);
    rejected = rejections(rungs);
  }
  // Sum of 39 rejections, each a mean of 4000 with sd below 0.5: standard error below 0.05. The sum falls short of
  // the barrier by a term in 1 / rungs^2. 6 standard errors: wrong once in 10^9 seeds.
  assert.ok(Math.abs(barrierOf(rejected) - exact) < 0.3, `${barrierOf(rejected)} and ${exact}`);
  // Standard error of one rejection below 0.008, twice over (the ladder was placed by another sample).
  const mean = barrierOf(rejected) / rejected.length;
  rejected.forEach((r) => assert.ok(Math.abs(r - mean) < 0.06, `${r} and ${mean}`));
});

Deno.test("rungs gather where moves are slow, as many as the time they take", () => {
  // Nine equal gaps, the middle three between rungs nine times as slow: 3 * 9 of 3 * 9 + 2 * 5 + 4 parts of the way.
  const betas = Array.from({ length: 10 }, (_, i) => 1 - i / 9), rejected = betas.slice(1).map(() => 0.4);
  const slow = betas.map((_, i) => i >= 3 && i <= 6 ? 9 : 1), apart = distances(rejected, slow);
  assert.ok(Math.abs(apart[4] / apart[0] - 9) < 1e-12);
  const placed = placeRungs(betas, apart, 83);
  const among = placed.filter((beta) => beta <= betas[3] + 1e-9 && beta >= betas[6] - 1e-9).length;
  assert.ok(Math.abs(among - 1 - 82 * 27 / 41) <= 1, `${among} rungs`);
  // Rejections are told to the same distance from one coarse gap and from two fine ones, swaps being independent.
  const [coarse] = distances([1 - 0.6 * 0.7], [1, 1]), fine = distances([0.4, 0.3], [1, 1, 1]);
  assert.ok(Math.abs(coarse - fine[0] - fine[1]) < 1e-12);
});
