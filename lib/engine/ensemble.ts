/**
 * The seam between samplers and engines. An ensemble holds every chain of one or many problems; it advances
 * them by whole batches of transitions with no host decision inside. Both engines implement it: `webgpu` in
 * f32 kernels, `cpu` in f64 over Workers, with the same random numbers.
 */
import type { HillProblem } from "../model/problem.ts";

/**
 * Exact targets for tests; lib/model/test_densities.ts says what they are. Of a Gaussian, a funnel and a banana all
 * counts as likelihood, unless `priorSd` (D) is given: then independent normals about 0 count as the prior and the
 * rest as likelihood, which leaves the posterior as it is and makes the evidence 1.
 */
export type TestTarget =
  & (
    | {
      readonly kind: "gaussian";
      readonly mean: Float64Array; // (D)
      readonly precision: Float64Array; // (D, D)
      readonly priorSd?: Float64Array;
    }
    | { readonly kind: "funnel"; readonly dim: number; readonly priorSd?: Float64Array }
    | {
      readonly kind: "banana";
      readonly dim: number;
      readonly twist: number;
      readonly priorSd?: Float64Array;
    }
    | MixtureTarget
    | LinearTarget
  )
  & {
    /** How many problems there are, all of them this one; one when left out. */
    readonly copies?: number;
  };

/** Likelihood sum_m weights_m N(u; means_m, sds_m^2 I) under the prior N(0, priorSd^2 I), both normalised. */
export interface MixtureTarget {
  readonly kind: "mixture";
  readonly weights: readonly number[]; // (M), sum 1
  readonly means: Float64Array; // (M, D)
  readonly sds: readonly number[]; // (M)
  readonly priorSd: number;
}

/** Linear regression with known noise: response ~ N(design u, noiseSd^2 I) under the prior N(0, priorSd^2 I). */
export interface LinearTarget {
  readonly kind: "linear";
  readonly design: Float64Array; // (rows, D)
  readonly response: Float64Array; // (rows)
  readonly noiseSd: number;
  readonly priorSd: number;
}

/** What an ensemble samples: many Hill problems of equal K and J, or copies of one test density. */
export type TargetSpec =
  | { readonly kind: "hill_mixture"; readonly problems: readonly HillProblem[] }
  | TestTarget;

/**
 * What to build: cohorts of chains that share a tuning. A cohort is a problem or, in a tempered ensemble, one rung
 * of a problem: cohort = problem * rungs + rung, and chain c belongs to cohort floor(c / chainsPerProblem).
 */
export interface EnsembleSpec {
  readonly target: TargetSpec;
  /** Chains of a problem; in a tempered ensemble its ladders, each with a chain on every rung. */
  readonly chainsPerProblem: number;
  /**
   * Rungs of a tempered ensemble, at least 2, the posterior first and the prior last; left out where nothing is
   * tempered. Before every transition neighbouring rungs of a ladder may swap, and the chain on the last rung
   * does not move but takes over a prior draw given with the batch.
   */
  readonly rungs?: number;
  /** Whole number, 0 to 2^53 - 1. */
  readonly seed: number;
}

/** How the chains of one cohort move; fixed over a batch. */
export interface Tuning {
  readonly stepSize: number;
  /** Trajectory length in whitened time; leapfrogs = clamp(ceil(h * length / stepSize), 1, maxLeapfrogs), h in (0, 1]. */
  readonly trajectoryLength: number;
  readonly maxLeapfrogs: number;
  /** Inverse temperature on the likelihood: log density = log prior + beta * log likelihood. */
  readonly beta: number;
  /** Lower Cholesky factor F of the inverse metric, (D, D) row-major: position = F * whitened position. */
  readonly factor: Float64Array;
  /** Where ChEES measures distances from, (D), in positions. */
  readonly centre: Float64Array;
}

/** Log density parts and gradient of a batch of positions. Log likelihoods are in standardised units. */
export interface Evaluation {
  readonly logPrior: Float64Array; // (n)
  readonly logLik: Float64Array; // (n)
  /** Gradient of log prior + beta * log likelihood, (n, D). */
  readonly gradient: Float64Array;
}

