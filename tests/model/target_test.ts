import assert from "node:assert/strict";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { makeSeries, norm, numericGradient, spec } from "./support.ts";

function check(target: Parameters<typeof targetDensity>[0], exact: (u: Float64Array) => number): void {
  const density = targetDensity(target, 0), stream = new RandomStream(51, Purpose.initial);
  for (let repeat = 0; repeat < 10; repeat++) {
    const u = Float64Array.from({ length: density.dim }, () => 1.5 * stream.normal());
    const gradient = new Float64Array(density.dim + 1);
    density.evaluate(u, 0, 0.6, gradient, 1);
    assert.equal(density.logPrior, 0);
    assert.ok(Math.abs(density.logLik - exact(u)) < 1e-10 * (1 + Math.abs(exact(u))));
    const numeric = numericGradient(exact, u, 1e-3).map((g) => 0.6 * g);
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
  const means = Float64Array.of(-2, 0, 2, 1), weights = [0.25, 0.75];
  const density = targetDensity({ kind: "mixture", weights, means, sd: 0.7, priorSd: 3 }, 0);
  const lnPrior = (u: Float64Array) => lnNormal(u[0], 0, 3) + lnNormal(u[1], 0, 3);
  const lnLik = (u: Float64Array) =>
    Math.log(weights.reduce(
      (sum, weight, m) =>
        sum + weight * Math.exp(lnNormal(u[0], means[2 * m], 0.7) + lnNormal(u[1], means[2 * m + 1], 0.7)),
      0,
    ));
  const stream = new RandomStream(52, Purpose.initial);
  for (let repeat = 0; repeat < 10; repeat++) {
    const u = Float64Array.from({ length: 2 }, () => 2 * stream.normal()), gradient = new Float64Array(2);
    density.evaluate(u, 0, 0.6, gradient, 0);
    assert.ok(Math.abs(density.logPrior - lnPrior(u)) < 1e-12 * (1 + Math.abs(density.logPrior)));
    assert.ok(Math.abs(density.logLik - lnLik(u)) < 1e-10 * (1 + Math.abs(density.logLik)));
    const numeric = numericGradient((v) => lnPrior(v) + 0.6 * lnLik(v), u, 1e-3);
    const miss = norm(numeric.map((g, i) => g - gradient[i]));
    assert.ok(miss < 1e-7 * (1 + norm(numeric)), `off by ${miss}`);
  }
});
