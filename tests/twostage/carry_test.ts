import assert from "node:assert/strict";
import { allocateParameters, constrain, parameterNames } from "../../lib/model/parameters.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { targetDensity } from "../../lib/model/target.ts";
import type { Sample } from "../../lib/posterior.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import {
  baselineEstimates,
  baselineIndices,
  inCoordinatesOf,
  meanPosition,
  stageTwoProblems,
} from "../../lib/twostage/carry.ts";
import { hillTarget, priorPositions, withWebgpu } from "../engine/support.ts";
import { makeSeries, PRESET_NAMES, spec } from "../model/support.ts";

const CONTROLS = 2;
const series = makeSeries({ rows: 60, controls: CONTROLS });
const single = buildProblem(series, spec({ components: 1 }));
const mixture = buildProblem(series, spec({ components: 3 }));
const BASELINE = ["intercept", "slope", "gamma.1", "gamma.2"];

/** Draws of stage one about a point of their own. */
const sample: Sample = (() => {
  const stream = new RandomStream(1, Purpose.simulate), { dim } = single.layout, [chains, draws] = [6, 50];
  const none = new Float64Array(chains * draws);
  const positions = Float64Array.from(
    { length: chains * draws * dim },
    (_, i) => 0.3 * (i % dim) / dim - 0.1 + 0.05 * stream.normal(),
  );
  return {
    chains,
    draws,
    positions,
    logDensity: none,
    logLik: none,
    energy: none,
    divergences: 0,
    acceptance: 1,
  };
})();

const natural = ({ coordinates }: HillProblem, u: Float64Array, i: number) =>
  coordinates[i]!.loc + coordinates[i]!.scale * u[i]!;

function at(problem: HillProblem, u: Float64Array) {
  const density = targetDensity(hillTarget(problem), 0), gradient = new Float64Array(density.dim);
  density.evaluate(u, 0, 1, gradient, 0);
  return { prior: density.logPrior, likelihood: density.logLik };
}

Deno.test("the baseline has the same places and names in both stages", () => {
  for (const problem of [single, mixture]) {
    const names = baselineIndices(problem.layout).map((i) => problem.coordinates[i]!.name);
    assert.deepEqual(names, BASELINE);
  }
});

Deno.test("estimates are means and standard deviations of the draws", () => {
  const { dim } = single.layout, mean = meanPosition(sample);
  for (const { index, mean: found, sd } of baselineEstimates(single, sample)) {
    const values = Array.from(
      { length: 300 },
      (_, d) => natural(single, sample.positions.subarray(d * dim, (d + 1) * dim), index),
    );
    const centre = values.reduce((sum, x) => sum + x, 0) / 300;
    const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / 299);
    assert.ok(Math.abs(found - centre) < 1e-12 && Math.abs(sd - spread) < 1e-12);
    assert.ok(Math.abs(natural(single, mean, index) - centre) < 1e-12);
  }
});

Deno.test("plug-in holds the baseline at its means, whatever the position", () => {
  const [fixed, ...more] = stageTwoProblems("plug-in", mixture, single, sample);
  assert.equal(more.length, 0);
  for (const { index, mean, sd } of baselineEstimates(single, sample)) {
    for (const u of [-4, 0, 4]) {
      const phi = natural(fixed!, new Float64Array(fixed!.layout.dim).fill(u), index);
      assert.ok(Math.abs(phi - mean) <= 0.0401 * sd, `${phi} for ${mean}`);
    }
  }
  const u = new Float64Array(mixture.layout.dim).fill(0.1), moved = u.slice();
  for (const index of baselineIndices(mixture.layout)) moved[index]! += 2;
  const apart = at(fixed!, moved).likelihood - at(fixed!, u).likelihood;
  assert.ok(Math.abs(apart) < 0.5, `what is fixed moves the log likelihood by ${apart}`);
});

Deno.test("what hardly varies is fixed no tighter than f32 can tell apart", () => {
  const still = { ...sample, positions: sample.positions.map((_, i) => i % single.layout.dim / 10) };
  for (const { loc, scale } of baselineOf(stageTwoProblems("plug-in", mixture, single, still)[0]!)) {
    assert.ok(Math.fround(loc + scale) - Math.fround(loc) > 0.99 * scale, `${loc} +- ${scale}`);
  }
});

