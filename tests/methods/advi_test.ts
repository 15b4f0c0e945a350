/** Whole fits by the variational methods, of a simulated series small enough for a second or two. */
import assert from "node:assert/strict";
import { assessApproximation } from "../../lib/assess.ts";
import { simulateSeries } from "../../lib/data/simulate.ts";
import { fit } from "../../lib/fit.ts";
import type { FitOptions, Progress } from "../../lib/fit_types.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { NO_INPUTS, seriesFrom } from "../inputs.ts";
import { spec } from "../model/support.ts";

const SIMULATION = simulateSeries("single", 5, 80), { truth } = SIMULATION;
const SERIES = seriesFrom(SIMULATION);

const OPTIONS: FitOptions = {
  series: SERIES,
  spec: spec({ components: 1 }),
  method: "advi",
  chains: 12,
  warmup: 300,
  draws: 1000,
  seed: 3,
  holdout: 0.1,
  engine: "cpu",
  inputs: { ...NO_INPUTS, holdout: 0.1 },
};

const quietly = (change: Partial<FitOptions> = {}) =>
  fit({ ...OPTIONS, ...change }, { onProgress: () => {} });

Deno.test("a variational fit goes through the whole pipeline and is judged by its k-hat alone", async () => {
  const seen: Progress[] = [];
  const { report, draws } = await fit(OPTIONS, { onProgress: (progress) => seen.push(progress) });
  const read = fitReportSchema.parse(JSON.parse(JSON.stringify(report))), { approximation } = read;
  assert.deepEqual([draws.chains, draws.draws, read.sampling.chains, read.sampling.draws], [
    1,
    1000,
    1,
    1000,
  ]);
  assert.ok(read.verdict.status !== "pass" && !read.verdict.handover && !read.verdict.strict);
  assert.match(read.verdict.reasons.join(" "), /k-hat of the approximation/);
  assert.deepEqual([read.diagnostics.max_rhat, read.diagnostics.divergences, read.sampling.acceptance], [
    NaN,
    NaN,
    NaN,
  ]);
  assert.ok(read.holdout!.rmse > 0 && read.elpd.loo < 0);
  // Judged anew from the file, nothing changes.
  assert.deepEqual(assessApproximation(draws, approximation!).verdict, report.verdict);

  const { optima, elbo, elbo_trace, iterations, starts } = approximation!;
  assert.deepEqual([starts, elbo_trace.length], [12, iterations]);
  assert.ok(Math.abs(optima.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
  assert.ok(
    Math.abs(elbo_trace.at(-1)! - elbo) < 1,
    "over its own draws the bound is what it is over others",
  );
  assert.deepEqual([...new Set(seen.map(({ phase }) => phase))], [
    "data",
    "compile",
    "optimising",
    "diagnostics",
  ]);
  assert.deepEqual(
    seen.flatMap((one) => one.elbo === undefined ? [] : [one.elbo]).slice(-3),
    report.approximation!.elbo_trace.slice(-3),
  );
  assert.ok(seen.every(({ done, total }) => done <= total));
});

// Truth within five posterior sds (over-narrow ones, so a weak test of each but a strong one of blunders): for a
// parameter drawn from its prior and sds half of what they should be, missed once in eighty fits; fixed by the seed.
Deno.test("full rank is at least as tight a bound as mean-field, and both are about the truth", async () => {
  const [narrow, wide] = [await quietly(), await quietly({ method: "advi-fullrank" })];
  const [a, b] = [narrow, wide].map(({ report }) => report.approximation!);
  assert.ok(b.elbo > a.elbo - 3 * Math.hypot(a.elbo_error, b.elbo_error), `${b.elbo}, ${a.elbo}`);
  const row = ({ report }: typeof wide, name: string) => report.summary.find((one) => one.name === name)!;
  for (
    const [name, value] of Object.entries({ alpha: truth.alpha, sigma: truth.sigma, slope: truth.slope })
  ) {
    const { mean, sd } = row(wide, name);
    assert.ok(Math.abs(mean - value) < 5 * sd, `${name}: ${mean} +- ${sd}, truth ${value}`);
    assert.ok(row(narrow, name).sd < 1.2 * sd, `${name}: mean-field is the narrower`);
  }
});

Deno.test("the same seed gives the same variational fit", async () => {
  const [a, b] = [await quietly(), await quietly()];
  assert.deepEqual(a.draws, b.draws);
  assert.deepEqual(a.report.approximation, b.report.approximation);
});

Deno.test("a variational fit is cancelled while starts are annealed and while bounds are climbed", async () => {
  for (const due of [(one: Progress) => one.phase === "optimising", (one: Progress) => one.done === 5]) {
    const abort = new AbortController(), reason = new Error("enough");
    const stopped = fit(OPTIONS, {
      onProgress: (progress) => due(progress) && abort.abort(reason),
      signal: abort.signal,
    });
    await assert.rejects(stopped, (thrown) => thrown === reason);
  }
});

Deno.test("too few iterations are told of", async () => {
  const { report } = await quietly({ warmup: 20 });
  assert.match(report.warnings.join(" "), /used up its 20 iterations/);
  assert.equal(report.approximation!.iterations, 20);
});
