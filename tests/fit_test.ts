/** Whole fits of simulated series, small enough to take a second or two each. */
import assert from "node:assert/strict";
import { simulateSeries } from "../lib/data/simulate.ts";
import { InputError } from "../lib/errors.ts";
import { fit } from "../lib/fit.ts";
import {
  type DrawPiece,
  type FitHooks,
  type FitOptions,
  type FitOutcome,
  PHASES,
  type Progress,
} from "../lib/fit_types.ts";
import { RandomStream } from "../lib/random.ts";
import { type FitFacts, fitReportSchema } from "../lib/runs/schema.ts";
import { NO_INPUTS, seriesFrom } from "./inputs.ts";
import { spec } from "./model/support.ts";

const ROWS = 80;
const SIMULATION = simulateSeries("single", 5, ROWS);
const SERIES = seriesFrom(SIMULATION);

const OPTIONS: FitOptions = {
  series: SERIES,
  spec: spec({ components: 1 }),
  method: "chees",
  chains: 16,
  warmup: 120,
  draws: 100,
  seed: 3,
  holdout: 0,
  engine: "cpu",
  inputs: { ...NO_INPUTS, spend: ["spend"], target: "y" },
};

const QUIET: FitHooks = { onProgress: () => {} };

/** The report as it comes back from the file. */
function reread({ report }: FitOutcome) {
  return fitReportSchema.parse(JSON.parse(JSON.stringify(report)));
}

function row({ report }: FitOutcome, name: string) {
  const found = report.summary.find((one) => one.name === name);
  assert.ok(found !== undefined, `no ${name} in the summary`);
  return found;
}

/** Truth within four posterior sds: for a parameter drawn from its prior, missed about once in 10 000 fits. */
function assertCovers(outcome: FitOutcome, name: string, truth: number): void {
  const { mean, sd } = row(outcome, name);
  assert.ok(Math.abs(mean - truth) < 4 * sd, `${name}: ${mean} +- ${sd}, truth ${truth}`);
}

for (const engine of ["cpu", "webgpu"] as const) {
  Deno.test(`a fit of one known curve (${engine})`, async () => {
    const seen: Progress[] = [];
    const outcome = await fit({ ...OPTIONS, engine }, { onProgress: (progress) => seen.push(progress) });
    const report = reread(outcome), { truth } = SIMULATION;
    assert.equal(report.engine, engine);
    assert.equal(report.partial, false);
    assert.equal(report.holdout, null);
    assert.deepEqual(report.inputs, OPTIONS.inputs);
    assert.deepEqual(
      { rows: report.data.rows, train: report.data.train_rows, out: report.data.holdout_rows },
      { rows: ROWS, train: ROWS, out: 0 },
    );
    assert.deepEqual([report.sampling.chains, report.sampling.warmup, report.sampling.draws], [16, 120, 100]);
    assert.equal(report.timing.transitions, 16 * 220);
    const [curve] = truth.curves;
    for (
      const [name, value] of Object.entries({
        alpha: truth.alpha,
        intercept: truth.intercept,
        slope: truth.slope,
        sigma: truth.sigma,
        "A.1": curve.A,
        "n.1": curve.n,
        "kappa.1": curve.kappa,
      })
    ) assertCovers(outcome, name, value);
    assert.ok(report.diagnostics.max_rhat < 1.1, `R-hat ${report.diagnostics.max_rhat}`);
    assert.ok(report.diagnostics.min_ess_bulk > 100, `ESS ${report.diagnostics.min_ess_bulk}`);
    assert.ok(report.sampling.acceptance > 0.7 && report.sampling.step_size > 0);
    assert.ok(report.elpd.loo < 0 && report.elpd.p_loo > 0 && report.elpd.p_loo < 15);
    assert.ok(Math.abs(report.elpd.loo - report.waic.elpd) < 5);

    const phases = [...new Set(seen.map(({ phase }) => phase))];
    assert.deepEqual(phases, PHASES.filter((phase) => phase !== "searching" && phase !== "optimising"));
    for (const { done, total, phase } of seen) assert.ok(done <= total && total > 0, phase);
    const sampled = seen.filter(({ phase }) => phase === "sampling").at(-1)!, { glimpse } = sampled;
    assert.ok(sampled.rhat! < 1.1 && sampled.essBulk! > 50 && sampled.essBulk! < 16 * 100 * 2);
    assert.ok(seen.at(-1)!.gradients === report.timing.gradients && report.timing.gradients > 16 * 220);
    const { draws } = outcome;
    assert.deepEqual([draws.chains, draws.draws], [16, 100]);
    for (const [name, values] of draws.columns) assert.ok(values.every(Number.isFinite), name);
    for (const [shown, name] of [[glimpse!.logLik, "log_lik"], [glimpse!.alpha, "alpha"]] as const) {
      const whole = draws.columns.get(name)!;
      const last = [0, 1, 2, 3].map((chain) => [79, 84, 89, 94, 99].map((draw) => whole[chain * 100 + draw]));
      assert.deepEqual(shown, last.map((chain) => chain.map((value) => Number(value.toPrecision(6)))), name);
    }
  });
}

