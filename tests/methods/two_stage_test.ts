/** Whole two-stage fits of a short series, on the processor except for one. */
import assert from "node:assert/strict";
import { assess } from "../../lib/assess.ts";
import { InputError } from "../../lib/errors.ts";
import { fit } from "../../lib/fit.ts";
import { CARRIES, type FitOptions, type Progress } from "../../lib/fit_types.ts";
import { sampleTwoStage } from "../../lib/methods/two_stage.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { ignoredBy, shakyStart } from "../../lib/twostage/words.ts";
import { withCpu, withWebgpu } from "../engine/support.ts";
import { NO_INPUTS } from "../inputs.ts";
import { makeSeries, spec } from "../model/support.ts";

const series = makeSeries({ rows: 40 });
const CHAINS = 8, WARMUP = 60, DRAWS = 80;
const OPTIONS: FitOptions = {
  series,
  spec: spec({ components: 2 }),
  method: "two-stage",
  chains: CHAINS,
  warmup: WARMUP,
  draws: DRAWS,
  seed: 3,
  holdout: 0,
  engine: "cpu",
  inputs: NO_INPUTS,
};
const QUIET = { onProgress() {} };
const problem = buildProblem(series, OPTIONS.spec);

/** Sizes of stage two: as many draws in all whatever the carry. */
const SIZES = {
  "plug-in": [CHAINS, DRAWS],
  prior: [CHAINS, DRAWS],
  cut: [CHAINS * CHAINS, DRAWS / 8],
} as const;

for (const carry of CARRIES) {
  Deno.test(`two stages, ${carry}: the report tells both, the verdict what they leave out`, async () => {
    const { report: raw, draws } = await fit({ ...OPTIONS, carry }, QUIET);
    const report = fitReportSchema.parse(JSON.parse(JSON.stringify(raw))), stages = report.two_stage!;
    const [chains, each] = SIZES[carry];
    assert.deepEqual([report.sampling.chains, report.sampling.draws], [chains, each]);
    assert.deepEqual([stages.carry, stages.fits], [carry, carry === "cut" ? CHAINS : 1]);
    assert.equal(report.timing.gradients, stages.stage_one.gradients + stages.stage_two.gradients);
    assert.equal(stages.stage_one.transitions, CHAINS * (WARMUP + DRAWS));
    // A cut keeps every second transition.
    assert.equal(stages.stage_two.transitions, chains * (WARMUP + (carry === "cut" ? 2 : 1) * each));
    assert.ok(report.verdict.reasons.some((reason) => reason.includes(`--carry ${carry}`)));
    assert.notEqual(report.verdict.status, "pass");
    assert.deepEqual(stages.baseline.map(({ name }) => name), ["intercept", "slope"]);

    for (const { name, mean, sd } of stages.baseline) {
      const row = report.summary.find((one) => one.name === name)!;
      if (carry === "plug-in") {
        assert.ok(
          Math.abs(row.mean - mean) < 0.01 * sd && row.sd < 0.02 * sd,
          `${name} ${row.mean} +- ${row.sd}`,
        );
      } else {
        assert.ok(Math.abs(row.mean - mean) < 1.5 * sd, `${name} ${row.mean}, stage one ${mean} +- ${sd}`);
      }
      if (carry !== "cut") continue;
      const values = draws.columns.get(name)!, own = chains * each / CHAINS;
      for (let i = 0; i < CHAINS; i++) {
        const part = values.slice(i * own, (i + 1) * own), spread = Math.max(...part) - Math.min(...part);
        assert.ok(spread < 0.1 * sd, "chains of one draw of stage one share its baseline");
      }
      assert.ok(row.sd > 0.3 * sd, `${name} varies from fit to fit: ${row.sd}, stage one ${sd}`);
    }
    const { data, diagnostics, verdict } = report, { doubts, fits: targets } = stages;
    const anew = assess(draws, {
      components: 2,
      maxSpend: data.max_spend,
      divergences: diagnostics.divergences,
      ebfmiMin: diagnostics.ebfmi_min,
      strongerMethod: "--method tempered",
      doubts,
      targets,
    });
    assert.deepEqual(anew.verdict, verdict, "diagnose comes to the same");
  });
}

