/** What every approximate method hands to the pipeline: independent draws, and how far they can be trusted. */
import { approximationStatus } from "../diagnostics/approximation.ts";
import type { FitOptions } from "../fit_types.ts";
import type { HillProblem } from "../model/problem.ts";
import { independentSample, toOriginalUnits } from "../posterior.ts";
import { Purpose, RandomStream } from "../random.ts";
import type { ApproximationReport } from "../runs/schema.ts";
import { pick, type Proposals, resample, weigh } from "../variational/importance.ts";
import type { Sampled } from "./method.ts";
import type { Spent } from "./sampling_view.ts";

/** Draws that k-hat is computed from when fewer are kept: with fewer its own error reaches over the thresholds. */
export const FEWEST_PROPOSALS = 16384;

/** How many proposals a method is to make for a fit that keeps `draws`. */
export const proposalsFor = ({ draws }: Pick<FitOptions, "draws">): number =>
  Math.max(draws, FEWEST_PROPOSALS);

/** A finished approximation of one problem. Evidence bounds are in standardised units of the response. */
export interface Approximated {
  /** At least as many as draws are to be kept. */
  readonly proposals: Proposals;
  /** Evidence lower bound of the best optimum, from draws that it was not fitted to, and its Monte Carlo error. */
  readonly elbo: number;
  readonly elboError: number;
  /** The same bound as optimisation saw it, iteration by iteration, of the best start at the time. */
  readonly elboTrace: readonly number[];
  /** Distinct solutions, heaviest first; weights sum to one. */
  readonly optima: readonly { readonly elbo: number; readonly weight: number; readonly starts: number }[];
  readonly starts: number;
  readonly iterations: number;
  readonly gradients: number;
  /** Whether proposals stand for the posterior through their weights alone: draws are then always picked by them. */
  readonly alwaysWeighted?: boolean;
  /** Sentences about the search that change no verdict. */
  readonly warnings?: readonly string[];
}

/** Seconds spent finding the approximation, and drawing from it. */
export interface ApproximationTiming {
  readonly optimising_s: number;
  readonly drawing_s: number;
}

/**
 * Tells how long an approximation has been searched for.
 *
 * @param before in the process that it was taken over from
 */
export function searchClock(before?: Spent): { readonly spent: Spent } {
  const began = performance.now() - (before?.totalMs ?? 0);
  return {
    get spent() {
      return { totalMs: performance.now() - began, warmupMs: undefined };
    },
  };
}

/**
 * Judges the proposals and keeps as many as were asked for: as they come where they are usable, or are not to be
 * used at all, and picked by importance weights in between or where they are nothing without.
 */
export function gatherApproximation(
  problem: HillProblem,
  found: Approximated,
  { draws, seed }: Pick<FitOptions, "draws" | "seed">,
  { optimising_s, drawing_s }: ApproximationTiming,
): Sampled {
  const { proposals } = found, { kHat, logWeights, effectiveSize } = weigh(proposals);
  const evidence = { kHat, proposals: logWeights.length }, status = approximationStatus(evidence);
  const weighted = found.alwaysWeighted === true || status === "usable with importance weights";
  const chosen = weighted
    ? resample(logWeights, draws, new RandomStream(seed, Purpose.resample).uniform())
    : Array.from({ length: draws }, (_, i) => i);
  const shift = toOriginalUnits(problem);
  const approximation: ApproximationReport = {
    status,
    k_hat: kHat,
    proposals: evidence.proposals,
    effective_size: effectiveSize,
    importance_weighted: weighted,
    elbo: found.elbo + shift,
    elbo_error: found.elboError,
    starts: found.starts,
    iterations: found.iterations,
    optima: found.optima.map(({ elbo, weight, starts }) => ({ elbo: elbo + shift, weight, starts })),
    elbo_trace: found.elboTrace.map((elbo) => elbo + shift),
  };
  return {
    sample: independentSample(problem, pick(proposals, chosen)),
    interrupted: false,
    warmup: 0,
    timing: {
      warmup_s: optimising_s,
      sampling_s: drawing_s,
      gradients: found.gradients,
      transitions: 0,
    },
    sampling: { step_size: NaN, mean_leapfrogs: NaN },
    warnings: found.warnings ?? [],
    approximation,
  };
}
