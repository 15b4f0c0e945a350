/** A made-up outcome of a fit for tests of what surrounds it: plausible numbers, chosen to be awkward to print. */
import { businessDraws, summariseBusiness } from "../../lib/business.ts";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import type { DrawPiece, FitOutcome } from "../../lib/fit_types.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { type FitFacts, type FitReport, SCHEMA_VERSION, type SummaryRow } from "../../lib/runs/schema.ts";

/** Draws of a two-curve model scattered around fixed values. */
export function fakeDraws(chains: number, draws: number, seed = 1): Draws {
  const centres: Record<string, number> = {
    lp__: -512.25,
    alpha: 0.5,
    intercept: 50,
    slope: 2,
    sigma: 3,
    "A.1": 20,
    "A.2": 40,
    "n.1": 2,
    "n.2": 1.2,
    "kappa.1": 6,
    "kappa.2": 11,
    "pi.1": 0.6,
    "pi.2": 0.4,
    log_lik: -500,
  };
  const random = new RandomStream(seed, Purpose.simulate);
  return {
    chains,
    draws,
    columns: new Map(
      Object.entries(centres).map(([name, centre]) => [
        name,
        Float64Array.from({ length: chains * draws }, () => centre * (1 + 0.05 * random.normal())),
      ]),
    ),
  };
}

function summaryRow(name: string, values: Float64Array): SummaryRow {
  const sorted = values.toSorted(), at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return {
    name,
    mean,
    sd,
    q5: at(0.05),
    q50: at(0.5),
    q95: at(0.95),
    rhat: 1.0034,
    ess_bulk: 12345.6,
    ess_tail: 9876.5,
    mcse_mean: sd / 100,
  };
}

/** Spend and response of the training rows that the draws would belong to. */
export const FAKE_ROWS = {
  spend: Float64Array.from({ length: 150 }, (_, t) => 1 + t % 10),
  response: Float64Array.from({ length: 150 }, (_, t) => 60 + t % 7),
};

/** A whole outcome; `change` overrides keys of its report. */
export function fakeOutcome(change: Partial<FitReport> = {}, chains = 4, perChain = 50): FitOutcome {
  const draws = fakeDraws(chains, perChain);
  const parameters = [...draws.columns].filter(([name]) => name !== "lp__" && name !== "log_lik");
  const report: FitReport = {
    schema_version: SCHEMA_VERSION,
    hillmix: "0.1.0",
    state: "finished",
    started_at: "2026-11-22T10:45:01.123Z",
    created_at: "2026-11-22T10:46:16.400Z",
    partial: false,
    method: "chees",
    engine: "webgpu",
    adapter: "llvmpipe (LLVM 15.0.6, 256 bits)",
    software: true,
    seed: 42,
    inputs: {
      file: "data/Weekly sales.csv",
      date: null,
      spend: ["tv", "radio"],
      target: "sales",
      controls: [],
      group: null,
      only: null,
      config: null,
      holdout: 0.25,
    },
    model: { preset: "baseline", components: 2, spec: { preset: "baseline", components: 2 } },
    data: {
      name: "Weekly sales.csv",
      rows: 200,
      train_rows: 150,
      holdout_rows: 50,
      spend: ["tv_spend", "radio_spend", "facebook_spend"],
      left_out: ["print_spend", "an_uncommonly_long_column_name_that_no_line_can_hold_in_one_piece"],
      target: "sales",
      controls: ["price"],
      first_date: "2020-01-06",
      last_date: "2023-10-30",
      mean_spend: 5.4,
      max_spend: 21.75,
    },
    sampling: {
      chains,
      warmup: 500,
      draws: perChain,
      step_size: 0.21,
      mean_leapfrogs: 9.5,
      acceptance: 0.81,
    },
    timing: { total_s: 75.25, warmup_s: 30.5, sampling_s: 40.25, gradients: 1.25e6, transitions: 64000 },
    diagnostics: {
      max_rhat: 1.0034,
      min_ess_bulk: 812.3,
      min_ess_tail: 640.9,
      divergences: 3,
      ebfmi_min: 0.81,
      label_invariant: { max_rhat: 1.002, min_ess_bulk: 1500 },
      relabelled: { max_rhat: 1.003, min_ess_bulk: 900 },
    },
    verdict: {
      status: "review",
      handover: true,
      strict: false,
      reasons: [
        "E-BFMI of chain 3 is 0.21, under 0.3: momentum is resampled too weakly for a heavy-tailed posterior; " +
        "run longer or use the preset fully-non-centred.",
      ],
    },
    elpd: { loo: -512.34, se: 11.27, p_loo: 9.81, bad_k: 1 },
    waic: { elpd: -512.1, se: 11.2, p_waic: 9.6 },
    holdout: { rmse: 4.2, crps: 2.31, coverage_90: 0.88 },
    business: summariseBusiness(businessDraws(draws, 2, FAKE_ROWS.spend), FAKE_ROWS),
    warnings: ["The adapter is software on the processor's own cores: a real GPU is much faster."],
    summary: parameters.map(([name, values]) => summaryRow(name, values)),
    ...change,
  };
  return { report, draws, elpdPointwise: new Float64Array(report.data.train_rows).fill(-3.4) };
}

/** What a run directory holds of an outcome. */
export const keptOf = ({ report, draws }: FitOutcome) => ({ report, draws });

/** What the fake's fit says of itself before it draws. */
export function fakeFacts(change: Partial<FitFacts> = {}): FitFacts {
  const { schema_version, hillmix, method, seed, inputs, model, data, sampling, engine, adapter, software } =
    fakeOutcome().report;
  return {
    schema_version,
    hillmix,
    started_at: "2026-11-22T10:45:01.123Z",
    method,
    seed,
    inputs,
    model,
    data,
    engine: { engine, adapter, software },
    sampling: { warmup: sampling.warmup, draws: sampling.draws },
    ...change,
  };
}

/** Draws as a fit hands them over: with the columns that stand beside unfinished ones. */
export function fakePiece(draws: Draws, first = 0, planned = first + draws.draws): DrawPiece {
  const rows = draws.chains * draws.draws;
  const more: [string, Float64Array][] = [
    ["energy__", Float64Array.from({ length: rows }, (_, i) => Math.sin(i * i))],
    ["divergent__", Float64Array.from({ length: rows }, (_, i) => i === 0 ? 1 : 0)],
  ];
  return {
    first,
    count: draws.draws,
    planned,
    columns: () => ({ ...draws, columns: new Map([...draws.columns, ...more]) }),
  };
}
