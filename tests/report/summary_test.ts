import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { approximationVerdict } from "../../lib/diagnostics/approximation.ts";
import { displayWidth } from "../../lib/report/layout.ts";
import { summaryText, verdictLines } from "../../lib/report/summary.ts";
import { coloured, plain } from "../../lib/report/terminal.ts";
import type { ApproximationReport } from "../../lib/runs/schema.ts";
import { fakeOutcome } from "../runs/fixture.ts";

const files = ["runs/20261122T104501Z-weekly-sales-k2/fit.json", "draws.csv"];

function textAt(width: number, change: Parameters<typeof fakeOutcome>[0] = {}): string {
  const { report, draws } = fakeOutcome(change);
  return summaryText(report, draws, files, { width, paint: plain });
}

Deno.test("no line of a summary is longer than the terminal, at any width", () => {
  for (const width of [20, 30, 40, 49, 50, 60, 72, 80, 100, 120, 200]) {
    const long = textAt(width).split("\n").filter((line) => displayWidth(line) > width);
    assert.deepEqual(long, [], `width ${width}`);
  }
});

Deno.test("80 columns show every column of the parameter table, 40 the ones that matter", () => {
  const title = (width: number) => textAt(width).split("\n").find((line) => /\bmean\b/.test(line))!;
  assert.match(title(80), /mean +sd +5% +50% +95% +R-hat +ESS bulk +ESS tail$/);
  assert.match(title(40), /^ +mean +5% +95% +R-hat$/);
});

Deno.test("a summary names what was read, what was left out, where it ran and where it went", () => {
  const flat = textAt(80).replaceAll(/\s+/g, " ");
  for (
    const part of [
      "hillmix 0.1.0: Weekly sales.csv",
      "200 rows (last 50 held out), 2020-01-06 to 2023-10-30",
      "sales by tv_spend + radio_spend + facebook_spend; left out, spent on under 10% of rows: print_spend",
      "2 curves, preset baseline",
      "4 chains of 500 warm-up + 50 draws, seed 42",
      "webgpu on llvmpipe (LLVM 15.0.6, 256 bits) (software adapter)",
      "1 min 15 s: warm-up 30.5 s, sampling 40.3 s; 1.25 M gradients, 16.6 k per second",
      "elpd -512.3 (se 11.3), p_loo 9.8; 1 row with a Pareto k-hat too large",
      "RMSE 4.200, CRPS 2.310; the 90% band covers 88% of the held-out rows",
      "Verdict: REVIEW",
      "handover (R-hat <= 1.05, bulk ESS >= 100): met",
      "strict (R-hat <= 1.01, bulk and tail ESS >= 400): not met",
      "- E-BFMI of chain 3 is 0.21",
      "runs/20261122T104501Z-weekly-sales-k2/fit.json",
    ]
  ) assert.ok(flat.includes(part), part);
});

Deno.test("a run of trees tells how many were cut", () => {
  const sampling = { ...fakeOutcome().report.sampling, tree_depth_hits: 1234 };
  const flat = textAt(80, { sampling }).replaceAll(/\s+/g, " ");
  assert.ok(flat.includes("3 divergences, 1,234 trees cut at the largest depth, smallest E-BFMI 0.81"), flat);
  assert.ok(!textAt(80).includes("trees"));
});

Deno.test("what a run does not have is not mentioned", () => {
  const text = textAt(80, { holdout: null });
  assert.ok(!text.includes("Hold-out") && !text.includes("Evidence"));
  assert.match(textAt(80, { log_evidence: -610.256 }), /Evidence +log -610\.26/);
  assert.ok(!textAt(80).includes("interrupted"));
  assert.match(textAt(80, { partial: true }), /Weekly sales\.csv, interrupted/);
});

