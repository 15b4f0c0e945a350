/**
 * What goes into a fit and what comes out: the seam between the commands and the pipeline in `fit.ts`.
 * All of it is plain data except the two hooks.
 */
import type { Series } from "./data/series.ts";
import type { Draws } from "./diagnostics/draws.ts";
import type { Spec } from "./model/spec.ts";
import type { FitFacts, FitInputs, FitReport } from "./runs/schema.ts";

/** How a method is described to users, and what it does when sizes are left to it. */
export interface MethodInfo {
  /** One line for `--help`. */
  readonly title: string;
  /**
   * Chains, or starts of an optimiser, when the choice is left to the method; fewer on the processor where each
   * costs its own time.
   */
  readonly chains: { readonly webgpu: number; readonly cpu: number };
  /** Transitions per chain, or iterations that an optimiser may take. */
  readonly warmup: number;
  /** Draws kept per chain; in all by an approximate method. */
  readonly draws: number;
  /** Curves that a model needs for the method to mean anything; 1 when left out. */
  readonly fewestComponents?: number;
}

/** Every method on offer. A new method adds a line here and its own file under `samplers/`. */
export const METHODS = {
  auto: {
    title: "chees, checked by a short tempered run; a long tempered run where chains or the two disagree",
    chains: { webgpu: 64, cpu: 32 },
    warmup: 400,
    draws: 400,
  },
  chees: {
    title: "ChEES-HMC: many chains share one step size, trajectory length and metric",
    chains: { webgpu: 64, cpu: 32 },
    warmup: 400,
    draws: 400,
  },
  nuts: {
    title: "NUTS: the no-U-turn sampler, adapted over all chains, or each for itself as Stan does",
    // Fewer and longer chains than chees: R-hat asks for about 100 effective draws of each.
    chains: { webgpu: 32, cpu: 16 },
    warmup: 400,
    draws: 1500,
  },
  tempered: {
    title:
      "parallel tempering: ladders of chains from the prior, for posteriors of several modes; log evidence",
    chains: { webgpu: 16, cpu: 8 },
    warmup: 1200,
    draws: 800,
  },
  "two-stage": {
    title: "the baseline by a single curve first, then the mixture; approximate, see --carry",
    chains: { webgpu: 128, cpu: 128 },
    warmup: 300,
    draws: 400,
    fewestComponents: 2,
  },
  advi: {
    title: "variational: independent Gaussians from many starts; approximate, fast, judged by k-hat",
    chains: { webgpu: 64, cpu: 64 },
    warmup: 500,
    draws: 4000,
  },
  "advi-fullrank": {
    title: "variational: Gaussians with all correlations, otherwise as advi",
    chains: { webgpu: 64, cpu: 64 },
    warmup: 500,
    draws: 4000,
  },
  pathfinder: {
    title:
      "pathfinder: normals found on the way to many modes, pooled by weight; approximate, judged by k-hat",
    chains: { webgpu: 64, cpu: 64 },
    warmup: 400,
    draws: 4000,
  },
} as const satisfies Record<string, MethodInfo>;

export type MethodName = keyof typeof METHODS;

/** The method used when none is named. */
export const DEFAULT_METHOD: MethodName = "auto";

/** Whether chains of `nuts` share their step size and metric, or each learns its own, as Stan's do. */
export const POOLINGS = ["all", "none"] as const;
export type Pooling = typeof POOLINGS[number];

/** How stage two of `two-stage` takes over the baseline of stage one; see `lib/twostage/carry.ts`. */
export const CARRIES = ["plug-in", "prior", "cut"] as const;
export type Carry = typeof CARRIES[number];
export const DEFAULT_CARRY: Carry = "cut";

/** Sizes of `nuts` where chains share nothing: Stan's. */
export const UNPOOLED = { chains: { webgpu: 4, cpu: 4 }, warmup: 1000, draws: 1000 } as const;

export const ENGINES = ["auto", "webgpu", "cpu"] as const;
/** `auto` takes WebGPU where an adapter answers and the processor otherwise. */
export type EngineChoice = typeof ENGINES[number];

/** One fit, fully checked. */
export interface FitOptions {
  readonly series: Series;
  readonly spec: Spec;
  readonly method: MethodName;
  /** Left out: as many as suit the method and the engine. */
  readonly chains?: number;
  /** Transitions per chain spent on adaptation and thrown away. */
  readonly warmup: number;
  /** Draws kept per chain. */
  readonly draws: number;
  /** `all` when left out; of no meaning to methods other than `nuts`. */
  readonly pooling?: Pooling;
  /** {@link DEFAULT_CARRY} when left out; of no meaning to methods other than `two-stage`. */
  readonly carry?: Carry;
  /** Whole number, 0 to 2^53 - 1. */
  readonly seed: number;
  /** Share of the rows held out at the end, 0 to 0.5. */
  readonly holdout: number;
  readonly engine: EngineChoice;
  /** Copied into the report as it is. */
  readonly inputs: FitInputs;
}

