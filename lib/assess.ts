/** From draws to the `summary`, `diagnostics` and `verdict` of `fit.json`; `fit` and `diagnose` share it. */
import { approximationVerdict } from "./diagnostics/approximation.ts";
import type { Draws } from "./diagnostics/draws.ts";
import { entriesOf, findModes } from "./diagnostics/modes.ts";
import { relabel } from "./diagnostics/relabel.ts";
import { layer, layerOf, moments, summarise } from "./diagnostics/summary.ts";
import { type TemperingEvidence, verdict } from "./diagnostics/verdict.ts";
import { steadyResponse } from "./response.ts";
import type { ApproximationReport, FitReport, ModeReport } from "./runs/schema.ts";

/** What draws do not tell about how they were made. */
export interface Conduct {
  /** K. */
  readonly components: number;
  /** Largest spend of a training row, original units. */
  readonly maxSpend: number;
  readonly divergences: number;
  /** Smallest E-BFMI of any chain. */
  readonly ebfmiMin: number;
  /** What to turn to when chains disagree, as the user would type it. */
  readonly strongerMethod?: string;
  /** Of tempered runs. */
  readonly tempering?: TemperingEvidence;
  /** What speaks against a `pass` though nothing in the draws does. */
  readonly doubts?: readonly string[];
  /** Targets that the chains are shared out over, equally many for each and one after another; 1 when left out. */
  readonly targets?: number;
}

export type Assessment = Pick<FitReport, "summary" | "diagnostics" | "verdict">;

/** Columns whose meaning no numbering of the curves changes; `fitted.*` are fitted means at chosen rows. */
const INVARIANT = /^(log_lik|alpha|intercept|slope|sigma|gamma\..+|fitted\..+)$/;
/** Columns that are functions of the parameters, not parameters. */
const DERIVED = /^(lp__|log_lik|fitted\..+)$/;
/** Where the total response curve is watched, in shares of the largest spend. */
const CURVE_POINTS = [0.25, 0.5, 1];

/** Judges draws in original units, columns named as in `draws.csv`. */
export function assess(draws: Draws, conduct: Conduct): Assessment {
  const { components, maxSpend, divergences, ebfmiMin, strongerMethod, tempering, doubts, targets } = conduct;
  const summary = summarise(draws, summaryNames(draws), targets);
  const raw = layerOf(summary.filter(({ name }) => !DERIVED.test(name)));
  const invariant = layer(invariantDraws(draws, components, maxSpend), undefined, targets);
  const relabelled = components > 1 ? layer(relabel(draws, components).draws, undefined, targets) : undefined;
  const transitions = draws.chains * draws.draws;
  return {
    summary,
    diagnostics: {
      max_rhat: raw.max_rhat,
      min_ess_bulk: raw.min_ess_bulk,
      min_ess_tail: raw.min_ess_tail,
      divergences,
      ebfmi_min: ebfmiMin,
      label_invariant: { max_rhat: invariant.max_rhat, min_ess_bulk: invariant.min_ess_bulk },
      relabelled: {
        max_rhat: (relabelled ?? raw).max_rhat,
        min_ess_bulk: (relabelled ?? raw).min_ess_bulk,
      },
    },
    verdict: verdict({
      components,
      raw,
      invariant,
      ...(relabelled === undefined ? {} : { relabelled }),
      draws: draws.draws,
      transitions,
      divergences,
      ebfmiMin,
      ...(strongerMethod === undefined ? {} : { strongerMethod }),
      ...(tempering === undefined ? {} : { tempering }),
      ...(doubts === undefined ? {} : { doubts }),
      ...(targets === undefined ? {} : { targets }),
    }),
  };
}

/** Every quantity worth a line. A single curve has weight 1 by construction: that it never moves says nothing. */
function summaryNames({ columns }: Draws): string[] {
  return [...columns.keys()].filter((name) => name !== "lp__" && (name !== "pi.1" || columns.has("pi.2")));
}

/**
 * Judges the independent draws of an approximate method by its own check alone; what speaks of chains is NaN.
 *
 * @param draws in original units, columns named as in `draws.csv`
 */
export function assessApproximation(
  draws: Draws,
  { k_hat, proposals }: Pick<ApproximationReport, "k_hat" | "proposals">,
): Assessment {
  const none = { max_rhat: NaN, min_ess_bulk: NaN };
  return {
    summary: moments(draws, summaryNames(draws)),
    diagnostics: {
      ...none,
      min_ess_tail: NaN,
      divergences: NaN,
      ebfmi_min: NaN,
      label_invariant: none,
      relabelled: none,
    },
    verdict: approximationVerdict({ kHat: k_hat, proposals }),
  };
}

/** Draws of what no numbering of the curves changes, the response curve at chosen points among them. */
export function invariantDraws(draws: Draws, components: number, maxSpend: number): Draws {
  const kept = [...draws.columns].filter(([name]) => INVARIANT.test(name));
  const curve = CURVE_POINTS.map((share): [string, Float64Array] => [
    `response to ${100 * share}% of the largest spend`,
    steadyResponse(draws, components, share * maxSpend),
  ]);
  return { chains: draws.chains, draws: draws.draws, columns: new Map([...kept, ...curve]) };
}

/**
 * Modes of a tempered run, told apart by what no labelling changes.
 *
 * @param origins which visit to the prior each draw descends from, -1 for none, (chains, draws)
 */
export function describeModes(
  draws: Draws,
  { components, maxSpend }: Pick<Conduct, "components" | "maxSpend">,
  origins: Int32Array,
): ModeReport[] {
  return findModes(invariantDraws(draws, components, maxSpend)).map((mode) => {
    const { weight, weightError, ladders, entries } = entriesOf(mode, origins, draws);
    const mean = (name: string) => {
      const column = draws.columns.get(name)!;
      return mode.members.reduce((sum, i) => sum + column[i]!, 0) / mode.members.length;
    };
    return {
      weight,
      weight_error: weightError,
      log_lik: mean("log_lik"),
      alpha: mean("alpha"),
      sigma: mean("sigma"),
      ladders,
      entries,
    };
  });
}