Deno.test("business numbers come with intervals, and runs that have none do without", () => {
  const flat = textAt(80).replaceAll(/\s+/g, " ");
  const interval = "[0-9.,]+%? \\([0-9.,]+%? to [0-9.,]+%?\\)";
  assert.match(flat, new RegExp(`Media adds ${interval} of sales over 150 rows, ${interval} of all`));
  assert.match(flat, new RegExp(`ROAS ${interval} of sales per unit of spend; ${interval} of the next 10%`));
  const { business: _, ...older } = fakeOutcome().report;
  const text = summaryText(older, fakeOutcome().draws, files, { width: 80, paint: plain });
  assert.ok(!/ROAS|Media/.test(text));
});

Deno.test("a tempered run tells its evidence with the error, its ladders and its modes", () => {
  const mode = {
    weight: 0.985,
    weight_error: 0.01,
    log_lik: -600,
    alpha: 0.5,
    sigma: 3,
    ladders: 4,
    entries: 80,
  };
  const tempering = {
    log_evidence_error: 0.046,
    barrier: 5.31,
    rungs: 12,
    betas: [1, 0],
    min_swap_rate: 0.47,
    round_trips: [75, 99, 80],
    modes: [mode, { ...mode, weight: 0.015 }],
  };
  const ladders = textAt(80, { log_evidence: -610.256, tempering }).replace(/\s+/g, " ");
  assert.match(ladders, /Evidence log -610\.26 \(se 0\.05\)/);
  assert.match(
    ladders,
    /12 rungs over a barrier of 5\.3, 75 to 99 round trips each; 2 modes, of weight 98\.5%, 1\.5%/,
  );
});

Deno.test("a search for modes tells what it found, and how rarely", () => {
  const mode = {
    weight: 0.995,
    weight_error: 0.001,
    share: 0.99,
    ladders: 4,
    ascents: 13,
    alpha: 0.9,
    sigma: 20,
  };
  const search = {
    ascents: 2048,
    log_evidence: -1766.103,
    log_evidence_error: 0.088,
    jumps_tried: 500,
    jumps_accepted: 44,
    modes: [mode, { ...mode, weight: 0.0045, ascents: 1136 }, { ...mode, weight: 1e-5 }],
  };
  const tempering = {
    log_evidence_error: 0.09,
    barrier: 7,
    rungs: 16,
    betas: [1, 0],
    min_swap_rate: 0.4,
    round_trips: [20, 30],
    modes: [],
  };
  const text = textAt(80, { log_evidence: -1765.9, tempering: { ...tempering, search } }).replace(
    /\s+/g,
    " ",
  );
  assert.match(
    text,
    /Search 2,048 ascents found 2 solutions, of weight 99\.5% \(by 13\), 0\.4% \(by 1,136\); log evidence -1766\.10 \(se 0\.09\); 44 jumps made/,
  );
  assert.doesNotMatch(textAt(80, { log_evidence: -1765.9, tempering }), /Search/);
});

Deno.test("what auto did and why is told step by step", () => {
  const step = { status: "pass", total_s: 4.2, gradients: 5.2e6, transitions: 51200 } as const;
  const auto = {
    answer: "chees",
    steps: [
      { ...step, method: "chees", why: "to start cheap", found: "64 chains agree with each other" },
      {
        ...step,
        method: "tempered",
        why: "in case they missed a solution",
        found: "16 ladders found the same",
      },
    ],
    doubts: [],
  };
  const flat = textAt(80, { method: "auto", auto }).replace(/\s+/g, " ");
  assert.match(flat, /Method auto, answered by chees, 4 chains of 500 warm-up/);
  assert.match(
    flat,
    /Steps 1\. chees, to start cheap: 64 chains agree with each other \(4\.2 s, 5\.2 M gradients\)\. 2\. tempered, in/,
  );
  const narrow = textAt(40, { method: "auto", auto }).split("\n");
  assert.ok(
    narrow.some((line) => line.startsWith("2. tempered")) && narrow.every((line) => line.length <= 40),
  );
  assert.ok(!textAt(80).includes("Steps"));
});