export const PHASES = [
  "data",
  "compile",
  "searching",
  "optimising",
  "warm-up",
  "sampling",
  "diagnostics",
] as const;
export type Phase = typeof PHASES[number];

/** How far a fit has come. Plain data: a terminal line, a log and a web page are all views of it. */
export interface Progress {
  readonly phase: Phase;
  /** The method or stage at work, where one method runs several. */
  readonly step?: string;
  /**
   * Steps of this phase finished, of `total`: transitions per chain while warming up and sampling, ascents while
   * searching, iterations of those allowed, or starts at their end, while optimising.
   */
  readonly done: number;
  readonly total: number;
  /** Over all chains; 0 outside warm-up and sampling. */
  readonly transitionsPerSecond: number;
  /** Gradient evaluations so far in this fit. */
  readonly gradients: number;
  /** Divergent transitions so far in this phase. */
  readonly divergences: number;
  /** Best evidence lower bound so far, data in original units, while optimising. */
  readonly elbo?: number;
  /** Of the log likelihood over the draws so far, once there are enough to say. */
  readonly rhat?: number;
  readonly essBulk?: number;
  /** What a few chains did last, while they move. */
  readonly glimpse?: Glimpse;
  /** Seconds to the end of this phase. */
  readonly etaSeconds?: number;
  /** Seconds since this phase began. */
  readonly phaseSeconds?: number;
}

/** Some of the last draws of the first few chains, [chain][draw], the oldest first, in original units. */
export interface Glimpse {
  readonly logLik: readonly (readonly number[])[];
  readonly alpha: readonly (readonly number[])[];
}

/** How a caller follows and stops a fit. */
export interface FitHooks {
  /** Called at every step, and every second or so of a step that takes longer. */
  onProgress(progress: Progress): void;
  /**
   * Aborting ends sampling after the batch under way, or without it if it takes more than two seconds. With enough
   * draws for diagnostics the fit resolves, its report marked `partial`; with fewer it rejects with the signal's
   * reason, and so it does when aborted while it computes diagnostics.
   */
  readonly signal?: AbortSignal;
  /** Called when the data have been checked, and again with the engine when it is open. */
  onFacts?(facts: FitFacts): void;
  /** Called with every batch of kept draws, those of an earlier process included. */
  onDraws?(piece: DrawPiece): void;
  /** Lets the fit, by whatever method, go on where another process left it, to the same draws. */
  readonly checkpoints?: Checkpoints;
  /** Called when the fit goes on where another process left it. */
  onResume?(at: ResumePoint): void;
}

/** Which fit something is of, on which device: in any other it would mean something else. */
export interface FitKey {
  /** Version. */
  readonly hillmix: string;
  readonly method: MethodName;
  readonly engine: string;
  readonly adapter: string;
  /** Hash of the data, the model, the sizes and the seed. */
  readonly request: string;
}

/** Where a fit was. */
export type ResumePoint = Pick<Progress, "phase" | "step" | "done" | "total">;

/** A fit between two steps: all that decides its draws. */
export interface Saved {
  readonly at: ResumePoint;
  /** Plain data, which nobody changes. */
  readonly state: unknown;
}

/** Where the states of a fit outlive its process. */
export interface Checkpoints {
  /**
   * Called when a fit begins, before any offer of it and after the last one of a fit before it.
   *
   * @returns what another process saved of the same fit, or a sentence on why it cannot be used
   */
  open(key: FitKey): Promise<{ readonly saved?: Saved; readonly note?: string }>;
  /** Called at every safe point; returns at once, and never throws. */
  offer(saved: Saved): void;
}

/** Kept draws as they come, for whoever puts them where they outlive the process. */
export interface DrawPiece {
  /** Draws per chain before these; 0 begins anew, and what came before is not of this sample. */
  readonly first: number;
  /** Draws per chain. */
  readonly count: number;
  /** Draws per chain that there are to be. */
  readonly planned: number;
  /**
   * The columns of `draws.csv`, then `energy__`, `divergent__` and, of tempered runs, `origin__` (the visit to the
   * prior a draw descends from, -1 for none) and `round_trips__` (its ladder's so far), (chains, count). Takes time
   * in proportion to the draws, so call it while the engine is at work.
   */
  columns(): Draws;
}

/** A finished or interrupted fit. */
export interface FitOutcome {
  readonly report: FitReport;
  /** `lp__`, the constrained parameters in original units, `log_lik`, in the order of `draws.csv`. */
  readonly draws: Draws;
  /** Of each transition, in the order of `sample_stats.csv`; approximate methods have none. */
  readonly stats?: Draws;
  /** What each training row adds to the report's elpd, (rows); models of the same rows compare by it. */
  readonly elpdPointwise: Float64Array;
}