// Ten means, each within five standard errors of the difference: a wrong alarm has probability 6e-6.
Deno.test("both engines find the same posterior", async () => {
  const [cpu, webgpu] = [await fit(OPTIONS, QUIET), await fit({ ...OPTIONS, engine: "webgpu" }, QUIET)];
  for (const { name, mean, mcse_mean } of cpu.report.summary) {
    if (name === "pi.1") continue;
    const other = row(webgpu, name), error = Math.hypot(mcse_mean, other.mcse_mean);
    assert.ok(Math.abs(mean - other.mean) < 5 * error, `${name}: ${mean} and ${other.mean}, error ${error}`);
  }
});

Deno.test("the same seed gives the same draws and the same report", async () => {
  const short = { ...OPTIONS, warmup: 40, draws: 40, chains: 8 };
  const [first, again, other] = [
    await fit(short, QUIET),
    await fit(short, QUIET),
    await fit({ ...short, seed: 4 }, QUIET),
  ];
  assert.deepEqual(again.draws, first.draws);
  const timeless = ({ report }: FitOutcome) => ({ ...report, started_at: "", created_at: "", timing: {} });
  assert.deepEqual(timeless(again), timeless(first));
  assert.notDeepEqual(other.draws, first.draws);
});

Deno.test("an unfinished fit says so, and one with nothing to show rejects", async () => {
  const during = async (phase: string, after: number) => {
    const control = new AbortController();
    let seen = 0;
    return await fit({ ...OPTIONS, draws: 400 }, {
      signal: control.signal,
      onProgress: (progress) => {
        if (progress.phase === phase && ++seen === after) control.abort(new Error("enough"));
      },
    });
  };
  const outcome = await during("sampling", 2), report = reread(outcome);
  assert.equal(report.partial, true);
  assert.ok(report.sampling.draws >= 8 && report.sampling.draws < 400);
  assert.equal(outcome.draws.draws, report.sampling.draws);
  assertCovers(outcome, "sigma", SIMULATION.truth.sigma);
  await assert.rejects(during("warm-up", 3), { message: "enough" });
});

Deno.test("aborted while it computes diagnostics, a fit ends at once; its draws had all been handed over", async () => {
  const control = new AbortController(), reason = new Error("enough");
  const pieces: DrawPiece[] = [], known: FitFacts[] = [];
  const running = fit({ ...OPTIONS, draws: 60 }, {
    signal: control.signal,
    onProgress({ phase }) {
      if (phase === "diagnostics") control.abort(reason);
    },
    onFacts: (facts) => known.push(facts),
    onDraws: (piece) => pieces.push(piece),
  });
  await assert.rejects(running, reason);
  assert.deepEqual(known.map(({ engine }) => engine?.engine ?? null), [null, "cpu"]);
  assert.deepEqual(known[0]!.sampling, { warmup: 120, draws: 60 });
  assert.deepEqual(pieces.map(({ first, count, planned }) => [first, count, planned]), [
    [0, 25, 60],
    [25, 25, 60],
    [50, 10, 60],
  ]);
  const whole = await fit({ ...OPTIONS, draws: 60 }, QUIET), piece = pieces[1]!.columns();
  const { columns, chains } = whole.draws;
  for (const [name, values] of columns) {
    const own = piece.columns.get(name)!;
    for (let c = 0; c < chains; c++) {
      assert.deepEqual(own.slice(c * 25, (c + 1) * 25), values.slice(c * 60 + 25, c * 60 + 50), name);
    }
  }
  assert.deepEqual([...piece.columns.keys()], [...columns.keys(), "energy__", "divergent__"]);
});