Deno.test("both stages run on the GPU, and progress tells them apart", () =>
  withWebgpu(async (engine) => {
    const seen: Progress[] = [];
    const { sample, timing, interrupted } = await sampleTwoStage(engine, problem, OPTIONS, {
      onProgress: (progress) => seen.push(progress),
    });
    assert.deepEqual([sample.chains, sample.draws, interrupted], [64, 10, false]);
    assert.ok(sample.positions.every(Number.isFinite) && sample.logDensity.every(Number.isFinite));
    assert.deepEqual([...new Set(seen.map(({ step, phase }) => `${step}, ${phase}`))], [
      "stage one, warm-up",
      "stage one, sampling",
      "stage two, warm-up",
      "stage two, sampling",
    ]);
    seen.forEach(({ gradients }, i) => assert.ok(i === 0 || gradients >= seen[i - 1]!.gradients));
    assert.equal(seen.at(-1)!.gradients, timing.gradients);
    assert.ok(seen.every(({ step, rhat }) => step === "stage one" || rhat === undefined));
  }));

Deno.test("a held-out tail is no part of either stage", () =>
  withCpu(async (engine) => {
    const held = { ...OPTIONS, holdout: 0.25, carry: "plug-in" as const };
    const train = buildProblem({ ...series, ...rows(30) }, OPTIONS.spec);
    const changed = { ...series, response: series.response.map((y, t) => t < 30 ? y : 9 * y) };
    const [one, two] = [
      await sampleTwoStage(engine, train, held, QUIET),
      await sampleTwoStage(engine, train, { ...held, series: changed }, QUIET),
    ];
    assert.deepEqual(one.twoStage!.baseline, two.twoStage!.baseline);
    assert.deepEqual(one.sample.positions, two.sample.positions);
  }));

const rows = (count: number) => ({
  spend: series.spend.slice(0, count),
  response: series.response.slice(0, count),
});

for (const [stage, phase] of [["stage one", "sampling"], ["stage two", "warm-up"]] as const) {
  Deno.test(`stopped in ${stage}, ${phase}: there is nothing to keep`, () =>
    withCpu(async (engine) => {
      const abort = new AbortController();
      const run = sampleTwoStage(engine, problem, { ...OPTIONS, carry: "prior" }, {
        onProgress: ({ step, phase: at }) => {
          if (step === stage && at === phase) abort.abort("stopped");
        },
        signal: abort.signal,
      });
      await assert.rejects(run, (reason) => reason === "stopped");
    }));
}

Deno.test("stopped while stage two samples, its draws are kept", () =>
  withCpu(async (engine) => {
    const abort = new AbortController();
    const { interrupted, sample } = await sampleTwoStage(engine, problem, { ...OPTIONS, carry: "prior" }, {
      onProgress: ({ step, phase }) => {
        if (step === "stage two" && phase === "sampling") abort.abort("stopped");
      },
      signal: abort.signal,
    });
    assert.ok(interrupted && sample.draws >= 8 && sample.draws < DRAWS, `${sample.draws}`);
  }));

Deno.test("a single curve has no second stage", () =>
  withCpu(async (engine) => {
    const alone = spec({ components: 1 });
    await assert.rejects(
      sampleTwoStage(engine, buildProblem(series, alone), { ...OPTIONS, spec: alone }, QUIET),
      (error) => error instanceof InputError && /two --components or more/.test(error.message),
    );
  }));

Deno.test("every carry says what it ignores, and a shaky stage one is passed on", () => {
  const sentences = CARRIES.map((carry) => ignoredBy(carry, 128));
  for (const sentence of sentences) {
    assert.match(sentence, /not the joint posterior.*ignored\. Use --method auto/);
  }
  assert.match(sentences[CARRIES.indexOf("cut")]!, /128 baselines/);
  const verdict = {
    status: "review",
    handover: true,
    strict: false,
    reasons: ["R-hat of alpha is 1.04."],
  } as const;
  assert.deepEqual(shakyStart({ ...verdict, status: "pass", reasons: [] }), []);
  assert.match(
    shakyStart({ ...verdict, reasons: [...verdict.reasons] })[0]!,
    /Stage one.*review.*R-hat of alpha is 1\.04\./,
  );
});
