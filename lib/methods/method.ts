/** What a method is to the pipeline: draws of one problem, and what it alone can report. */
import type { Engine } from "../engine/ensemble.ts";
import type { FitHooks, FitOptions } from "../fit_types.ts";
import type { HillProblem } from "../model/problem.ts";
import type { Sample } from "../posterior.ts";
import type { FitReport } from "../runs/schema.ts";

/** Fewest draws per chain that diagnostics can say anything about. */
export const FEWEST_DRAWS = 8;

/** What tempered ladders know beyond their draws. */
export interface Tempering {
  /** In standardised units of the response. */
  readonly logEvidence: number;
  readonly logEvidenceError: number;
  readonly barrier: number;
  readonly betas: readonly number[];
  /** Mean acceptance of swaps between neighbouring rungs. */
  readonly swapRates: readonly number[];
  /** Completed round trips of each ladder. */
  readonly roundTrips: readonly number[];
  /** Which visit to the prior each draw descends from, -1 for none, (chains, draws). */
  readonly origins: Int32Array;
}

export interface MethodRun {
  readonly sample: Sample;
  readonly timing: Omit<FitReport["timing"], "total_s">;
  readonly stepSize: number;
  /** Leapfrog steps of an average transition kept. */
  readonly meanLeapfrogs: number;
  readonly interrupted: boolean;
  readonly tempering?: Tempering;
}

/**
 * Samples one problem.
 *
 * @throws the signal's reason when aborted with too few draws for diagnostics
 */
export type Method = (
  engine: Engine,
  problem: HillProblem,
  options: FitOptions,
  hooks: FitHooks,
) => Promise<MethodRun>;

/** What a run that ended with fewer than {@link FEWEST_DRAWS} per chain fails with. */
export const tooFewDraws = (kept: number, signal: AbortSignal | undefined): unknown =>
  signal?.reason ?? new RangeError(`Diagnostics need ${FEWEST_DRAWS} draws per chain: there are ${kept}`);
