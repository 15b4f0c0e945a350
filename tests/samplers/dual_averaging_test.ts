import assert from "node:assert/strict";
import fc from "fast-check";
import { initDualAveraging, stepDualAveraging } from "../../lib/samplers/dual_averaging.ts";

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

Deno.test("the averaged step reaches the acceptance aimed at, wherever it starts", () => {
  fc.assert(fc.property(number(-3, 3), number(-3, 3), number(0.6, 0.95), (logStart, logScale, target) => {
    // An acceptance curve like that of HMC: 1 for small steps, falling past a scale.
    const acceptance = (logStep: number) => 1 / (1 + Math.exp(2 * (logStep - logScale)));
    let state = initDualAveraging(Math.exp(logStart));
    for (let i = 0; i < 2000; i++) state = stepDualAveraging(state, acceptance(state.logStep), target);
    assert.equal(state.count, 2000);
    assert.ok(Math.abs(acceptance(state.logAveraged) - target) < 0.02, `${acceptance(state.logAveraged)}`);
  }));
});

Deno.test("noise in the acceptance averages out", () => {
  const acceptance = (logStep: number) => 1 / (1 + Math.exp(2 * logStep));
  let state = initDualAveraging(0.01);
  for (let i = 0; i < 4000; i++) {
    const noise = 0.1 * Math.sin(12.9898 * i); // as good as random for an average
    state = stepDualAveraging(state, Math.min(1, Math.max(0, acceptance(state.logStep) + noise)), 0.8);
  }
  assert.ok(Math.abs(acceptance(state.logAveraged) - 0.8) < 0.02);
});

Deno.test("too much acceptance lengthens the step, too little shortens it", () => {
  fc.assert(fc.property(number(-5, 5), number(0.5, 0.98), (logStart, target) => {
    const start = stepDualAveraging(initDualAveraging(Math.exp(logStart)), target, target);
    assert.ok(stepDualAveraging(start, 1, target).logStep > start.logStep);
    assert.ok(stepDualAveraging(start, 0, target).logStep < start.logStep);
  }));
});

Deno.test("the first update follows the published recursion", () => {
  // Hoffman & Gelman 2014, equation 6, by hand: t = 1, H = (1 - 0.5) / 11, log step = mu - H / 0.05.
  const { logStep, logAveraged, mu } = stepDualAveraging(initDualAveraging(0.2), 0.5, 1);
  assert.ok(Math.abs(mu - Math.log(2)) < 1e-12);
  assert.ok(Math.abs(logStep - (Math.log(2) - 0.5 / 11 / 0.05)) < 1e-12);
  assert.equal(logAveraged, logStep);
});

Deno.test("a step known from before is gone on with: at the acceptance aimed at it stays", () => {
  fc.assert(fc.property(number(-5, 5), number(0.5, 0.98), (logStart, target) => {
    const first = Math.exp(logStart);
    let known = initDualAveraging(first, 1);
    for (let i = 0; i < 10; i++) known = stepDualAveraging(known, target, target);
    assert.ok(Math.abs(known.logStep - logStart) < 1e-12 && Math.abs(known.logAveraged - logStart) < 1e-12);
    const guessed = stepDualAveraging(initDualAveraging(first), target, target);
    assert.ok(Math.abs(guessed.logStep - logStart - Math.log(10)) < 1e-12);
  }));
});
