import assert from "node:assert/strict";
import { modelPosterior } from "../../lib/diagnostics/model_posterior.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { assertClose } from "./golden.ts";

Deno.test("probabilities are the evidences over their sum, whatever their common size", () => {
  // Evidences 1 : 6 : 3, far below the smallest double.
  const evidences = [1, 6, 3].map((weight) => ({ log: Math.log(weight) - 5000, error: 0 }));
  const posterior = modelPosterior(evidences);
  posterior.forEach(({ probability, low, high }, i) => {
    assertClose(probability, [0.1, 0.6, 0.3][i], 1e-12, `model ${i}`);
    assert.deepEqual([low, high], [probability, probability], "no error, no interval");
  });
  assert.deepEqual(modelPosterior([{ log: -600, error: 0.3 }]), [{ probability: 1, low: 1, high: 1 }]);
});

Deno.test("with two models the interval is exact: the log odds are normal", () => {
  // ln 4 apart, errors 0.3 and 0.4: the log odds have standard error 0.5. By hand: ln 4 -+ 1.6449 * 0.5.
  const [first, second] = modelPosterior([{ log: -600, error: 0.3 }, {
    log: -600 - Math.log(4),
    error: 0.4,
  }]);
  assertClose(first.probability, 0.8, 1e-12, "probability");
  assertClose(first.low, 1 / (1 + Math.exp(-(Math.log(4) - 0.8224268134757361))), 1e-9, "low");
  assertClose(first.high, 1 / (1 + Math.exp(-(Math.log(4) + 0.8224268134757361))), 1e-9, "high");
  assertClose(second.low, 1 - first.high, 1e-9, "the other's low");
});

Deno.test("with more models the interval holds nine tenths of what the errors could make of it", () => {
  const evidences = [
    { log: -600, error: 0.2 },
    { log: -601, error: 0.5 },
    { log: -600.5, error: 0.3 },
    { log: -606, error: 1 },
  ];
  const random = new RandomStream(3, Purpose.simulate), draws = 20_000;
  const outside = new Array(evidences.length).fill(0), posterior = modelPosterior(evidences);
  for (let i = 0; i < draws; i++) {
    const shifted = evidences.map(({ log, error }) => Math.exp(log + 600 + error * random.normal()));
    const sum = shifted.reduce((total, each) => total + each, 0);
    shifted.forEach((each, k) => {
      if (each / sum < posterior[k].low || each / sum > posterior[k].high) outside[k]++;
    });
  }
  // 0.1 within six binomial standard errors (0.0021 each; by chance 1e-8), and 0.01 for the delta method.
  outside.forEach((count, k) =>
    assert.ok(Math.abs(count / draws - 0.1) < 0.023, `model ${k}: ${count / draws}`)
  );
});
