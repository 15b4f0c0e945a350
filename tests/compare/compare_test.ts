/** Two curves fitted to few rows by several methods, on the processor, so short that only the bookkeeping matters. */
import assert from "node:assert/strict";
import { compareMethods, type CompareStep, type Comparison } from "../../lib/compare/compare.ts";
import { contendersOf, optionsOf } from "../../lib/compare/contenders.ts";
import { simulateSeries } from "../../lib/data/simulate.ts";
import { InputError } from "../../lib/errors.ts";
import { fit } from "../../lib/fit.ts";
import { compareReportSchema, hasFit } from "../../lib/runs/compare.ts";
import { NO_INPUTS, seriesFrom } from "../inputs.ts";
import { spec } from "../model/support.ts";
import { timeless } from "./timeless.ts";

const SIMULATION = simulateSeries("mixture_k2", 5, 60);

function comparison(methods: string[], change: Partial<Comparison["base"]> = {}, effort = 0.1): Comparison {
  return {
    contenders: contendersOf(methods),
    effort,
    truth: SIMULATION.truth,
    base: {
      series: seriesFrom(SIMULATION),
      spec: spec({ components: 2 }),
      method: "auto",
      warmup: 400,
      draws: 400,
      seed: 3,
      holdout: 0.2,
      engine: "cpu",
      inputs: { ...NO_INPUTS, holdout: 0.2 },
      ...change,
    },
  };
}

async function stepsOf(
  work: Comparison,
  hooks: Partial<Parameters<typeof compareMethods>[1]> = {},
): Promise<CompareStep[]> {
  return await Array.fromAsync(compareMethods(work, { begin: () => ({ onProgress() {} }), ...hooks }));
}

