import assert from "node:assert/strict";
import { RandomStream } from "../../lib/random.ts";
import { logEvidence } from "../../lib/samplers/evidence.ts";
import { exactLogEvidence, mixture } from "./tempered_targets.ts";

const LADDERS = 8, DIM = 6, PRIOR_SD = 5;
const TARGET = mixture(DIM, [1], 0, PRIOR_SD);
const BETAS = [1, 0.4, 0.15, 0.05, 0.01, 0];

/** Exact draws of a conjugate Gaussian on every rung. */
function exactRungs(seed: number) {
  const stream = new RandomStream(seed, 0);
  return BETAS.map((beta) => {
    const sd = Math.sqrt(1 / (1 / PRIOR_SD ** 2 + beta));
    const logLik = Float64Array.from({ length: LADDERS * 200 }, () => {
      let square = 0;
      for (let i = 0; i < DIM; i++) square += (sd * stream.normal()) ** 2;
      return -0.5 * DIM * Math.log(2 * Math.PI) - 0.5 * square;
    });
    return { beta, logLik };
  });
}

Deno.test("log evidence of a conjugate Gaussian is the exact one, and its error is the error", () => {
  const exact = exactLogEvidence(TARGET), runs = 60;
  const scores = Array.from({ length: runs }, (_, seed) => {
    const { log, error } = logEvidence(exactRungs(seed), LADDERS);
    assert.ok(error < 0.3);
    return (log - exact) / error;
  });
  // Student's t on about 7 degrees of freedom: the mean of 60 has sd 0.153, their mean square is 1.4 with sd 0.47.
  const mean = scores.reduce((sum, z) => sum + z, 0) / runs;
  const square = scores.reduce((sum, z) => sum + z * z, 0) / runs;
  assert.ok(Math.abs(mean) < 5 * 0.153, `mean score ${mean}`); // wrong once in 10^6
  assert.ok(square > 0.6 && square < 4, `mean square of the scores ${square}`);
});

Deno.test("draws out of reach of the likelihood count as such", () => {
  const rungs = [
    { beta: 1, logLik: Float64Array.of(-1, -1, -1, -1) },
    { beta: 0, logLik: Float64Array.of(-1, -Infinity, -1, NaN) },
  ];
  // Half of the prior has likelihood e^-1 and the rest none: the evidence is half of e^-1. With 4 draws on either
  // side the equation 2 / (1 + e^(1 + c)) = 4 / (1 + e^(-1 - c)) says so exactly.
  assert.ok(Math.abs(logEvidence(rungs, 2).log - (-1 - Math.LN2)) < 1e-6);
});