Deno.test("a prior carried over is normal, with the draws' means and standard deviations", () => {
  const [informed] = stageTwoProblems("prior", mixture, single, sample), { dim } = mixture.layout;
  const estimates = baselineEstimates(single, sample), u = new Float64Array(dim);
  for (const { index, mean, sd } of estimates) {
    const { loc, scale, a, b } = informed!.coordinates[index]!;
    assert.deepEqual([loc, scale, a, b], [mean, sd, mean, sd]);
    u[index] = 1.5;
  }
  // Standard normals in their own coordinates: 1.5 sds from the mean in each.
  const fall = at(informed!, new Float64Array(dim)).prior - at(informed!, u).prior;
  assert.ok(Math.abs(fall - estimates.length * 1.5 ** 2 / 2) < 1e-9);
});

Deno.test("a cut has one problem per chain, fixed at its last draw; only the baseline differs", () => {
  const fits = stageTwoProblems("cut", mixture, single, sample), { dim } = single.layout;
  assert.equal(fits.length, sample.chains);
  fits.forEach((fit, chain) => {
    const last = ((chain + 1) * sample.draws - 1) * dim, own = sample.positions.subarray(last, last + dim);
    for (const index of baselineIndices(fit.layout)) {
      assert.ok(Math.abs(fit.coordinates[index]!.loc - natural(single, own, index)) < 1e-12);
    }
    const others = (problem: HillProblem) =>
      problem.coordinates.filter((_, i) => !baselineIndices(problem.layout).includes(i));
    assert.deepEqual(others(fit), others(mixture));
    assert.equal(fit.median, mixture.median, "one table for all fits");
  });
});

for (const preset of PRESET_NAMES.filter((name) => name !== "single")) {
  Deno.test(`positions of a fit are the same parameters in the mixture's own coordinates (${preset})`, () => {
    const own = buildProblem(series, spec({ components: 2, preset })), { dim } = own.layout;
    const stream = new RandomStream(2, Purpose.simulate), count = parameterNames(own.layout).length;
    for (const carry of ["plug-in", "prior", "cut"] as const) {
      const fit = stageTwoProblems(carry, own, single, sample).at(-1)!;
      const u = Float64Array.from({ length: 2 * dim }, () => stream.normal());
      const moved = inCoordinatesOf(own, fit, u), scratch = allocateParameters(own.layout);
      for (const offset of [0, dim]) {
        const [before, after] = [new Float64Array(count), new Float64Array(count)];
        constrain(fit, scratch, u, offset, before, 0);
        constrain(own, scratch, moved, offset, after, 0);
        before.forEach((value, i) => assert.ok(Math.abs(after[i]! - value) <= 1e-9 * Math.abs(value)));
      }
    }
  });
}

Deno.test("f32 sees the same density where the baseline is fixed", () =>
  withWebgpu(async (engine) => {
    const fits = stageTwoProblems("cut", mixture, single, sample).slice(0, 3), count = 40;
    const target = hillTarget(...fits), { dim } = mixture.layout;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
    const positions = priorPositions(fits[0]!, fits.length * count);
    const { logPrior, logLik, gradient } = await ensemble.evaluate(positions);
    await ensemble.close();
    fits.forEach((_, i) => {
      const density = targetDensity(target, i), exact = new Float64Array(dim);
      for (let n = i * count; n < (i + 1) * count; n++) {
        density.evaluate(positions, n * dim, 1, exact, 0);
        for (const [f32, f64] of [[logPrior[n]!, density.logPrior], [logLik[n]!, density.logLik]] as const) {
          assert.ok(Math.abs(f32 - f64) < 2e-3 + 1e-6 * Math.abs(f64), `${f32} against ${f64}`);
        }
        const miss = Math.hypot(...exact.map((slope, j) => gradient[n * dim + j]! - slope));
        assert.ok(miss < 1e-3 * (1 + Math.hypot(...exact)), `gradient ${n} is off by ${miss}`);
      }
    });
  }));

const baselineOf = (problem: HillProblem) =>
  baselineIndices(problem.layout).map((i) => problem.coordinates[i]!);
