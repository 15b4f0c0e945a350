import assert from "node:assert/strict";
import { samplePrior } from "../../lib/model/initial.ts";
import { allocateParameters, constrain, parameterNames } from "../../lib/model/parameters.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { layoutOf } from "../../lib/model/problem.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { makeSeries, spec } from "./support.ts";

Deno.test("parameter names follow the order of draws.csv", () => {
  assert.deepEqual(parameterNames(layoutOf(2, 1)), [
    ..."alpha intercept slope gamma.1 sigma A.1 A.2 n.1 n.2 kappa.1 kappa.2 pi.1 pi.2".split(" "),
    ..."mu_log_A sigma_log_A mu_log_n sigma_log_n".split(" "),
  ]);
  assert.deepEqual(
    parameterNames(layoutOf(1, 0)),
    "alpha intercept slope sigma A.1 n.1 kappa.1 pi.1".split(" "),
  );
});

Deno.test("the dimension is 9 + 2K + 2(K - 1), 19 at three components", () => {
  for (let K = 2; K <= 8; K++) assert.equal(layoutOf(K, 0).dim, 9 + 2 * K + 2 * (K - 1));
  assert.equal(layoutOf(3, 0).dim, 19);
  assert.equal(layoutOf(1, 0).dim, 7);
});

/** Constrained parameters by name. */
function named(
  problem: ReturnType<typeof buildProblem>,
  u: Float64Array | Float32Array,
): Map<string, number> {
  const names = parameterNames(problem.layout), out = new Float64Array(names.length);
  constrain(problem, allocateParameters(problem.layout), u, 0, out, 0);
  return new Map(names.map((name, i) => [name, out[i]]));
}

Deno.test("constrained parameters are proper: weights sum to one, kappa ordered, scales positive", () => {
  for (const components of [1, 2, 3, 8]) {
    const problem = buildProblem(makeSeries({ rows: 40, controls: 1 }), spec({ components }));
    const stream = new RandomStream(31, Purpose.initial);
    for (let repeat = 0; repeat < 20; repeat++) {
      const values = named(problem, samplePrior(problem, stream));
      const block = (name: string) =>
        Array.from({ length: components }, (_, k) => values.get(`${name}.${k + 1}`)!);
      assert.ok(Math.abs(block("pi").reduce((a, b) => a + b) - 1) < 1e-12);
      block("kappa").slice(1).forEach((kappa, k) => assert.ok(kappa >= block("kappa")[k]));
      for (const value of [...block("A"), ...block("n"), ...block("kappa"), values.get("sigma")!]) {
        assert.ok(value > 0);
      }
      assert.ok(values.get("alpha")! > 0 && values.get("alpha")! < 1);
      if (components > 1) {
        // A_k = exp(mu_log_A + sigma_log_A z_k) holds in original units too.
        const u = samplePrior(problem, stream), again = named(problem, u);
        const z = u[problem.layout.amplitude];
        const expected = Math.exp(again.get("mu_log_A")! + again.get("sigma_log_A")! * z);
        assert.ok(Math.abs(again.get("A.1")! / expected - 1) < 1e-12);
      }
    }
  }
});

Deno.test("constrained parameters carry the units of the data", () => {
  const series = makeSeries({ rows: 40, controls: 1 });
  const scaled = {
    ...series,
    spend: series.spend.map((x) => 100 * x),
    response: series.response.map((y) => 7 * y),
  };
  const [before, after] = [series, scaled].map((each) => buildProblem(each, spec({ components: 2 })));
  const u = samplePrior(before, new RandomStream(32, Purpose.initial));
  const [a, b] = [named(before, u), named(after, u)];
  const factor = (name: string) =>
    name.startsWith("kappa") ? 100 : /^(intercept|slope|gamma|sigma$|A)/.test(name) ? 7 : 1;
  for (const [name, value] of a) {
    const expected = name === "mu_log_A" ? value + Math.log(7) : factor(name) * value;
    assert.ok(Math.abs(b.get(name)! - expected) < 1e-9 * (1 + Math.abs(expected)), name);
  }
});

Deno.test("f32 positions, as a device returns them, are read the same way", () => {
  const problem = buildProblem(makeSeries({ rows: 40 }), spec());
  const single = Float32Array.from(samplePrior(problem, new RandomStream(33, Purpose.initial)));
  assert.deepEqual(named(problem, single), named(problem, Float64Array.from(single)));
});
