import assert from "node:assert/strict";
import {
  betaQuantile,
  logGamma,
  logSumExp,
  mean,
  normalQuantile,
  quantile,
} from "../../lib/diagnostics/numeric.ts";
import { assertAllClose, golden } from "./golden.ts";

Deno.test("normal quantiles, log gamma and beta quantiles equal R's", async () => {
  const reference = await golden("special.json");
  assertAllClose(reference.probabilities.map(normalQuantile), reference.normal, 1e-15, "qnorm");
  assertAllClose(reference.gamma_x.map(logGamma), reference.gamma, 1e-13, "lgamma");
  for (const x of [1, 2]) assert.ok(Math.abs(logGamma(x)) < 1e-13, "ln 0! = ln 1! = 0");
  const beta = reference.beta_p.map((p: number, i: number) =>
    betaQuantile(p, reference.beta_a[i], reference.beta_b[i])
  );
  assertAllClose(beta, reference.beta_x, 1e-10, "qbeta");
});

Deno.test("the mean of equal values is that value exactly", () => {
  for (const value of [0.1, 1 / 3, 1e300, -7.7]) assert.equal(mean(new Float64Array(37).fill(value)), value);
});

Deno.test("log-sum-exp survives what exp does not", () => {
  assert.equal(logSumExp(Float64Array.of(-1000, -1000)), -1000 + Math.LN2);
  assert.equal(logSumExp(Float64Array.of(1000, -Infinity)), 1000);
  assert.equal(logSumExp(Float64Array.of(-Infinity, -Infinity)), -Infinity);
});

Deno.test("quantiles interpolate between order statistics", () => {
  const at = (i: number) => [1, 2, 4, 8][i];
  assert.equal(quantile(at, 4, 0), 1);
  assert.equal(quantile(at, 4, 0.5), 3);
  assert.equal(quantile(at, 4, 1), 8);
});