Deno.test("held-out rows are scored, in the units of the response", async () => {
  const outcome = await fit({ ...OPTIONS, holdout: 0.25 }, QUIET), report = reread(outcome);
  assert.deepEqual([report.data.train_rows, report.data.holdout_rows], [60, 20]);
  const { rmse, crps, coverage_90 } = report.holdout!;
  // Noise of sd 3 alone gives an rmse of 3 and a crps of 3 / sqrt(pi) = 1.7.
  assert.ok(rmse > 1.5 && rmse < 6, `rmse ${rmse}`);
  assert.ok(crps > 0.8 && crps < 3.5, `crps ${crps}`);
  assert.ok(coverage_90 >= 0.6 && coverage_90 <= 1, `coverage ${coverage_90}`);
});

Deno.test("effects of controls and season are found", async () => {
  const stream = new RandomStream(8, 0),
    price = Float64Array.from({ length: ROWS }, () => 10 + 2 * stream.normal());
  const mean = price.reduce((sum, x) => sum + x, 0) / ROWS;
  const sd = Math.sqrt(price.reduce((sum, x) => sum + (x - mean) ** 2, 0) / ROWS);
  const response = SERIES.response.map((y, t) =>
    y - 6 * (price[t] - mean) / sd + 4 * Math.sin(2 * Math.PI * t / 7) + 2 * Math.cos(2 * Math.PI * t / 7)
  );
  const outcome = await fit({
    ...OPTIONS,
    series: { ...SERIES, response, controls: [{ name: "price", values: price }] },
    spec: spec({ components: 1, season: { period: 7, harmonics: 1 } }),
    holdout: 0.1,
  }, QUIET);
  const report = reread(outcome);
  assert.deepEqual(report.data.controls, ["price"]);
  [-6, 4, 2].forEach((truth, j) =>
    assertCovers(outcome, `gamma.${j + 1}`, truth * (j === 0 ? trainingSd(price) / sd : 1))
  );
  assert.ok(
    row(outcome, "gamma.1").sd < 2 && row(outcome, "gamma.2").sd < 2,
    "the data says more than the prior",
  );
  assert.ok(report.holdout!.rmse < 8);
});

/** Population sd of the rows that train: effects are reported per sd of these. */
function trainingSd(values: Float64Array): number {
  const some = values.subarray(0, 0.9 * ROWS), mean = some.reduce((sum, x) => sum + x, 0) / some.length;
  return Math.sqrt(some.reduce((sum, x) => sum + (x - mean) ** 2, 0) / some.length);
}

Deno.test("components that share one curve's data still give a report", async () => {
  const two = { ...OPTIONS, spec: spec({ components: 2 }), chains: 8, warmup: 60, draws: 40 };
  const report = reread(await fit(two, QUIET));
  assert.equal(report.model.components, 2);
  const weights = report.summary.filter(({ name }) => name.startsWith("pi."));
  assert.ok(Math.abs(weights.reduce((sum, { mean }) => sum + mean, 0) - 1) < 1e-9);
  assert.ok(report.verdict.status === "pass" || report.verdict.reasons.length > 0);
});

Deno.test("data that cannot be fitted is refused before any work", async () => {
  const seen: string[] = [];
  const constant = { ...SERIES, response: new Float64Array(ROWS).fill(3) };
  await assert.rejects(
    fit({ ...OPTIONS, series: constant }, { onProgress: ({ phase }) => seen.push(phase) }),
    (error) => error instanceof InputError && /response never changes/.test(error.message),
  );
  assert.deepEqual(seen, ["data"]);
});

Deno.test("a tempered fit tells its evidence, its round trips and its modes, in the data's own units", async () => {
  const plan = { method: "tempered", chains: 4, warmup: 100, draws: 40 } as const;
  const first = reread(await fit({ ...OPTIONS, ...plan }, QUIET));
  const { tempering, log_evidence } = first;
  assert.ok(tempering !== undefined && log_evidence !== undefined);
  assert.deepEqual([tempering.betas[0], tempering.betas.at(-1)], [1, 0]);
  assert.equal(tempering.betas.length, tempering.rungs);
  assert.equal(tempering.round_trips.length, 4);
  assert.ok(tempering.min_swap_rate > 0.2 && tempering.min_swap_rate < 0.9);
  assert.ok(Math.abs(tempering.modes.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
  // A response in other units has another density, by its factor for every row; a power of two rounds nothing.
  const scaled = { ...SERIES, response: SERIES.response.map((y) => 8 * y) };
  const second = reread(await fit({ ...OPTIONS, ...plan, series: scaled }, QUIET));
  assert.ok(
    Math.abs(second.log_evidence! - (log_evidence - ROWS * Math.log(8))) < 1e-6 * Math.abs(log_evidence),
  );
});
