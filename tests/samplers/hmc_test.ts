import assert from "node:assert/strict";
import fc from "fast-check";
import type { TargetSpec } from "../../lib/engine/ensemble.ts";
import { type Density, targetDensity } from "../../lib/model/target.ts";
import { RandomStream, seedKey } from "../../lib/random.ts";
import { type HmcState, initHmc, leapfrog, stepHmc } from "../../lib/samplers/hmc.ts";
import { cholesky } from "../../lib/samplers/metric.ts";
import {
  correlatedGaussian,
  hillProblem,
  hillTarget,
  identity,
  likelyPositions,
  plainTuning,
} from "../engine/support.ts";
import { norm, zScore } from "../model/support.ts";

const KEY = seedKey(17);
const standardNormal: TargetSpec = {
  kind: "gaussian",
  mean: new Float64Array(1),
  precision: Float64Array.of(1),
};

const energy = (state: HmcState, momentum: Float64Array, beta = 1): number =>
  0.5 * norm(momentum) ** 2 - state.logPrior - beta * state.logLik;

function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(seed, 0);
  return Float64Array.from({ length: count }, () => stream.normal());
}

/** A lower-triangular factor with positive diagonal. */
function someFactor(dim: number, seed: number): Float64Array {
  const z = normals(dim * dim, seed);
  return z.map((value, i) => {
    const row = Math.floor(i / dim), column = i % dim;
    return column > row ? 0 : column === row ? Math.exp(0.3 * value) : 0.3 * value;
  });
}

// One leapfrog step on Normal(0, 1) is a rotation in coordinates (q, p / sqrt(1 - e^2 / 4)) by the angle whose
// cosine is 1 - e^2 / 2 (Neal 2011, section 4.2).
Deno.test("on a standard normal the leapfrog is the rotation of the harmonic oscillator", () => {
  const density = targetDensity(standardNormal, 0);
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  fc.assert(
    fc.property(
      number(-3, 3),
      number(-3, 3),
      number(0.01, 1.9),
      fc.integer({ min: 1, max: 60 }),
      (q, p, e, steps) => {
        const momentum = Float64Array.of(p);
        const start = initHmc(density, Float64Array.of(q), 1);
        const end = leapfrog(density, start, { stepSize: e, factor: identity(1), beta: 1 }, momentum, steps);
        const turn = steps * Math.acos(1 - e * e / 2), flat = Math.sqrt(1 - e * e / 4);
        assert.ok(Math.abs(end.position[0] - (q * Math.cos(turn) + p / flat * Math.sin(turn))) < 1e-9);
        assert.ok(Math.abs(momentum[0] - (p * Math.cos(turn) - q * flat * Math.sin(turn))) < 1e-9);
      },
    ),
  );
});

Deno.test("a trajectory run backwards ends where it began", () => {
  const problem = hillProblem({ rows: 60, components: 2 });
  const targets: { target: TargetSpec; start: Float64Array; stepSize: number }[] = [
    { target: correlatedGaussian(4, 0.8).target, start: normals(4, 1), stepSize: 0.2 },
    { target: { kind: "funnel", dim: 5 }, start: normals(5, 2).map((z) => 0.5 * z), stepSize: 0.1 },
    { target: hillTarget(problem), start: likelyPositions(problem, 1), stepSize: 0.01 },
  ];
  for (const { target, start, stepSize } of targets) {
    const density = targetDensity(target, 0), dim = density.dim;
    for (const beta of [1, 0.4]) {
      const how = { stepSize, factor: someFactor(dim, 3), beta };
      const momentum = normals(dim, 4), before = momentum.slice(), from = initHmc(density, start, beta);
      const there = leapfrog(density, from, how, momentum, 15);
      assert.ok(norm(there.position.map((x, i) => x - start[i])) > 0.05, "the trajectory must go somewhere");
      const reversed = momentum.map((p) => -p);
      const back = leapfrog(density, there, how, reversed, 15);
      assert.ok(norm(back.position.map((x, i) => x - start[i])) < 1e-7);
      assert.ok(norm(reversed.map((p, i) => p + before[i])) < 1e-7);
    }
  }
});