/** What a batch of transitions of any kind gives back. Index [transition, chain]. */
export interface DrawBatch {
  readonly transitions: number;
  readonly chains: number;
  readonly dim: number;
  readonly positions: Float32Array | Float64Array; // (transitions, chains, D) after accept or reject
  readonly logPrior: Float64Array; // (transitions, chains)
  readonly logLik: Float64Array;
  /** min(1, exp(-delta H)) of the proposal; its mean over all leaves of a tree. */
  readonly acceptance: Float64Array;
  /** Hamiltonian of the kept state, for E-BFMI. */
  readonly energy: Float64Array;
  /** 1 where delta H exceeded 1000 or was not finite. */
  readonly diverging: Uint8Array;
}

/** What a batch of HMC transitions gives back. */
export interface TransitionBatch extends DrawBatch {
  /**
   * h * j * (|xi'|^2 - |xi|^2) * (xi' . velocity'), whitened and centred, of the proposal, j the chain's
   * step jitter; 0 if not finite.
   */
  readonly cheesGradient: Float64Array;
  /** Leapfrog steps of each transition, [transition, cohort]. */
  readonly leapfrogs: Uint32Array;
  /** Which of the replicas that swaps move between rungs was at this chain; the chain itself untempered. */
  readonly replica: Uint32Array;
}

/** What a batch of no-U-turn transitions gives back. Index [transition, chain]. */
export interface NutsBatch extends DrawBatch {
  /** Doublings of the trajectory that were kept, at most {@link MAX_TREE_DEPTH}. */
  readonly treeDepth: Uint8Array;
  /** Leapfrog steps, of the rejected last doubling too. */
  readonly steps: Uint32Array;
}

/** Doublings after which a trajectory ends, turned or not (Stan's default; `MAX_DEPTH` of nuts.wgsl). */
export const MAX_TREE_DEPTH = 10;

/** Problems of a target; test densities come one at a time. */
export const problemsOf = (target: TargetSpec): number =>
  target.kind === "hill_mixture" ? target.problems.length : target.copies ?? 1;

/** A target of one problem as so many problems: cohorts of it that move each in a way of its own. */
export const copiesOf = (target: TargetSpec, copies: number): TargetSpec =>
  target.kind === "hill_mixture"
    ? { ...target, problems: new Array(copies).fill(target.problems[0]) }
    : { ...target, copies };

/**
 * All that decides what an ensemble does next besides what it is asked to do: put back into an ensemble of the same
 * spec on the same adapter, it moves to the same bits.
 */
export interface EnsembleState {
  /** Transitions since the ensemble began, which random numbers are counted by. */
  readonly transition: number;
  /** (chains, D); doubles, which hold a device's f32 exactly. */
  readonly positions: Float64Array;
  /** Which replica each chain has, (chains). */
  readonly replica: Uint32Array;
}

/** All chains of one launch. Owns device memory or Workers: close it. */
export interface Ensemble {
  readonly dim: number;
  readonly problems: number;
  /** Chains of every cohort. */
  readonly chains: number;
  /**
   * Moves every chain, (chains, D); the transition counter goes on.
   *
   * @param replica which replica each chain then has, as a batch tells it, (chains); replica c at chain c when left out
   */
  setPositions(positions: Float64Array, replica?: Uint32Array): Promise<void>;
  /** As of the last call that has ended. @throws Error before the chains have been placed */
  state(): EnsembleState;
  /** Puts the chains where an ensemble of the same spec had them, and the transition counter with them. */
  restore(state: EnsembleState): Promise<void>;
  /** Log densities and gradients of any number of positions per problem, (problems, n, D). */
  evaluate(positions: Float64Array, beta?: number): Promise<Evaluation>;
  /**
   * Advances every chain by `transitions` HMC transitions.
   *
   * @param tuning one per cohort
   * @param reference prior draws for the last rung of a tempered ensemble, (transitions, problems, ladders, D)
   */
  hmc(transitions: number, tuning: readonly Tuning[], reference?: Float64Array): Promise<TransitionBatch>;
  /**
   * Advances every chain by `transitions` no-U-turn transitions, where nothing is tempered.
   *
   * @param tuning one per problem; trajectory lengths and centres are unused
   */
  nuts(transitions: number, tuning: readonly Tuning[]): Promise<NutsBatch>;
  close(): Promise<void>;
}

/** Where ensembles run. */
export interface Engine {
  readonly name: "webgpu" | "cpu";
  /** Adapter name, or the processor: `cpu, 4 workers`. */
  readonly adapter: string;
  /** Whether `webgpu` runs on a software adapter, on the processor's own cores. */
  readonly software: boolean;
  ensemble(spec: EnsembleSpec): Promise<Ensemble>;
  close(): Promise<void>;
}
