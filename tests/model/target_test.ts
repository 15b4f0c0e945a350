import assert from "node:assert/strict";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { linearLogEvidence, linearPosterior, linearRegression } from "../samplers/exact_targets.ts";
import { makeSeries, norm, numericGradient, spec } from "./support.ts";

/** Log prior, log likelihood and gradient against formulas for the two parts, at points of spread 1.5. */
function check(
  target: Parameters<typeof targetDensity>[0],
  lnLik: (u: Float64Array) => number,
  lnPrior: (u: Float64Array) => number = () => 0,
): void {
  const density = targetDensity(target, 0), stream = new RandomStream(51, Purpose.initial);
  for (let repeat = 0; repeat < 10; repeat++) {
    const u = Float64Array.from({ length: density.dim }, () => 1.5 * stream.normal());
    const gradient = new Float64Array(density.dim + 1);
    density.evaluate(u, 0, 0.6, gradient, 1);
    assert.ok(Math.abs(density.logPrior - lnPrior(u)) < 1e-12 * (1 + Math.abs(lnPrior(u))));
    assert.ok(Math.abs(density.logLik - lnLik(u)) < 1e-10 * (1 + Math.abs(lnLik(u))));
    const numeric = numericGradient((v) => lnPrior(v) + 0.6 * lnLik(v), u, 1e-3);
    const miss = norm(numeric.map((g, i) => g - gradient[i + 1]));
    assert.ok(miss < 1e-7 * (1 + norm(numeric)), `off by ${miss}`);
  }
}

const lnNormal = (x: number, mean: number, sd: number) =>
  -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

Deno.test("gaussian target is the product of a marginal and a conditional", () => {
  // Covariance [[4, 1.2], [1.2, 1]]: x_1 given x_0 has mean m_1 + 0.3 (x_0 - m_0) and variance 0.64.
  const mean = Float64Array.of(1, -2), determinant = 4 - 1.2 ** 2;
  const precision = Float64Array.of(1, -1.2, -1.2, 4).map((v) => v / determinant);
  check(
    { kind: "gaussian", mean, precision },
    ([x, y]) => lnNormal(x, 1, 2) + lnNormal(y, -2 + 0.3 * (x - 1), 0.8),
  );
});

Deno.test("funnel target has a neck of sd 3 and a mouth of sd exp(neck / 2)", () => {
  check(
    { kind: "funnel", dim: 5 },
    ([neck, ...mouth]) =>
      lnNormal(neck, 0, 3) + mouth.reduce((sum, x) => sum + lnNormal(x, 0, Math.exp(neck / 2)), 0),
  );
});

Deno.test("hill target evaluates the problem it is asked for", () => {
  const problems = [1, 2].map((seed) => buildProblem(makeSeries({ rows: 30, seed }), spec()));
  const density = targetDensity({ kind: "hill_mixture", problems }, 1);
  const u = samplePrior(problems[1], new RandomStream(52, Purpose.initial));
  const [gradient, expected] = [new Float64Array(density.dim), new Float64Array(density.dim)];
  density.evaluate(u, 0, 0.5, gradient, 0);
  const work = hillWorkspace(problems[1]);
  hillDensity(work, u, 0, 0.5, expected, 0);
  assert.deepEqual(gradient, expected);
  assert.equal(density.logPrior, work.logPrior);
  assert.equal(density.logLik, work.logLik);
});

Deno.test("mixture target is a mixture times its prior, both normalised", () => {
  const means = Float64Array.of(-2, 0, 2, 1), weights = [0.25, 0.75], sds = [0.7, 0.4];
  check(
    { kind: "mixture", weights, means, sds, priorSd: 3 },
    (u) =>
      Math.log(weights.reduce(
        (sum, weight, m) =>
          sum +
          weight * Math.exp(lnNormal(u[0], means[2 * m], sds[m]) + lnNormal(u[1], means[2 * m + 1], sds[m])),
        0,
      )),
    (u) => lnNormal(u[0], 0, 3) + lnNormal(u[1], 0, 3),
  );
});

const lnBanana = (twist: number) => ([along, across, ...others]: Float64Array) =>
  lnNormal(along, 0, 10) + lnNormal(across, -twist * (along ** 2 - 100), 1) +
  others.reduce((sum, x) => sum + lnNormal(x, 0, 1), 0);

Deno.test("banana target is a normal and another one bent along it", () => {
  check({ kind: "banana", dim: 2, twist: 0.03 }, lnBanana(0.03));
  check({ kind: "banana", dim: 4, twist: 0.1 }, lnBanana(0.1));
});

Deno.test("a prior taken out of a target leaves their product as it was", () => {
  const priorSd = Float64Array.of(20, 9, 2),
    lnPrior = (u: Float64Array) => u.reduce((sum, x, i) => sum + lnNormal(x, 0, priorSd[i]), 0);
  const whole = lnBanana(0.03);
  check({ kind: "banana", dim: 3, twist: 0.03, priorSd }, (u) => whole(u) - lnPrior(u), lnPrior);
});

Deno.test("linear target is a regression times its prior; its posterior and evidence are the exact ones", () => {
  const target = linearRegression(12, 3, 5), { design, response, noiseSd, priorSd } = target;
  const lnPrior = (u: Float64Array) => u.reduce((sum, x) => sum + lnNormal(x, 0, priorSd), 0);
  const lnLik = (u: Float64Array) =>
    response.reduce((sum, y, t) => {
      const fitted = u.reduce((total, x, i) => total + x * design[3 * t + i], 0);
      return sum + lnNormal(y, fitted, noiseSd);
    }, 0);
  check(target, lnLik, lnPrior);
  // Posterior density = prior * likelihood / evidence, at any point; at its mean the gradient is 0.
  const { mean, sd } = linearPosterior(target),
    density = targetDensity(target, 0),
    slope = new Float64Array(3);
  density.evaluate(mean, 0, 1, slope, 0);
  assert.ok(norm(slope) < 1e-10);
  const one = linearRegression(12, 1, 5), posterior = linearPosterior(one), single = targetDensity(one, 0);
  for (const u of [-1, 0, 2.5]) {
    single.evaluate(Float64Array.of(u), 0, 1, new Float64Array(1), 0);
    const lnPosterior = single.logPrior + single.logLik - linearLogEvidence(one);
    assert.ok(Math.abs(lnPosterior - lnNormal(u, posterior.mean[0], posterior.sd[0])) < 1e-9);
  }
  assert.ok(sd.every((value) => value > 0 && value < priorSd));
});