Deno.test("both stages of a two-stage fit are told, with what was carried over", () => {
  const work = { total_s: 4.2, gradients: 5.2e6, transitions: 51200 };
  const stages = {
    carry: "cut",
    baseline: [],
    fits: 128,
    stage_one: { ...work, status: "pass", found: "128 chains agree with each other" },
    stage_two: work,
    doubts: [],
  } as const;
  const told = (carry: "plug-in" | "prior" | "cut") =>
    textAt(80, { method: "two-stage", two_stage: { ...stages, carry, baseline: [], doubts: [] } })
      .replace(/\s+/g, " ");
  assert.match(
    told("cut"),
    /Steps 1\. one curve, for the baseline: 128 chains agree with each other \(4\.2 s, 5\.2 M gradients\)\. 2\. 2 curves/,
  );
  assert.match(told("cut"), /2 curves, the baseline fixed at each of 128 draws.* \(4\.2 s/);
  assert.match(told("prior"), /under priors of its means and sds/);
  assert.match(told("plug-in"), /the baseline fixed at its means/);
});

Deno.test("numbers that could not be computed print as dashes, never NaN", () => {
  const { report } = fakeOutcome();
  const missing = textAt(80, {
    diagnostics: {
      ...report.diagnostics,
      max_rhat: NaN,
      min_ess_bulk: NaN,
      ebfmi_min: NaN,
      relabelled: { max_rhat: NaN, min_ess_bulk: NaN },
    },
    elpd: { loo: NaN, se: NaN, p_loo: NaN, bad_k: 0 },
    summary: report.summary.map((row) => ({ ...row, rhat: NaN, ess_bulk: NaN, sd: NaN })),
  });
  assert.ok(!missing.includes("NaN"));
  assert.match(missing, /largest R-hat -, smallest ESS - bulk/);
});

Deno.test("colour changes no letter, and marks the three verdicts apart", () => {
  const { report, draws } = fakeOutcome();
  const bare = summaryText(report, draws, files, { width: 80, paint: plain });
  const bright = summaryText(report, draws, files, { width: 80, paint: coloured });
  assert.notEqual(bright, bare);
  assert.equal(stripVTControlCharacters(bright), bare);
  const marks = (["pass", "review", "fail"] as const).map((status) =>
    verdictLines({ ...report, verdict: { ...report.verdict, status } }, { width: 80, paint: coloured })[0]
      .replace(status.toUpperCase(), "")
  );
  assert.equal(new Set(marks).size, 3);
});

const APPROXIMATION: ApproximationReport = {
  status: "usable with importance weights",
  k_hat: 0.623,
  proposals: 4000,
  effective_size: 812.4,
  importance_weighted: true,
  elbo: -684.273,
  elbo_error: 0.041,
  starts: 64,
  iterations: 151,
  optima: [0.5, 0.2, 0.15, 0.1, 0.05].map((weight) => ({ elbo: -684, weight, starts: 5 })),
  elbo_trace: [-900, -684],
};

Deno.test("an approximation shows its own check, and neither R-hat nor thresholds it cannot meet", () => {
  const verdict = approximationVerdict({ kHat: APPROXIMATION.k_hat, proposals: APPROXIMATION.proposals });
  const text = textAt(80, { approximation: APPROXIMATION, method: "advi", verdict }),
    flat = text.replaceAll(/\s+/g, " ");
  for (
    const part of [
      "advi, 64 starts, 50 draws, seed 42",
      "optimising 30.5 s, sampling 40.3 s",
      "k-hat 0.62 over 4,000 proposals, worth 812 weighted draws; the draws kept are picked by importance weights",
      "ELBO -684.27 (se 0.04), 151 iterations; 5 solutions, of weight 50.0%, 20.0%, 15.0%, 10.0%, …",
      "Verdict: REVIEW approximation, judged by Pareto k-hat alone: usable with importance weights",
    ]
  ) assert.ok(flat.includes(part), part);
  const one = textAt(80, { approximation: { ...APPROXIMATION, optima: APPROXIMATION.optima.slice(0, 1) } });
  assert.match(one, /one solution/);
  assert.doesNotMatch(text, /R-hat|ESS|handover|E-BFMI/);
});
