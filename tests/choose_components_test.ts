/** One or two curves fitted to few and noisy rows, where plain Monte Carlo knows the evidence too. */
import assert from "node:assert/strict";
import { type ChoiceStep, chooseComponents } from "../lib/choose_components.ts";
import { logSumExp } from "../lib/diagnostics/numeric.ts";
import { InputError } from "../lib/errors.ts";
import { fit } from "../lib/fit.ts";
import type { FitOptions } from "../lib/fit_types.ts";
import { samplePrior } from "../lib/model/initial.ts";
import { buildProblem } from "../lib/model/priors.ts";
import { targetDensity } from "../lib/model/target.ts";
import { Purpose, RandomStream } from "../lib/random.ts";
import { componentsReportSchema } from "../lib/runs/components.ts";
import { NO_INPUTS } from "./inputs.ts";
import { makeSeries, spec } from "./model/support.ts";

const SERIES = makeSeries({ rows: 30, seed: 4 });

function options(components: number, change: Partial<FitOptions> = {}): FitOptions {
  return {
    series: SERIES,
    spec: spec({ components }),
    method: "tempered",
    chains: 4,
    warmup: 80,
    draws: 120,
    seed: 3,
    holdout: 0,
    engine: "cpu",
    inputs: NO_INPUTS,
    ...change,
  };
}

async function stepsOf(
  fits: readonly FitOptions[],
  hooks: Partial<Parameters<typeof chooseComponents>[1]> = {},
): Promise<ChoiceStep[]> {
  return await Array.fromAsync(chooseComponents(fits, { begin: () => ({ onProgress() {} }), ...hooks }));
}

/** ln of the mean likelihood over draws from the prior, in the response's own units, and its standard error. */
function priorMean(components: number, draws: number): { log: number; error: number } {
  const problem = buildProblem(SERIES, spec({ components }));
  const density = targetDensity({ kind: "hill_mixture", problems: [problem] }, 0);
  const stream = new RandomStream(components, Purpose.simulate), gradient = new Float64Array(density.dim);
  const logLik = Float64Array.from({ length: draws }, () => {
    density.evaluate(samplePrior(problem, stream), 0, 1, gradient, 0);
    return density.logLik - problem.rows * Math.log(problem.units.responseSd);
  });
  const sum = logSumExp(logLik), squares = logSumExp(logLik.map((value) => 2 * value));
  return { log: sum - Math.log(draws), error: Math.sqrt(Math.exp(squares - 2 * sum)) };
}

Deno.test("each K is the fit it would be alone, and their evidences are those of the same data", async () => {
  const steps = await stepsOf([options(1), options(2)]);
  assert.deepEqual(steps.map(({ components, run }) => [components, run]), [[1, "k1"], [2, "k2"]]);
  assert.deepEqual(steps.map(({ report }) => report!.partial), [true, false]);
  const alone = await fit(options(2), { onProgress() {} });
  assert.deepEqual(steps[1].outcome!.draws, alone.draws);

  const report = componentsReportSchema.parse(JSON.parse(JSON.stringify(steps[1].report)));
  for (const { components, fit } of report.components) {
    // Four combined errors, twice: a wrong alarm has probability 1e-4, over choices of the seeds.
    const reference = priorMean(components, 150_000),
      error = Math.hypot(reference.error, fit!.log_evidence_error);
    assert.ok(error < 0.4, `K = ${components}: the comparison is sharp enough, error ${error}`);
    assert.ok(
      Math.abs(fit!.log_evidence - reference.log) < 4 * error,
      `K = ${components}: ${fit!.log_evidence}, by plain Monte Carlo ${reference.log}, error ${error}`,
    );
    assert.equal(fit!.effective_components.mean >= 1 && fit!.effective_components.mean <= components, true);
  }
  const [one, two] = report.components.map(({ fit }) => fit!);
  const odds = Math.exp(one.log_evidence - two.log_evidence);
  assert.ok(Math.abs(one.posterior!.probability - odds / (1 + odds)) < 1e-9);
  const difference = Math.abs(one.elpd.loo - two.elpd.loo);
  assert.ok(Math.abs(Math.min(one.elpd.difference, two.elpd.difference) + difference) < 1e-9);
  assert.equal(Math.max(one.elpd.difference, two.elpd.difference), 0);
});

/** A fit so short that only its bookkeeping matters. */
const quick = (components: number, change: Partial<FitOptions> = {}) =>
  options(components, { method: "chees", warmup: 20, draws: 10, ...change });

Deno.test("a fit that throws is a row with its reason, and the others go on", async () => {
  const constant = { ...SERIES, response: new Float64Array(30).fill(3) };
  const steps = await stepsOf([quick(1), quick(2, { series: constant }), quick(3)]);
  assert.deepEqual(steps.map(({ outcome }) => outcome !== undefined), [true, false, true]);
  const { components, partial } = steps[2].report!;
  assert.equal(partial, false);
  assert.deepEqual(components.map(({ fit }) => fit?.run), ["k1", undefined, "k3"]);
  assert.match(components[1].reason!, /response never changes/);
  assert.ok(components.every(({ fit }) => fit === null || Number.isNaN(fit.log_evidence)), "chees has none");
});

Deno.test("when no fit gives anything, the first one's error is the error", async () => {
  const constant = { ...SERIES, response: new Float64Array(30).fill(3) };
  const steps: ChoiceStep[] = [];
  await assert.rejects(async () => {
    const fits = [quick(1, { series: constant }), quick(2, { series: constant })];
    for await (const step of chooseComponents(fits, { begin: () => ({ onProgress() {} }) })) steps.push(step);
  }, InputError);
  assert.deepEqual(steps.map(({ report }) => report), [undefined, undefined]);
});

Deno.test("interrupted, what is finished stays and what is not begun says so", async () => {
  const control = new AbortController();
  const begun: number[] = [];
  const steps = await stepsOf([quick(1), quick(2), quick(3)], {
    signal: control.signal,
    begin(components) {
      begun.push(components);
      return {
        onProgress({ phase }) {
          if (components === 2 && phase === "warm-up") control.abort(new Error("enough"));
        },
      };
    },
  });
  assert.deepEqual(begun, [1, 2]);
  const { components, partial } = steps[2].report!;
  assert.equal(partial, true);
  assert.deepEqual(components.map(({ fit }) => fit !== null), [true, false, false]);
  assert.match(components[1].reason!, /before there were draws/);
  assert.match(components[2].reason!, /before its turn/);
});
