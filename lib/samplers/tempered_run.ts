/** What a tempered run is given, offers on the way and gives back. */
import type { TargetSpec, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import type { RandomStream, StreamState } from "../random.ts";
import type { Evidence } from "./evidence.ts";
import type { KeptState } from "./kept_draws.ts";
import type { JumpState, Tally } from "./ladder_jumps.ts";
import type { TripState } from "./round_trips.ts";
import type { Standing } from "./run.ts";
import type { TemperedMode } from "./temper_modes.ts";
import type { RungState } from "./tempering.ts";

/** What to sample. */
export interface TemperedTarget {
  /** One problem. */
  readonly target: TargetSpec;
  /** An exact draw from the prior, (D). */
  prior(stream: RandomStream): Float64Array;
  /** What is known of its modes, to jump between where there are several. */
  readonly modes?: readonly TemperedMode[];
}

export interface TemperedPlan {
  /** Independent ladders, at least two. */
  readonly ladders: number;
  /** Transitions per ladder thrown away. */
  readonly warmup: number;
  /** Draws of the posterior kept per ladder. */
  readonly draws: number;
  /** Transitions per draw kept, before any doubling. */
  readonly thin: number;
}

/** How long a run may grow beyond its plan. */
export interface Extension {
  /**
   * How often the run may double at most. The transitions per draw kept double with it, of earlier draws too, so
   * that a run of any length keeps as many draws as were planned.
   */
  readonly doublings: number;
  /** Whether the run so far will do; asked when it is as long as planned and after every doubling but the last. */
  enough(run: TemperedRun): boolean | Promise<boolean>;
}

/** How tempering went while draws were kept. */
export interface TemperingReport {
  /** Inverse temperatures, from 1 down to 0. */
  readonly betas: readonly number[];
  /** Mean swap rejection between neighbours. */
  readonly rejections: readonly number[];
  readonly barrier: number;
  /** Completed round trips of each ladder. */
  readonly roundTrips: readonly number[];
  readonly evidence: Evidence;
  /** Of each kept draw, which visit to the prior it descends from, -1 for none, (draws, ladders). */
  readonly origins: Int32Array;
  /** Jumps between modes at the posterior, warm-up included. */
  readonly jumps: Tally;
}

export interface TemperedRun {
  /** Kept draws of the posterior, chains = ladders; fewer than planned when interrupted. */
  readonly batches: readonly TransitionBatch[];
  /** What sampling ran at, per rung; empty when it never began. */
  readonly tuning: readonly Tuning[];
  /** Undefined when sampling never began. */
  readonly report: TemperingReport | undefined;
  readonly gradients: number;
  /** Transitions over all chains. */
  readonly transitions: number;
  readonly interrupted: boolean;
}

/** Where the draws of a batch are; all that metrics and new ladders want of it. */
export type Placed = Pick<TransitionBatch, "positions" | "transitions" | "chains" | "dim">;

/** A run between two batches, from the moment on when it has a ladder. */
export type TemperedCheckpoint =
  & Standing
  & {
    readonly transitions: number;
    /** Ensembles opened so far; the state is the last one's. */
    readonly ensembles: number;
    readonly rungs: readonly RungState[];
    /** How far the prior draws of each ladder have been read. */
    readonly priors: readonly StreamState[];
    /** Where there are modes to jump between. */
    readonly jumps: JumpState | undefined;
  }
  & TemperedStage;

export type TemperedStage =
  | {
    readonly stage: "warm-up";
    /** Transitions. */
    readonly done: number;
    /** The last few batches of this ladder, newest last. */
    readonly recent: readonly Placed[];
  }
  | {
    readonly stage: "sampling";
    /** How often the run has doubled. */
    readonly doubled: number;
    readonly kept: KeptState;
    readonly trips: TripState;
  };
