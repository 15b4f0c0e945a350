/** PSIS, PSIS-LOO and WAIC against R's `loo`. */
import assert from "node:assert/strict";
import { type LogLikelihoods, looElpd, relativeEfficiency, waicElpd } from "../../lib/diagnostics/loo.ts";
import { looNotes } from "../../lib/diagnostics/notes.ts";
import { fitGeneralisedPareto, kThreshold, psis } from "../../lib/diagnostics/psis.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { assertAllClose, assertClose, golden } from "./golden.ts";

// Rounding only: the same formulas on the same numbers, amplified a little by the search for k-hat.
const ROUNDING = 1e-9;

function rowsOf(values: Float64Array, chains: number, draws: number): LogLikelihoods {
  const size = chains * draws;
  return {
    rows: values.length / size,
    chains,
    draws,
    row: (t) => values.subarray(t * size, (t + 1) * size),
  };
}

Deno.test("PSIS-LOO and WAIC equal R's loo", async () => {
  const { loo: reference } = await golden("loo.json");
  const logLik = rowsOf(Float64Array.from(reference.log_lik as number[]), reference.chains, reference.draws);
  const efficiencies = Array.from(
    { length: logLik.rows },
    (_, t) => relativeEfficiency(logLik.row(t), logLik.chains, logLik.draws),
  );
  assertAllClose(efficiencies, reference.relative_eff, ROUNDING, "relative_eff");
  const loo = looElpd(logLik);
  assertClose(loo.elpd, reference.elpd_loo, ROUNDING, "elpd_loo");
  assertClose(loo.se, reference.se, ROUNDING, "se");
  assertClose(loo.effectiveParameters, reference.p_loo, ROUNDING, "p_loo");
  assertAllClose(loo.pointwise, reference.elpd_pointwise, ROUNDING, "elpd_pointwise");
  assertAllClose(loo.k, reference.pareto_k, ROUNDING, "pareto_k");
  assert.equal(loo.badK, reference.bad_k);
  const waic = waicElpd(logLik);
  assertClose(waic.elpd, reference.elpd_waic, ROUNDING, "elpd_waic");
  assertClose(waic.se, reference.waic_se, ROUNDING, "waic_se");
  assertClose(waic.effectiveParameters, reference.p_waic, ROUNDING, "p_waic");
});

Deno.test("smoothed weights equal R's loo", async (t) => {
  for (const reference of (await golden("loo.json")).psis) {
    await t.step(reference.name, () => {
      const result = psis(Float64Array.from(reference.log_ratios as number[]), reference.relative_eff);
      assert.equal(result.tailLength, reference.tail_length);
      assertClose(result.k, reference.k, ROUNDING, "k");
      assertAllClose(result.logWeights.toSorted(), reference.sorted_log_weights, ROUNDING, "weights");
    });
  }
});

Deno.test("generalised Pareto fits equal R's loo", async () => {
  for (const reference of (await golden("loo.json")).pareto) {
    const fit = fitGeneralisedPareto(Float64Array.from(reference.excess as number[]));
    assertClose(fit.k, reference.k, ROUNDING, `${reference.name} k`);
    assertClose(fit.sigma, reference.sigma, ROUNDING, `${reference.name} sigma`);
  }
});

Deno.test("smoothing keeps the order of the weights and leaves the body alone", () => {
  const random = new RandomStream(5, Purpose.simulate);
  const ratios = Float64Array.from({ length: 1000 }, () => 2 * random.normal());
  const { logWeights, tailLength } = psis(ratios);
  const order = Array.from(ratios.keys()).sort((a, b) => ratios[a] - ratios[b]);
  for (let i = 1; i < order.length; i++) assert.ok(logWeights[order[i]] >= logWeights[order[i - 1]]);
  const shift = logWeights[order[0]] - ratios[order[0]];
  for (const i of order.slice(0, -tailLength)) {
    assert.ok(Math.abs(logWeights[i] - ratios[i] - shift) < 1e-12);
  }
  assert.ok(Math.abs(logWeights.reduce((sum, weight) => sum + Math.exp(weight), 0) - 1) < 1e-12);
});

Deno.test("k-hat finds the shape of a planted tail", () => {
  // Weights U^-k have Pareto tail shape k. The standard error of k-hat with 300 tail weights is about 0.1 and
  // shrinkage towards 0.5 is 3%; the margin of 0.5 is out of reach by chance (under 1e-6).
  for (const shape of [0.2, 0.6, 1.2]) {
    const random = new RandomStream(9, Purpose.simulate, Math.round(10 * shape));
    const ratios = Float64Array.from({ length: 10_000 }, () => -shape * Math.log(random.uniform()));
    assert.ok(Math.abs(psis(ratios).k - shape) < 0.5, `shape ${shape}`);
  }
});

Deno.test("the limit on k-hat grows with the draws, up to 0.7", () => {
  assertClose(kThreshold(100), 0.5, 1e-15, "100 draws");
  assert.equal(kThreshold(100_000), 0.7);
});

Deno.test("a row no draw can explain counts as bad and is named", () => {
  const random = new RandomStream(2, Purpose.simulate);
  const rows = new Float64Array(2 * 400);
  for (let s = 0; s < 400; s++) {
    rows[s] = -1 + 0.1 * random.normal();
    rows[400 + s] = -2000 + 300 * random.normal();
  }
  const loo = looElpd(rowsOf(rows, 4, 100));
  assert.equal(loo.badK, 1);
  assert.match(looNotes(loo)[0], /unreliable on 1 of 2 rows \(Pareto k-hat above 0\.62\)/);
  assert.deepEqual(looNotes({ ...loo, badK: 0 }), []);
});

Deno.test("a likelihood that does not depend on the draw needs no correction", () => {
  assert.equal(relativeEfficiency(new Float64Array(40).fill(-900), 4, 10), 1);
});
