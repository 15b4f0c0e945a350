/** Made-up comparisons of several numbers of curves. */
import { chooseAmong } from "../../lib/component_choice.ts";
import {
  type ComparedFit,
  type ComparedRow,
  COMPONENTS_SCHEMA_VERSION,
  type ComponentsReport,
} from "../../lib/runs/components.ts";
import { fakeOutcome } from "./fixture.ts";

/** A fit of K curves that passed, without a posterior probability; `change` overrides its keys. */
export function comparedRow(components: number, change: Partial<ComparedFit> = {}): ComparedRow {
  const fit: ComparedFit = {
    run: `k${components}`,
    partial: false,
    verdict: "pass",
    max_rhat: 1.004,
    min_ess_bulk: 1234,
    time_s: 12.5 * components,
    gradients: 1e6 * components,
    log_evidence: -612.345 - components,
    log_evidence_error: 0.05,
    posterior: null,
    elpd: { loo: -600, se: 10, p_loo: 8, bad_k: 0, difference: 0, difference_se: 0 },
    holdout: { rmse: 4.25, crps: 2.375, coverage_90: 0.88 },
    effective_components: { mean: components - 0.25, q5: 1, q95: components, in_use: components },
    ...change,
  };
  return { components, fit, reason: null };
}

/** The elpd of a fit so far below the best. */
export function below(difference: number, difference_se: number, bad_k = 0): Pick<ComparedFit, "elpd"> {
  const loo = Number.isNaN(difference) ? -610 : -600 + difference;
  return { elpd: { loo, se: 10, p_loo: 8, bad_k, difference, difference_se } };
}

/** A posterior probability, by default known exactly. */
export function share(
  probability: number,
  low = probability,
  high = probability,
): Pick<ComparedFit, "posterior"> {
  return { posterior: { probability, low, high } };
}

/** A whole comparison of these rows; `change` overrides its keys. */
export function componentsReport(
  rows: readonly ComparedRow[],
  change: Partial<ComponentsReport> = {},
): ComponentsReport {
  const { report } = fakeOutcome();
  return {
    schema_version: COMPONENTS_SCHEMA_VERSION,
    hillmix: report.hillmix,
    created_at: report.created_at,
    partial: false,
    method: "tempered",
    engine: report.engine,
    adapter: report.adapter,
    software: report.software,
    seed: report.seed,
    inputs: report.inputs,
    preset: report.model.preset,
    data: report.data,
    components: [...rows],
    choice: chooseAmong(rows),
    ...change,
  };
}
