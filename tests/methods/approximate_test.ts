import assert from "node:assert/strict";
import { assessApproximation } from "../../lib/assess.ts";
import { type Approximated, gatherApproximation } from "../../lib/methods/approximate.ts";
import { drawsOf } from "../../lib/posterior.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { hillProblem } from "../engine/support.ts";

const problem = hillProblem({ rows: 30, components: 2 }), { dim } = problem.layout;

/** Standard normal positions whose ratios to the target are the quantiles of a Pareto distribution, in no order. */
function found(slope: number, count = 1000): Approximated {
  const stream = new RandomStream(5, Purpose.start);
  const positions = Float64Array.from({ length: count * dim }, () => stream.normal());
  return {
    proposals: {
      positions,
      logPrior: new Float64Array(count).fill(-3),
      // 1 / u^slope has shape k = slope.
      logLik: Float64Array.from(
        { length: count },
        (_, i) => -slope * Math.log((i * 7919 % count + 0.5) / count),
      ),
      logProposal: new Float64Array(count),
    },
    elbo: -12,
    elboError: 0.1,
    elboTrace: [-20, -12],
    optima: [{ elbo: -12, weight: 1, starts: 8 }],
    starts: 8,
    iterations: 2,
    gradients: 1000,
  };
}

const gather = (slope: number, draws: number) =>
  gatherApproximation(problem, found(slope), { draws, seed: 1 }, { optimising_s: 2, drawing_s: 1 });

Deno.test("draws are kept as they come, picked by weight in between, and kept but refused where k-hat is large", () => {
  const all = found(0.2).proposals.positions;
  const usable = gather(0.2, 400), between = gather(0.6, 400), useless = gather(1.2, 400);
  assert.deepEqual([usable, between, useless].map(({ approximation }) => approximation!.status), [
    "usable",
    "usable with importance weights",
    "do not use",
  ]);
  assert.deepEqual([usable, between, useless].map((one) => one.approximation!.importance_weighted), [
    false,
    true,
    false,
  ]);
  assert.deepEqual(usable.sample.positions, all.slice(0, 400 * dim));
  assert.deepEqual([between.sample.chains, between.sample.draws], [1, 400]);
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean(between.sample.logLik) > mean(usable.sample.logLik) + 0.5, "heavy draws come up more often");
});

Deno.test("evidence bounds and log likelihoods are told in original units", () => {
  const { sample, approximation, timing } = gather(0.2, 400),
    shift = -problem.rows * Math.log(problem.units.responseSd);
  assert.notEqual(shift, 0);
  assert.equal(approximation!.elbo, -12 + shift);
  assert.deepEqual(approximation!.elbo_trace, [-20 + shift, -12 + shift]);
  assert.equal(approximation!.optima[0]!.elbo, -12 + shift);
  const first = found(0.2).proposals.logLik[0]! + shift;
  assert.deepEqual([sample.logLik[0], sample.logDensity[0]], [first, first - 3]);
  assert.deepEqual([timing.warmup_s, timing.sampling_s, timing.transitions], [2, 1, 0]);
});

Deno.test("an approximation is summarised without a word on chains", () => {
  const { sample, approximation } = gather(0.2, 400);
  const { summary, diagnostics, verdict } = assessApproximation(drawsOf(problem, sample), approximation!);
  const alpha = summary.find(({ name }) => name === "alpha")!;
  assert.ok(alpha.mean > 0 && alpha.sd > 0 && alpha.q5 < alpha.q50 && alpha.q50 < alpha.q95);
  for (const row of summary) {
    assert.deepEqual([row.rhat, row.ess_bulk, row.ess_tail, row.mcse_mean], [NaN, NaN, NaN, NaN]);
  }
  assert.deepEqual(
    [diagnostics.max_rhat, diagnostics.divergences, diagnostics.label_invariant.max_rhat],
    [NaN, NaN, NaN],
  );
  assert.equal(verdict.status, "review");
});
