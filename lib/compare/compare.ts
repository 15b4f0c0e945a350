/** Runs several methods on one series, on one engine, and holds them to each other. */
import { businessDraws } from "../business.ts";
import { throwIfAny } from "../data/problems.ts";
import { splitHoldout } from "../data/split.ts";
import type { Series } from "../data/series.ts";
import type { Truth } from "../data/simulate.ts";
import type { Draws } from "../diagnostics/draws.ts";
import { elpdDifference } from "../diagnostics/loo_comparison.ts";
import type { Opened } from "../engine/open.ts";
import { fitInTurn } from "../fit_in_turn.ts";
import type { FitHooks, FitOptions, FitOutcome } from "../fit_types.ts";
import {
  COMPARE_SCHEMA_VERSION,
  type ComparedMethod,
  type CompareReport,
  type CompareRow,
} from "../runs/compare.ts";
import { variationProblems } from "../model/standardise.ts";
import type { FitReport } from "../runs/schema.ts";
import { adviceOn } from "./advice.ts";
import { type Contender, optionsOf, runName } from "./contenders.ts";
import { type Answer, gapTo } from "./gap.ts";
import { type KnownTruth, knownTruth, recover } from "./recovery.ts";
import { chooseReference } from "./reference.ts";

/** What to compare. */
export interface Comparison {
  readonly contenders: readonly Contender[];
  /** Data and model; its method and sizes are put aside. */
  readonly base: FitOptions;
  /** What the usual warm-up and draws of every method are multiplied by. */
  readonly effort: number;
  /** Of the whole series, where it is known. */
  readonly truth?: Truth;
}

/** How a caller follows and stops the work. */
export interface CompareHooks {
  /** Called before each method, for what follows its fit. */
  begin(contender: Contender): Omit<FitHooks, "signal">;
  readonly signal?: AbortSignal;
  /** How the first contenders ended in an earlier process, the last of them with a fit. They are not run again. */
  readonly earlier?: readonly MethodEnd[];
}

/** One method done. */
export interface CompareStep {
  readonly contender: Contender;
  /** Name of the fit's run directory. */
  readonly run: string;
  /** Undefined when the fit gave nothing to keep, where the comparison says why, or ended in an earlier process. */
  readonly outcome: FitOutcome | undefined;
  readonly end: MethodEnd;
  /** The comparison so far; undefined as long as no fit has ended well. */
  readonly report: CompareReport | undefined;
}

/**
 * Fits a series by each contender. Each is the fit that it would be on its own. One that throws becomes a row with
 * its reason; when interrupted, the fit under way keeps what it has and those after it are rows without a fit.
 *
 * @param lent an engine to work on and leave open; by default one is opened and closed
 * @throws what the first fit threw, after all steps, when no fit gave anything to keep
 * @throws InputError when the data cannot be fitted, before any work
 */
export async function* compareMethods(
  comparison: Comparison,
  { begin, signal, earlier = [] }: CompareHooks,
  lent?: Opened,
): AsyncGenerator<CompareStep> {
  const { contenders, base, effort, truth } = comparison, { components } = base.spec;
  const { train } = splitHoldout(base.series, base.holdout);
  throwIfAny(variationProblems(train));
  const known = truth && knownTruth(truth, train, components);
  const ends: MethodEnd[] = [];
  const step = (end: MethodEnd, outcome?: FitOutcome): CompareStep => {
    const contender = contenders[ends.length];
    ends.push(end);
    const whole = ends.length === contenders.length && !signal?.aborted;
    return {
      contender,
      run: runName(contender),
      outcome,
      end,
      report: compare(comparison, ends, whole, known),
    };
  };
  for (const end of earlier) yield step(end);
  const due = contenders.slice(earlier.length);
  const turns = fitInTurn(due.map((each) => optionsOf(each, base, effort)), {
    begin: (index) => begin(due[index]),
    kept: earlier.length > 0,
    ...(signal === undefined ? {} : { signal }),
  }, lent);
  for await (const turn of turns) {
    yield turn.outcome === undefined
      ? step({ status: turn.interrupted ? "interrupted" : "error", reason: turn.reason })
      : step({ kept: keep(turn.outcome, train, components) }, turn.outcome);
  }
}

