import assert from "node:assert/strict";
import { RandomStream } from "../../lib/random.ts";
import { type Target, weigh } from "../../lib/variational/importance.ts";
import {
  BOUND_DRAWS,
  followPaths,
  type Paths,
  type PathsProgress,
  type PathsState,
} from "../../lib/variational/pathfinder.ts";
import { boundsOf, drawPool, type Pool, sharesOf } from "../../lib/variational/pool.ts";
import { groupTops } from "../../lib/variational/solutions.ts";
import { correlatedGaussian } from "../engine/support.ts";
import { mixture } from "../samplers/tempered_targets.ts";
import { exactTarget, goesOnAnywhere, plainTarget } from "./support.ts";

const DRAWS = 8000;

const normalsOf = (count: number, seed: number) => {
  const stream = new RandomStream(seed, 0);
  return Float64Array.from({ length: count }, () => stream.normal());
};

interface Found extends Paths {
  readonly pool: Pool;
  readonly kHat: number;
  readonly logWeights: Float64Array;
}

async function find(target: Target, starts: Float64Array, seed = 1, rounds = 400): Promise<Found> {
  const paths = await followPaths(target, starts, normalsOf(BOUND_DRAWS * target.dim, seed), rounds);
  const pool = await drawPool(
    target,
    paths.paths.map(({ normal }) => normal),
    DRAWS,
    new RandomStream(seed, 0, 1),
  );
  return { ...paths, pool, ...weigh(pool.proposals) };
}

/** Weighted mean of a function of the draws. */
function expectation({ pool, logWeights }: Found, dim: number, f: (x: Float64Array) => number): number {
  const { positions } = pool.proposals;
  return logWeights.reduce(
    (sum, weight, n) => sum + Math.exp(weight) * f(positions.subarray(n * dim, (n + 1) * dim)),
    0,
  );
}

// 2 x 8 moments of weighted draws worth at least half their number, each within five standard errors: a wrong alarm
// has probability 1e-5.
Deno.test("a Gaussian is found from anywhere, with its mean and its covariance", async () => {
  const dim = 8, { target: spec, mean, sd } = correlatedGaussian(dim, 0.7), target = exactTarget(spec);
  const found = await find(target, normalsOf(8 * dim, 3).map((z) => 10 * z));
  assert.equal(found.paths.length, 8);
  assert.equal(found.unfinished, 0);
  assert.ok(found.kHat < 0.5, `k-hat ${found.kHat}`);
  const effective = 1 / found.logWeights.reduce((sum, w) => sum + Math.exp(2 * w), 0);
  assert.ok(effective > DRAWS / 2, `effective size ${effective}`);
  for (let i = 0; i < dim; i++) {
    const at = expectation(found, dim, (x) => x[i]), error = sd[i] / Math.sqrt(effective);
    assert.ok(Math.abs(at - mean[i]) < 5 * error, `mean ${i}: ${at}, exactly ${mean[i]}`);
    const j = (i + 1) % dim, rho = 0.7 ** Math.abs(i - j), exact = rho * sd[i] * sd[j];
    const product = expectation(found, dim, (x) => (x[i] - mean[i]) * (x[j] - mean[j]));
    const spread = sd[i] * sd[j] * Math.sqrt((1 + rho * rho) / effective);
    assert.ok(Math.abs(product - exact) < 5 * spread, `covariance ${i}, ${j}: ${product}, exactly ${exact}`);
  }
  // The density is normalised, so its log evidence is 0 and bounds every bound from above.
  for (const { elbo, error } of boundsOf(found.pool)) {
    assert.ok(elbo < 5 * error && elbo > -0.5, `bound ${elbo}`);
  }
});

// Weights of the two modes by 8000 weighted draws: their error is below 0.006, five of them 0.03.
Deno.test("modes have their own weights, whatever led how many paths to each", async () => {
  const dim = 6, target = exactTarget(mixture(dim, [0.3, 0.7], 12, 4));
  const starts = Float64Array.from({ length: 8 * dim }, (_, i) => i % dim === 0 ? (i < 6 * dim ? -6 : 6) : 1);
  const found = await find(target, starts.map((x, i) => x + 0.3 * normalsOf(8 * dim, 9)[i]));
  const groups = await groupTops(target, found.paths.map(({ top }) => top));
  assert.deepEqual(groups.map((members) => members.length).sort(), [2, 6]);
  const shares = sharesOf(found.pool, found.logWeights);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  const light = groups.find((members) => members.length === 6)!.reduce((sum, p) => sum + shares[p], 0);
  assert.ok(Math.abs(light - 0.3) < 0.03, `weight of the mode of six paths: ${light}, exactly 0.3`);
  const left = expectation(found, dim, ([x]) => x < 0 ? 1 : 0);
  assert.ok(Math.abs(left - 0.3) < 0.03, `draws left of the middle: ${left}`);
});

