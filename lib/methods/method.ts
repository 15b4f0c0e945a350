/** A sampling method as the pipeline sees it, and what methods share. */
import { type Draws, FEWEST_DRAWS } from "../diagnostics/draws.ts";
import type { Engine, NutsBatch, TransitionBatch } from "../engine/ensemble.ts";
import type { FitHooks, FitOptions } from "../fit_types.ts";
import type { HillProblem } from "../model/problem.ts";
import { gatherSample, type Sample } from "../posterior.ts";
import type { ApproximationReport, AutoReport, FitReport, TwoStageReport } from "../runs/schema.ts";
import { sampleStats } from "../sample_stats.ts";
import type { FoundModes } from "../samplers/find_modes.ts";
import type { Tally } from "../samplers/ladder_jumps.ts";
import type { Continuation, SamplerRun } from "../samplers/run.ts";
import type { SamplingView, Spent } from "./sampling_view.ts";

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
  /** Modes that a search found beforehand, and the jumps between them. */
  readonly search?: { readonly found: FoundModes; readonly jumps: Tally };
}

/** What a method hands to the pipeline. */
export interface Sampled {
  readonly sample: Sample;
  /** Of each transition kept, see {@link sampleStats}; approximate methods have none. */
  readonly stats?: Draws;
  readonly interrupted: boolean;
  readonly timing: Omit<FitReport["timing"], "total_s">;
  /** The method's own lines of the report's `sampling` section. */
  readonly sampling: Omit<FitReport["sampling"], "chains" | "warmup" | "draws" | "acceptance">;
  /** Transitions per chain thrown away before the sample. */
  readonly warmup: number;
  /** Sentences about the run that change no verdict. */
  readonly warnings: readonly string[];
  readonly tempering?: Tempering;
  /** What `auto` did to arrive at the sample. */
  readonly auto?: AutoReport;
  /** How both stages of `two-stage` went. */
  readonly twoStage?: TwoStageReport;
  /** Of approximate methods: their draws are judged by this, not by how chains agree. */
  readonly approximation?: ApproximationReport;
}

/** What methods are told and asked by whoever runs them. */
export interface MethodHooks extends FitHooks {
  /** Every method knows its own states. */
  readonly continuation?: Continuation<unknown>;
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
  hooks: MethodHooks,
) => Promise<Sampled>;

/** The state of a method that runs one sampler. */
export interface RunState<State> {
  readonly spent: Spent;
  readonly run: State;
}

/**
 * What the sampler of such a method is given.
 *
 * @param clock tells the time spent whenever it is asked
 */
export function continuationOf<State>(
  { from, offer }: Continuation<RunState<State>>,
  clock: { readonly spent: Spent },
): Continuation<State> {
  return { from: from?.run, offer: (run) => offer({ spent: clock.spent, run }) };
}

/**
 * A run's draws and how long they took.
 *
 * @param run of one problem's chains, a tuning for each of as many equal groups of them as share theirs
 * @param chains chains of the problem
 * @throws the signal's reason when there are too few draws for diagnostics
 */
export function gatherRun<Batch extends NutsBatch | TransitionBatch>(
  problem: HillProblem,
  run: SamplerRun<Batch>,
  chains: number,
  { warmup }: FitOptions,
  view: SamplingView,
  signal?: AbortSignal,
): Pick<Sampled, "sample" | "stats" | "interrupted" | "timing" | "warmup"> {
  const ended = performance.now();
  const kept = run.batches.reduce((sum, { transitions }) => sum + transitions, 0);
  if (kept < FEWEST_DRAWS) {
    throw signal?.reason ??
      new RangeError(`Diagnostics need ${FEWEST_DRAWS} draws per chain: there are ${kept}`);
  }
  const warm = view.samplingBegan ?? ended;
  return {
    sample: gatherSample(problem, run.batches, 0, chains),
    stats: sampleStats(run.batches, run.tuning.map(({ stepSize }) => stepSize)),
    interrupted: run.interrupted,
    warmup,
    timing: {
      warmup_s: (warm - view.began) / 1000,
      sampling_s: (ended - warm) / 1000,
      gradients: run.gradients,
      transitions: chains * (warmup + kept),
    },
  };
}

/** Leapfrog steps of an average transition. */
export function meanLeapfrogs(batches: readonly TransitionBatch[]): number {
  const counts = batches.flatMap(({ leapfrogs }) => [...leapfrogs]);
  return counts.reduce((sum, count) => sum + count, 0) / counts.length;
}