/** What a comparison needs of a fit, once its draws are written and let go. */
interface Kept {
  readonly report: FitReport;
  readonly business: NonNullable<FitReport["business"]>;
  readonly elpdPointwise: Float64Array;
  readonly businessDraws: Draws;
}

/** How a method ended. Plain data. */
export type MethodEnd = { readonly kept: Kept } | {
  readonly kept?: undefined;
  readonly status: "error" | "interrupted";
  readonly reason: string;
};

function keep({ report, draws, elpdPointwise }: FitOutcome, train: Series, components: number): Kept {
  return {
    report,
    business: report.business!,
    elpdPointwise,
    businessDraws: businessDraws(draws, components, train.spend),
  };
}

function compare(
  { contenders, base, effort }: Comparison,
  ends: readonly MethodEnd[],
  whole: boolean,
  truth: KnownTruth | undefined,
): CompareReport | undefined {
  const first = ends.find(({ kept }) => kept !== undefined)?.kept?.report;
  if (first === undefined) return undefined;
  const alone = ends.map((end, i) => rowOf(contenders[i], end, truth));
  const { reference, reason } = chooseReference(alone);
  const held = ends[alone.findIndex(({ method }) => method === reference)]?.kept;
  const compared = {
    schema_version: COMPARE_SCHEMA_VERSION,
    hillmix: first.hillmix,
    created_at: first.created_at,
    partial: !whole,
    engine: first.engine,
    adapter: first.adapter,
    software: first.software,
    seed: base.seed,
    effort,
    inputs: base.inputs,
    model: first.model,
    data: first.data,
    truth: truth?.business ?? null,
    reference,
    reference_reason: reason,
    methods: alone.map((row, i) => holdTo(held, row, ends[i].kept)),
  } as const;
  return { ...compared, advice: adviceOn(compared) };
}

/** A row by itself, before there is a reference. */
function rowOf(
  { name, exact }: Contender,
  end: MethodEnd,
  truth: KnownTruth | undefined,
): CompareRow {
  if (end.kept === undefined) {
    return {
      method: name,
      exact,
      status: end.status,
      reasons: [end.reason],
      run: null,
      partial: end.status === "interrupted",
      timing: null,
      diagnostics: null,
      elpd: null,
      holdout: null,
      gap: null,
      business: null,
      recovery: null,
    };
  }
  const { report, business } = end.kept;
  const { timing, diagnostics, approximation, verdict, elpd } = report, ess = diagnostics.min_ess_bulk;
  return {
    method: name,
    exact,
    status: verdict.status,
    reasons: verdict.reasons,
    run: runName({ name }),
    partial: report.partial,
    timing: {
      ...timing,
      ess_per_s: ess / timing.total_s,
      ess_per_1000_gradients: 1000 * ess / timing.gradients,
    },
    diagnostics: {
      ...diagnostics,
      k_hat: approximation?.k_hat ?? NaN,
      approximation: approximation?.status ?? null,
    },
    elpd: { ...elpd, difference: NaN, difference_se: NaN },
    holdout: report.holdout,
    gap: null,
    business,
    recovery: truth === undefined ? null : recover(truth, report.summary, business),
  };
}

/** The same row with its distance to the reference. */
function holdTo(held: Kept | undefined, row: CompareRow, kept: Kept | undefined): CompareRow {
  if (held === undefined || kept === undefined || row.run === null) return row;
  const { difference, se } = elpdDifference(kept.elpdPointwise, held.elpdPointwise);
  const compared: ComparedMethod = {
    ...row,
    elpd: { ...row.elpd, difference, difference_se: se },
    gap: kept === held
      ? null
      : gapTo({ ...answerOf(held), businessDraws: held.businessDraws }, answerOf(kept)),
  };
  return compared;
}

function answerOf({ report: { summary, sampling }, business }: Kept): Answer {
  return { summary, business, draws: sampling.chains * sampling.draws };
}
