import assert from "node:assert/strict";
import { digamma, logBeta, logGamma, logistic, logSigmoid, trigamma } from "../../lib/model/special.ts";
import { derivative } from "./support.ts";

const EULER_GAMMA = 0.57721566490153286;

function near(actual: number, expected: number, relative = 1e-13): void {
  assert.ok(
    Math.abs(actual - expected) <= relative * (1 + Math.abs(expected)),
    `${actual} is not ${expected}`,
  );
}

Deno.test("gamma functions take their known values", () => {
  near(logGamma(1), 0);
  near(logGamma(5), Math.log(24));
  near(logGamma(0.5), 0.5 * Math.log(Math.PI));
  near(logGamma(171), Array.from({ length: 170 }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b));
  near(digamma(1), -EULER_GAMMA);
  near(digamma(0.5), -EULER_GAMMA - 2 * Math.LN2);
  near(trigamma(1), Math.PI ** 2 / 6);
  near(trigamma(0.5), Math.PI ** 2 / 2);
  near(logBeta(2, 3), -Math.log(12));
});

Deno.test("digamma and trigamma are the derivatives of ln gamma, from 0.001 to 1000", () => {
  for (const x of [0.001, 0.03, 0.1, 0.7, 1.4, 3, 13.9, 14.1, 200, 1000]) {
    const h = 0.05 * x;
    near(digamma(x), derivative(logGamma, x, h), 1e-8);
    near(trigamma(x), derivative(digamma, x, h), 1e-8);
  }
});

Deno.test("logistic and its logarithm stay exact and finite far out", () => {
  for (const x of [-700, -100, -40, -1, 0, 1, 40, 100, 700]) {
    near(logistic(x) + logistic(-x), 1);
    near(logSigmoid(x) - logSigmoid(-x), x);
    assert.ok(Number.isFinite(logSigmoid(x)));
  }
  near(logistic(-40) * Math.exp(40), 1);
  assert.equal(logSigmoid(-1e6), -1e6);
});
