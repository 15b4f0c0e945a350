import assert from "node:assert/strict";
import { gaussianDensity } from "../../lib/model/test_densities.ts";
import { RandomStream } from "../../lib/random.ts";
import { logDensityOf, normalOf, place } from "../../lib/variational/normal.ts";

const MEAN = Float64Array.of(1, -2, 0.5);
const COVARIANCE = Float64Array.of(4, 1.2, -0.5, 1.2, 1, 0.1, -0.5, 0.1, 0.5);
// The inverse of the covariance, times its determinant.
const ADJUGATE = [0.49, -0.65, 0.62, -0.65, 1.75, -1, 0.62, -1, 2.56];

Deno.test("the log density is the one of the mean and the covariance", () => {
  const normal = normalOf(MEAN, COVARIANCE)!, determinant = 0.49 * 4 - 0.65 * 1.2 - 0.62 * 0.5;
  const exact = gaussianDensity(MEAN, Float64Array.from(ADJUGATE, (x) => x / determinant));
  const positions = Float64Array.of(7, 7, 3, -1, 0.25, 1, -2, 0.5), gradient = new Float64Array(3);
  for (const at of [2, 5]) {
    exact.evaluate(positions, at, 1, gradient, 0);
    const value = logDensityOf(normal, positions, at, new Float64Array(3));
    assert.ok(Math.abs(value - exact.logLik) < 1e-12, `${value}, exactly ${exact.logLik}`);
  }
});

// Nine sample moments of 20 000 draws, each within five standard errors: a wrong alarm has probability 5e-6.
Deno.test("draws have the mean and the covariance", () => {
  const normal = normalOf(MEAN, COVARIANCE)!, count = 20_000, stream = new RandomStream(1, 0);
  const normals = Float64Array.from({ length: 3 * count }, () => stream.normal());
  const positions = new Float64Array(3 * count);
  for (let n = 0; n < count; n++) place(normal, normals, 3 * n, positions, 3 * n);
  const mean = (f: (n: number) => number) => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += f(3 * n);
    return sum / count;
  };
  for (let i = 0; i < 3; i++) {
    const sd = Math.sqrt(COVARIANCE[4 * i]);
    assert.ok(Math.abs(mean((n) => positions[n + i]) - MEAN[i]) < 5 * sd / Math.sqrt(count), `mean ${i}`);
    for (let j = 0; j <= i; j++) {
      const value = mean((n) => (positions[n + i] - MEAN[i]) * (positions[n + j] - MEAN[j]));
      const error = Math.sqrt((COVARIANCE[4 * i] * COVARIANCE[4 * j] + COVARIANCE[3 * i + j] ** 2) / count);
      assert.ok(Math.abs(value - COVARIANCE[3 * i + j]) < 5 * error, `covariance ${i}, ${j}: ${value}`);
    }
  }
});

Deno.test("a matrix that is no covariance gives no normal", () => {
  assert.equal(normalOf(Float64Array.of(0, 0), Float64Array.of(1, 2, 2, 1)), undefined);
});