Deno.test("a trajectory keeps volume in phase space", () => {
  const dim = 3, density = targetDensity({ kind: "funnel", dim }, 0);
  const how = { stepSize: 0.15, factor: someFactor(dim, 5), beta: 1 };
  const flow = (point: Float64Array): Float64Array => {
    const momentum = point.slice(dim);
    const end = leapfrog(density, initHmc(density, point.slice(0, dim), 1), how, momentum, 7);
    return Float64Array.of(...end.position, ...momentum);
  };
  const at = Float64Array.of(-0.5, 0.4, -0.3, 0.7, -1.1, 0.2), h = 1e-5;
  const columns = Array.from(at, (_, j) => {
    const [up, down] = [1, -1].map((sign) => flow(at.map((x, i) => i === j ? x + sign * h : x)));
    return up.map((value, i) => (value - down[i]) / (2 * h));
  });
  assert.ok(Math.abs(Math.abs(determinant(columns)) - 1) < 1e-6);
});

/** By elimination with pivots. */
function determinant(columns: readonly Float64Array[]): number {
  const m = columns.map((column) => [...column]);
  let product = 1;
  for (let i = 0; i < m.length; i++) {
    const pivot = m.findIndex((row, r) =>
      r >= i && Math.abs(row[i]) === Math.max(...m.slice(i).map((x) => Math.abs(x[i])))
    );
    [m[i], m[pivot]] = [m[pivot], m[i]];
    product *= m[i][i];
    for (let r = i + 1; r < m.length; r++) {
      const ratio = m[r][i] / m[i][i];
      for (let c = i; c < m.length; c++) m[r][c] -= ratio * m[i][c];
    }
  }
  return product;
}

Deno.test("the energy error falls with the square of the step", () => {
  const problem = hillProblem({ rows: 60, components: 2 });
  const targets: { target: TargetSpec; start: Float64Array; stepSize: number }[] = [
    { target: correlatedGaussian(4, 0.8).target, start: normals(4, 6), stepSize: 0.02 },
    { target: { kind: "funnel", dim: 5 }, start: normals(5, 7), stepSize: 0.005 },
    { target: hillTarget(problem), start: likelyPositions(problem, 1, 8), stepSize: 1e-3 },
  ];
  for (const { target, start, stepSize } of targets) {
    const density = targetDensity(target, 0);
    const [coarse, fine] = [1, 2].map((finer) => {
      const momentum = normals(density.dim, 9), from = initHmc(density, start, 1);
      const before = energy(from, momentum);
      const how = { stepSize: stepSize / finer, factor: identity(density.dim), beta: 1 };
      return energy(leapfrog(density, from, how, momentum, 10 * finer), momentum) - before;
    });
    assert.ok(Math.abs(coarse / fine - 4) < 0.2, `${target.kind}: ratio ${coarse / fine}`);
  }
});

Deno.test("tiny steps accept everything, steps past the stability limit diverge and are refused", () => {
  const { target } = correlatedGaussian(4, 0.5);
  const density = targetDensity(target, 0);
  const start = initHmc(density, normals(4, 10), 1), kept = start.position.slice();
  for (let counter = 0; counter < 50; counter++) {
    const [, small] = stepHmc(density, start, plainTuning(4, 1e-3, 5), KEY, 0, counter, 5);
    assert.ok(small.acceptance > 0.999 && !small.diverging);
    // The shortest jittered step is an eighth: 40 / 8 is still beyond the limit of two sds.
    const [after, large] = stepHmc(density, start, plainTuning(4, 40, 30), KEY, 0, counter, 30);
    assert.ok(large.diverging && !large.accepted && large.acceptance < 1e-100);
    assert.equal(after, start);
  }
  assert.deepEqual(start.position, kept);
});

Deno.test("where the density is not finite the chain stays and the transition counts as divergent", () => {
  const cliff: Density = {
    dim: 1,
    logPrior: 0,
    logLik: NaN,
    evaluate: (_u, _at, _beta, gradient, at) => void (gradient[at] = 0),
  };
  const state = { position: Float64Array.of(0.3), gradient: Float64Array.of(0), logPrior: 0, logLik: 0 };
  const [after, info] = stepHmc(cliff, state, plainTuning(1, 0.1, 3), KEY, 0, 0, 3);
  assert.equal(after, state);
  assert.deepEqual({ ...info, energy: 0, energyError: 0 }, {
    acceptance: 0,
    accepted: false,
    energy: 0,
    diverging: true,
    energyError: 0,
    cheesGradient: info.cheesGradient,
  });
  assert.ok(Number.isFinite(info.energy) && Number.isFinite(info.cheesGradient));
});

