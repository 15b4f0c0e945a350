/** Fits one series with several numbers of curves on one engine, and compares what comes out. */
import { chooseAmong } from "./component_choice.ts";
import { type EffectiveComponents, effectiveComponents } from "./diagnostics/effective_components.ts";
import { compareElpd } from "./diagnostics/loo_comparison.ts";
import { modelPosterior } from "./diagnostics/model_posterior.ts";
import { fitInTurn } from "./fit_in_turn.ts";
import type { FitHooks, FitOptions, FitOutcome } from "./fit_types.ts";
import {
  type ComparedFit,
  type ComparedRow,
  COMPONENTS_SCHEMA_VERSION,
  type ComponentsReport,
} from "./runs/components.ts";
import type { FitReport } from "./runs/schema.ts";

/** How a caller follows and stops the work. */
export interface ChoiceHooks {
  /** Called before each fit, for what follows that fit. */
  begin(components: number): Omit<FitHooks, "signal">;
  readonly signal?: AbortSignal;
}

/** One number of curves done. */
export interface ChoiceStep {
  readonly components: number;
  /** Name of the fit's run directory: `k2`. */
  readonly run: string;
  /** Undefined when the fit gave nothing to keep; the comparison says why. */
  readonly outcome: FitOutcome | undefined;
  /** The comparison so far; undefined as long as no fit has ended well. */
  readonly report: ComponentsReport | undefined;
}

/**
 * Fits each of several specifications that differ in their number of curves alone. Each is the fit that it would be
 * on its own, with the same seed and the same draws, whatever other numbers stand beside it.
 *
 * A fit that throws becomes a row with its reason. When interrupted, the fit under way keeps what it has and those
 * after it are rows without a fit.
 *
 * @param fits at least one; all of the same series, method and seed
 * @throws what the first fit threw, after all steps, when no fit gave anything to keep
 */
export async function* chooseComponents(
  fits: readonly FitOptions[],
  { begin, signal }: ChoiceHooks,
): AsyncGenerator<ChoiceStep> {
  const attempts: Attempt[] = [], numbers = fits.map(({ spec }) => spec.components);
  const turns = fitInTurn(fits, {
    begin: (index) => begin(numbers[index]),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const turn of turns) {
    const { index, outcome } = turn, components = numbers[index], run = `k${components}`;
    attempts.push(
      turn.outcome === undefined
        ? { components, kept: null, reason: turn.reason }
        : { components, kept: keep(turn.outcome, components, run), reason: null },
    );
    const whole = attempts.length === fits.length && !signal?.aborted;
    yield { components, run, outcome, report: compare(fits[index], attempts, whole) };
  }
}

/** What a comparison needs of a fit, once its draws are written and let go. */
interface Kept {
  readonly run: string;
  readonly report: FitReport;
  readonly elpdPointwise: Float64Array;
  readonly effective: EffectiveComponents;
}

type Attempt =
  & { readonly components: number }
  & ({ readonly kept: Kept; readonly reason: null } | { readonly kept: null; readonly reason: string });

function keep({ report, draws, elpdPointwise }: FitOutcome, components: number, run: string): Kept {
  return { run, report, elpdPointwise, effective: effectiveComponents(draws, components) };
}

function compare(
  { inputs, method, seed, spec }: FitOptions,
  attempts: readonly Attempt[],
  whole: boolean,
): ComponentsReport | undefined {
  const first = attempts.find(({ kept }) => kept !== null)?.kept?.report;
  if (first === undefined) return undefined;
  const rows = compareRows(attempts);
  return {
    schema_version: COMPONENTS_SCHEMA_VERSION,
    hillmix: first.hillmix,
    created_at: first.created_at,
    partial: !whole,
    method,
    engine: first.engine,
    adapter: first.adapter,
    software: first.software,
    seed,
    inputs,
    preset: spec.preset,
    data: first.data,
    components: rows,
    choice: chooseAmong(rows),
  };
}

/**
 * Fits that failed have no part in what depends on all fits: the probabilities and the best elpd. Probabilities need
 * the evidence of every other fit.
 */
function compareRows(attempts: readonly Attempt[]): ComparedRow[] {
  const trusted = attempts.flatMap(({ kept }) =>
    kept !== null && kept.report.verdict.status !== "fail" ? [kept] : []
  );
  const differences = compareElpd(trusted.map(({ elpdPointwise }) => elpdPointwise));
  const evidences = trusted.map(({ report }) => evidenceOf(report));
  const weighable = evidences.every(({ log, error }) => Number.isFinite(log) && Number.isFinite(error));
  const probabilities = weighable ? modelPosterior(evidences) : [];
  return attempts.map(({ components, kept, reason }) => {
    if (kept === null) return { components, fit: null, reason };
    const { run, report, effective } = kept, { log, error } = evidenceOf(report);
    const place = trusted.indexOf(kept); // -1 for a fit that failed
    const { difference, se } = differences[place] ?? { difference: NaN, se: NaN };
    const fit: ComparedFit = {
      run,
      partial: report.partial,
      verdict: report.verdict.status,
      max_rhat: report.diagnostics.max_rhat,
      min_ess_bulk: report.diagnostics.min_ess_bulk,
      time_s: report.timing.total_s,
      gradients: report.timing.gradients,
      log_evidence: log,
      log_evidence_error: error,
      posterior: probabilities[place] ?? null,
      elpd: { ...report.elpd, difference, difference_se: se },
      holdout: report.holdout,
      effective_components: effective,
    };
    return { components, fit, reason: null };
  });
}

/** NaN where the method estimates none. */
function evidenceOf({ log_evidence = NaN, tempering }: FitReport): { log: number; error: number } {
  return { log: log_evidence, error: tempering?.log_evidence_error ?? NaN };
}