const banana = plainTarget(3, ([x, y, z], gradient) => {
  const bend = y - 2 * (x * x - 1);
  gradient.set([-x + 4 * x * bend / 0.01, -bend / 0.01, -z]);
  return -0.5 * (x * x + z * z + bend * bend / 0.01);
});

Deno.test("k-hat gives away that no normal fits a banana or a funnel, and that many fit a banana better", async () => {
  const kOf = async (target: Target, paths: number) =>
    (await find(target, normalsOf(paths * target.dim, 5))).kHat;
  const one = await kOf(banana, 1), many = await kOf(banana, 32);
  assert.ok(one > 0.7, `one normal on a banana: k-hat ${one}`);
  assert.ok(many < one - 0.2, `many normals on a banana: k-hat ${many}, one ${one}`);
  const funnel = await kOf(exactTarget({ kind: "funnel", dim: 8 }), 8);
  assert.ok(funnel > 0.7, `eight normals on a funnel: k-hat ${funnel}`);
});

Deno.test("the seed decides everything", async () => {
  const target = exactTarget({ kind: "funnel", dim: 5 }), starts = normalsOf(4 * 5, 5);
  const [first, again, other] = [
    await find(target, starts),
    await find(target, starts),
    await find(target, starts, 2),
  ];
  assert.deepEqual(again, first);
  assert.notDeepEqual(other.pool.proposals.positions, first.pool.proposals.positions);
});

Deno.test("paths out of rounds count as unfinished; those without a density are left behind", async () => {
  const { target: spec } = correlatedGaussian(4, 0.5), inner = exactTarget(spec);
  const target = plainTarget(4, (_, gradient) => {
    gradient.fill(NaN);
    return NaN;
  });
  const walled: Target = {
    dim: 4,
    evaluate: async (positions) => {
      const [evaluation, nothing] = [await inner.evaluate(positions), await target.evaluate(positions)];
      evaluation.logLik.forEach((_, n) => {
        if (positions[4 * n] > 50) {
          evaluation.logLik[n] = nothing.logLik[n];
          evaluation.gradient.set(nothing.gradient.subarray(4 * n, 4 * n + 4), 4 * n);
        }
      });
      return evaluation;
    },
  };
  const starts = Float64Array.of(60, 0, 0, 0, 5, 5, 5, 5, -5, 0, 5, 0),
    normals = normalsOf(BOUND_DRAWS * 4, 1);
  const { paths, unfinished, boundTrace } = await followPaths(walled, starts, normals, 4);
  assert.equal(paths.length, 2);
  assert.equal(unfinished, 2);
  assert.equal(boundTrace.length, 5, "four rounds, and one for the last bounds");
  await assert.rejects(followPaths(target, starts, normals, 400), /No path found .*try another --seed/);
});

Deno.test("progress counts paths and rises, and a signal ends the search", async () => {
  const target = exactTarget(correlatedGaussian(6, 0.9).target), starts = normalsOf(6 * 6, 2);
  const normals = normalsOf(BOUND_DRAWS * 6, 1),
    seen: { ended: number; bound: number; gradients: number }[] = [];
  const { gradients, boundTrace } = await followPaths(target, starts, normals, 400, (one) => seen.push(one));
  assert.equal(seen.at(-1)!.ended, 6);
  assert.equal(seen.at(-1)!.gradients, gradients);
  assert.deepEqual(seen.map(({ bound }) => bound), boundTrace);
  seen.slice(1).forEach((one, i) => {
    assert.ok(one.ended >= seen[i].ended && one.bound >= seen[i].bound && one.gradients > seen[i].gradients);
  });
  const control = new AbortController();
  const stopped = followPaths(
    target,
    starts,
    normals,
    400,
    () => control.abort(new Error("enough")),
    control.signal,
  );
  await assert.rejects(stopped, { message: "enough" });
});

Deno.test("a search cut off after any round goes on as if nothing had happened", async () => {
  const starts = Float64Array.of(NaN, 0, 0, ...normalsOf(5 * 3, 5)), normals = normalsOf(BOUND_DRAWS * 3, 1);
  const run = (rounds: number) =>
    goesOnAnywhere<PathsState, PathsProgress>((tell, continuation) => {
      return followPaths(banana, starts, normals, rounds, tell, undefined, continuation);
    });
  const states = await run(400);
  assert.ok(states.every(({ walkers }) => walkers.length === 5), "one start has no density");
  assert.ok(
    states.some(({ walkers }) => new Set(walkers.map(({ ended }) => ended)).size === 2),
    "all paths ended in one round",
  );
  assert.equal((await run(4)).length, 5); // rounds run out, and one more is for the last bounds
});