// 20 000 independent exact draws, one transition each: what comes out must be exact draws too. Nine z-scores
// within 4.5: a wrong alarm, for a seed chosen at random, has probability 9 x 6.8e-6 = 6e-5.
Deno.test("a transition leaves a Gaussian as it is, rejections, jitter and metric included", () => {
  const dim = 3, count = 20_000, { target, mean, sd } = correlatedGaussian(dim, 0.6);
  const density = targetDensity(target, 0);
  const covariance = Float64Array.from({ length: dim * dim }, (_, ij) => {
    const i = Math.floor(ij / dim), j = ij % dim;
    return sd[i] * sd[j] * 0.6 ** Math.abs(i - j);
  });
  const root = cholesky(covariance, dim)!, z = normals(count * dim, 11);
  const tuning = { ...plainTuning(dim, 0.6, 4), factor: someFactor(dim, 12) };
  const products = new Map<string, Float64Array>();
  let accepted = 0;
  for (let c = 0; c < count; c++) {
    const start = mean.map((m, i) => {
      let x = m;
      for (let j = 0; j <= i; j++) x += root[i * dim + j] * z[c * dim + j];
      return x;
    });
    const [after, info] = stepHmc(density, initHmc(density, start, 1), tuning, KEY, c, 3, 4);
    accepted += Number(info.accepted) / count;
    const d = after.position.map((x, i) => x - mean[i]);
    for (let i = 0; i < dim; i++) {
      column(`mean ${i}`)[c] = d[i];
      for (let j = 0; j <= i; j++) column(`product ${i} ${j}`)[c] = d[i] * d[j] - covariance[i * dim + j];
    }
  }
  function column(name: string): Float64Array {
    if (!products.has(name)) products.set(name, new Float64Array(count));
    return products.get(name)!;
  }
  assert.ok(accepted > 0.3 && accepted < 0.95, `a test of rejections needs some: ${accepted} accepted`);
  for (const [name, values] of products) {
    const score = zScore(values, 0);
    assert.ok(Math.abs(score) < 4.5, `${name}: z = ${score}`);
  }
});

// Exact draws of a funnel of two dimensions. Detailed balance means that a pair (before, after) is as likely as
// (after, before), so moves from A to B and from B to A are a fair coin's heads and tails. Three z-scores within
// 4.5: a wrong alarm has probability 2e-5.
Deno.test("moves between regions are as frequent one way as the other, step jitter included", () => {
  const dim = 2,
    count = 40_000,
    density = targetDensity({ kind: "funnel", dim }, 0),
    z = normals(count * dim, 13);
  const regions: ((u: Float64Array) => boolean)[][] = [
    [([neck]) => neck < -1, ([neck]) => neck > 0],
    [([neck, x]) => neck < 2 && x > 0.5, ([neck, x]) => neck >= 2 || x < -0.5],
    [([, x]) => Math.abs(x) < 0.3, ([, x]) => Math.abs(x) > 1],
  ];
  const forth = [0, 0, 0], back = [0, 0, 0];
  let jittered = 0;
  for (let c = 0; c < count; c++) {
    const neck = 3 * z[2 * c], before = Float64Array.of(neck, Math.exp(neck / 2) * z[2 * c + 1]);
    const [{ position }, info] = stepHmc(
      density,
      initHmc(density, before, 1),
      plainTuning(dim, 0.9, 3),
      KEY,
      c,
      5,
      3,
    );
    jittered += Number(!info.accepted);
    regions.forEach(([inA, inB], i) => {
      if (inA(before) && inB(position)) forth[i]++;
      if (inB(before) && inA(position)) back[i]++;
    });
  }
  assert.ok(jittered > 0.02 * count, "a test of rejections needs some");
  forth.forEach((count, i) => {
    const total = count + back[i], score = (count - back[i]) / Math.sqrt(total);
    assert.ok(total > 500, `only ${total} moves between regions ${i}`);
    assert.ok(Math.abs(score) < 4.5, `regions ${i}: ${count} one way, ${back[i]} the other`);
  });
});

Deno.test("random numbers depend on chain, counter and seed, and on nothing else", () => {
  const density = targetDensity(standardNormal, 0), state = initHmc(density, Float64Array.of(0.4), 1);
  const run = (key: [number, number], chain: number, counter: number) =>
    stepHmc(density, state, plainTuning(1, 0.3, 2), key, chain, counter, 2)[1].energy;
  const first = run(KEY, 0, 0);
  assert.equal(run(KEY, 0, 0), first);
  const others = [run(KEY, 1, 0), run(KEY, 0, 1), run(seedKey(18), 0, 0), run(seedKey(17 + 2 ** 32), 0, 0)];
  assert.equal(new Set([first, ...others]).size, 5);
});