Deno.test("each method is the fit it would be alone, and the report survives the file", async () => {
  const work = comparison(["chees", "advi"]), steps = await stepsOf(work);
  assert.deepEqual(steps.map(({ contender, run }) => [contender.name, run]), [["chees", "chees"], [
    "advi",
    "advi",
  ]]);
  assert.deepEqual(steps.map(({ report }) => report!.partial), [true, false]);
  const alone = await fit(optionsOf(work.contenders[1], work.base, work.effort), { onProgress() {} });
  assert.deepEqual(steps[1].outcome!.draws, alone.draws);

  const report = steps[1].report!;
  assert.deepEqual(compareReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
  const [chees, advi] = report.methods;
  assert.ok(hasFit(chees) && hasFit(advi));
  assert.ok(
    chees.diagnostics.max_rhat > 0.9 && Number.isNaN(advi.diagnostics.max_rhat),
    "no R-hat without chains",
  );
  assert.ok(Number.isNaN(chees.diagnostics.k_hat) && advi.diagnostics.approximation !== null);
  assert.ok(Number.isNaN(advi.timing.ess_per_s) && chees.timing.ess_per_1000_gradients > 0);
  assert.equal(chees.timing.ess_per_s, chees.diagnostics.min_ess_bulk / chees.timing.total_s);
  assert.deepEqual(advi.business, alone.report.business);
  assert.equal(advi.elpd.loo, alone.report.elpd.loo);
  assert.deepEqual(advi.holdout, alone.report.holdout);
  assert.ok(report.truth !== null && advi.recovery!.quantities.some(({ name }) => name === "kappa.2"));
});

Deno.test("methods are held to the reference row by row", async () => {
  // The longest of the tests' fits: a reference has to be one. 64 chains of 200 draws of 48 rows.
  const { report } = (await stepsOf(comparison(["advi", "chees"], {}, 0.5))).at(-1)!;
  const [advi, chees] = report!.methods;
  assert.ok(hasFit(chees) && hasFit(advi));
  assert.equal(report!.reference, "chees", chees.reasons.join("\n"));
  assert.equal(chees.gap, null);
  assert.deepEqual([chees.elpd.difference, chees.elpd.difference_se], [0, 0]);
  assert.ok(Math.abs(advi.elpd.difference - (advi.elpd.loo - chees.elpd.loo)) < 1e-9);
  const { mean, sd_ratio, missed } = advi.gap!.business.contribution;
  const [found, held] = [advi.business.contribution, chees.business.contribution];
  assert.ok(Math.abs(mean - (found.mean - held.mean) / held.sd) < 1e-12);
  assert.ok(Math.abs(sd_ratio - found.sd / held.sd) < 1e-12);
  assert.ok(missed >= 0 && missed <= 1);
});

Deno.test("a method that throws is a row with its reason; without any fit its error is the error", async () => {
  const work = comparison(["chees"]), [chees] = work.contenders;
  const broken = { ...chees, name: "broken", change: { chains: 0 } };
  const { methods } = (await stepsOf({ ...work, contenders: [broken, chees] }))
    .at(-1)!
    .report!;
  assert.deepEqual(methods.map(({ status, run }) => [status === "error", run]), [[true, null], [
    false,
    "chees",
  ]]);
  await assert.rejects(stepsOf({ ...work, contenders: [broken] }));
});

Deno.test("data that cannot be fitted are refused before any work", async () => {
  const work = comparison(["chees"], { holdout: 0 }), { series } = work.base;
  const constant = { ...series, response: new Float64Array(60).fill(2) };
  await assert.rejects(
    stepsOf({ ...work, base: { ...work.base, series: constant } }, {
      begin: () => assert.fail("nothing is begun"),
    }),
    InputError,
  );
});

Deno.test("methods that ended in an earlier process are not run again, and the report is the same", async () => {
  const work = comparison(["advi", "chees", "pathfinder"]), whole = await stepsOf(work);
  const first = { ...work.contenders[0], change: { chains: 0 } };
  const broken = { ...work, contenders: [first, ...work.contenders.slice(1)] };
  const [failure] = await stepsOf({ ...broken, contenders: broken.contenders.slice(0, 2) });
  const cases = [
    { of: work, unharmed: whole, earlier: whole.slice(0, 2).map(({ end }) => end) },
    { of: work, unharmed: whole, earlier: whole.map(({ end }) => end) },
    { of: broken, unharmed: await stepsOf(broken), earlier: [failure.end, whole[1].end] },
  ];
  for (const { of, unharmed, earlier } of cases) {
    const begun: string[] = [];
    const steps = await stepsOf(of, {
      earlier,
      begin: ({ name }) => (begun.push(name), { onProgress() {} }),
    });
    assert.deepEqual(begun, of.contenders.slice(earlier.length).map(({ name }) => name));
    assert.deepEqual(steps.slice(0, earlier.length).map(({ outcome, end }) => [outcome, end]), [
      ...earlier.map((end) => [undefined, end]),
    ]);
    assert.deepEqual(
      steps.map(({ report }) => timeless(report)),
      unharmed.map(({ report }) => timeless(report)),
    );
  }
});

Deno.test("all methods that are left may fail where an earlier process has a fit to keep", async () => {
  const work = comparison(["advi", "chees"]), [advi, chees] = work.contenders;
  const broken = { ...work, contenders: [advi, { ...chees, change: { chains: 0 } }] };
  const [{ end }] = await stepsOf({ ...work, contenders: [advi] });
  const { report } = (await stepsOf(broken, { earlier: [end] })).at(-1)!;
  assert.deepEqual(report!.methods.map(({ status }) => status === "error"), [false, true]);
});

Deno.test("interrupted, what is finished stays and what is not begun says so", async () => {
  const control = new AbortController(), begun: string[] = [];
  const steps = await stepsOf(comparison(["advi", "chees", "nuts"]), {
    signal: control.signal,
    begin({ name }) {
      begun.push(name);
      return {
        onProgress({ phase }) {
          if (name === "chees" && phase === "warm-up") control.abort(new Error("enough"));
        },
      };
    },
  });
  assert.deepEqual(begun, ["advi", "chees"]);
  const { methods, partial } = steps[2].report!;
  assert.equal(partial, true);
  assert.deepEqual(methods.map(hasFit), [true, false, false]);
  assert.deepEqual(methods.slice(1).map(({ status }) => status), ["interrupted", "interrupted"]);
  assert.match(methods[2].reasons[0], /before its turn/);
});
