/** Made-up comparisons of methods. */
import { businessDraws, summariseBusiness } from "../../lib/business.ts";
import { adviceOn } from "../../lib/compare/advice.ts";
import { chooseReference } from "../../lib/compare/reference.ts";
import type { BusinessReport } from "../../lib/runs/business.ts";
import {
  type BusinessGap,
  COMPARE_SCHEMA_VERSION,
  type ComparedMethod,
  type CompareReport,
  type CompareRow,
  type GapReport,
} from "../../lib/runs/compare.ts";
import { FAKE_ROWS, fakeDraws, fakeOutcome } from "./fixture.ts";

/** Business numbers that are these, and their intervals, times `factor`. */
export function fakeBusiness(factor = 1): BusinessReport {
  const draws = fakeDraws(4, 50), scaled = new Map(draws.columns);
  for (const name of ["A.1", "A.2"]) {
    scaled.set(
      name,
      draws.columns.get(name)!.map((value) => factor * value),
    );
  }
  return summariseBusiness(businessDraws({ ...draws, columns: scaled }, 2, FAKE_ROWS.spend), FAKE_ROWS);
}

const NO_GAP: BusinessGap = { mean: 0.02, sd_ratio: 1.01, missed: 0.1 };

/** A gap of next to nothing; `change` is what every business number has instead. */
export function fakeGap(change: Partial<BusinessGap> = {}, parameters: Partial<GapReport> = {}): GapReport {
  const each = { ...NO_GAP, ...change };
  return {
    mean: { name: "A.2", value: 0.04, error: 0.02 },
    sd_low: { name: "n.1", value: 0.97 },
    sd_high: { name: "kappa.2", value: 1.04 },
    business: {
      contribution: each,
      roas: each,
      marginal_roas: each,
      curve: Array.from({ length: 5 }, () => each),
    },
    ...parameters,
  };
}

/** A sampler that passed and agrees with the reference; `change` overrides its keys. */
export function sampler(method: string, change: Partial<ComparedMethod> = {}): ComparedMethod {
  const { report } = fakeOutcome();
  return {
    method,
    exact: true,
    status: "pass",
    reasons: [],
    run: method.replace(":", "-"),
    partial: false,
    timing: { ...report.timing, ess_per_s: 10.8, ess_per_1000_gradients: 0.65 },
    diagnostics: { ...report.diagnostics, k_hat: NaN, approximation: null },
    elpd: { ...report.elpd, difference: -0.1, difference_se: 0.2 },
    holdout: report.holdout,
    gap: fakeGap(),
    business: fakeBusiness(),
    recovery: null,
    ...change,
  };
}

/** An approximation that may be used with weights. */
export function approximation(method: string, change: Partial<ComparedMethod> = {}): ComparedMethod {
  const fit = sampler(method, change), none = { max_rhat: NaN, min_ess_bulk: NaN };
  return {
    ...fit,
    exact: false,
    status: "review",
    reasons: ["Pareto k-hat of the approximation is 0.60 (over 0.5, at most 0.70): its own draws are off."],
    timing: { ...fit.timing, total_s: 2.5, ess_per_s: NaN, ess_per_1000_gradients: NaN },
    diagnostics: {
      ...none,
      min_ess_tail: NaN,
      divergences: NaN,
      ebfmi_min: NaN,
      label_invariant: none,
      relabelled: none,
      k_hat: 0.6,
      approximation: "usable with importance weights",
    },
    ...change,
  };
}

/** A method that gave no fit. */
export function missing(method: string, reason: string): CompareRow {
  return {
    method,
    exact: true,
    status: "error",
    reasons: [reason],
    run: null,
    partial: false,
    timing: null,
    diagnostics: null,
    elpd: null,
    holdout: null,
    gap: null,
    business: null,
    recovery: null,
  };
}

/** So many seconds in all. */
export function taking(total_s: number): Pick<ComparedMethod, "timing"> {
  return { timing: { ...sampler("").timing, total_s } };
}

/** A whole comparison of these rows; the reference is chosen among them and has no gap. */
export function compareReport(
  rows: readonly CompareRow[],
  change: Partial<CompareReport> = {},
): CompareReport {
  const { report } = fakeOutcome();
  const { reference, reason } = chooseReference(rows);
  const methods = rows.map((row): CompareRow =>
    row.run === null || (row.method !== reference && reference !== null) ? row : { ...row, gap: null }
  );
  const compared = {
    schema_version: COMPARE_SCHEMA_VERSION,
    hillmix: report.hillmix,
    created_at: report.created_at,
    partial: false,
    engine: report.engine,
    adapter: report.adapter,
    software: report.software,
    seed: report.seed,
    effort: 1,
    inputs: report.inputs,
    model: report.model,
    data: report.data,
    truth: null,
    reference,
    reference_reason: reason,
    methods,
    ...change,
  } as const;
  return { ...compared, advice: adviceOn(compared), ...change };
}
