/**
 * Automatic differentiation variational inference (Kucukelbir, Tran, Ranganath, Gelman & Blei 2017, JMLR 18(14)) from
 * many starts at once. The stochastic optimisation of the original is replaced by sample average approximation: over
 * fixed draws the evidence lower bound is a plain function, which a quasi-Newton method climbs without a learning
 * rate (Giordano, Ingram & Broderick 2024, "Black box variational inference with a deterministic objective", JMLR
 * 25(18)). Draws grow in number from stage to stage until the bound over new ones confirms what was reached (Burroni,
 * Domke & Sheldon 2024, "Sample average approximation for black-box variational inference", UAI). Every decision
 * depends on draws alone, never on the clock.
 */
import { mean, variance } from "../diagnostics/numeric.ts";
import { Purpose, RandomStream } from "../random.ts";
import type { Continuation } from "../samplers/run.ts";
import { ascend, type BoundsAt, type Climber, climbersAt, type Peak } from "./ascent.ts";
import { balancedNormals } from "./base_draws.ts";
import { distinctPeaks } from "./basins.ts";
import { evaluateBounds, origin, type Rank } from "./elbo.ts";
import type { Target } from "./importance.ts";
import { propose } from "./mixture.ts";
import type { Normal } from "./normal.ts";

/**
 * Sd, in unconstrained coordinates, of the Gaussian that a start grows from. On three simulated curves 0.03 to 0.3 lead
 * to the same optima, 0.3 in the fewest gradients, and 1 to a broad and poor one.
 */
const FIRST_SPREAD = 0.3;
/** Pairs of draws in the first stage, where the dimension does not ask for more. */
const FEWEST_PAIRS = 16;
/** Growth of the draws from stage to stage, and the number after which they grow no more. */
const GROWTH = 4, MOST_PAIRS = 2048;
/** Nats by which the bound over a stage's own draws may exceed that over new ones at the end. */
const OPTIMISM = 0.1;
/** Share of starts that must arrive in the first stage; the others go on in the next from where they are. */
const QUORUM = 0.9;
/** Solutions carried on from the first stage. */
const MOST_OPTIMA = 8;
/** Independent draws of each optimum that its bound is measured with in the end. */
const MEASURED = 1024;
/** Stream of those draws; stages count up from 0. */
const MEASURE_STREAM = 1000;

export interface AdviPlan {
  readonly rank: Rank;
  /** Iterations at most, over all stages. */
  readonly iterations: number;
}

export interface AdviProgress {
  readonly iterations: number;
  /** Best bound so far in this stage. */
  readonly elbo: number;
  readonly gradients: number;
}

/** A run after any of its iterations. */
export interface AdviState {
  /** Number of the stage, which with the seed decides its draws. */
  readonly stage: number;
  readonly climbers: readonly Climber[];
  /** As {@link AdviRun} has them. */
  readonly elboTrace: readonly number[];
  readonly gradients: number;
}

/** A Gaussian at a maximum of the bound. */
export interface Optimum {
  readonly gaussian: Normal;
  /** Evidence lower bound over independent draws, and its Monte Carlo error. */
  readonly elbo: number;
  readonly elboError: number;
  /** Starts that ended here. */
  readonly starts: number;
}

export interface AdviRun {
  /** Best first, at least one. */
  readonly optima: readonly Optimum[];
  /** Best bound after each iteration, over the draws of its stage. */
  readonly elboTrace: readonly number[];
  readonly gradients: number;
  /** False when the iterations ran out first. */
  readonly settled: boolean;
}

/**
 * Finds the maxima of the bound that the starts lead to.
 *
 * @param starts finds positions to start from, (starts, D); left alone where a run goes on
 * @param onProgress called after every iteration
 * @param continuation offered the state after every iteration
 * @throws the signal's reason when aborted; Error when the density is not finite around any start
 */
export async function runAdvi(
  target: Target,
  starts: () => Promise<Float64Array>,
  seed: number,
  plan: AdviPlan,
  onProgress: (progress: AdviProgress) => void = () => {},
  signal?: AbortSignal,
  continuation?: Continuation<AdviState>,
): Promise<AdviRun> {
  const { dim } = target, from = continuation?.from, elboTrace = [...from?.elboTrace ?? []];
  let gradients = from?.gradients ?? 0;
  const boundsAt: BoundsAt = async (rank, frames, parameters, base) => {
    signal?.throwIfAborted();
    gradients += frames.length * base.length / dim;
    return await evaluateBounds(target, rank, frames, parameters, base);
  };
  const boundsOf = (rank: Rank, peaks: readonly Peak[], base: Float64Array) =>
    boundsAt(rank, peaks.map(({ gaussian }) => gaussian), peaks.map(() => origin(rank, dim)), base);
  const climb = async (stage: Stage, begun: readonly Climber[]) => {
    if (begun.length === 0) throw new Error("The density is not finite around any start; try another --seed");
    const ascent = { ...stage, iterations: plan.iterations - elboTrace.length };
    return await ascend(boundsAt, begun, ascent, (climbers) => {
      const elbo = Math.max(...climbers.map(({ state }) => state.point.logDensity));
      elboTrace.push(elbo);
      onProgress({ iterations: elboTrace.length, elbo, gradients });
      continuation?.offer({ stage: stage.number, climbers, elboTrace: [...elboTrace], gradients });
    });
  };
  const begin = async ({ rank, base }: Stage) => {
    const narrow = narrowPeaks(await starts(), dim);
    return climbersAt(rank, narrow, await boundsOf(rank, narrow, base));
  };

  let stage = stageAt(from?.stage ?? 0, plan.rank, dim, seed);
  let { peaks, settled } = await climb(stage, from?.climbers ?? await begin(stage));
  for (;;) {
    peaks = await distinctPeaks(boundsAt, peaks, stage.rank, stage.base, MOST_OPTIMA);
    const number = stage.number + 1;
    if (pairsAt(number, dim) > MOST_PAIRS || elboTrace.length >= plan.iterations) break;
    const next = stageAt(number, plan.rank, dim, seed), fresh = await boundsOf(next.rank, peaks, next.base);
    const confirmed = peaks[0]!.bound - fresh[0]!.value <= OPTIMISM;
    if (settled && confirmed && stage.rank === plan.rank) break;
    stage = next;
    ({ peaks, settled } = await climb(stage, climbersAt(stage.rank, peaks, fresh)));
  }
  const stream = new RandomStream(seed, Purpose.approximation, MEASURE_STREAM);
  const optima = await measure(target, peaks, stream);
  gradients += optima.length * MEASURED;
  return { optima, elboTrace, gradients, settled };
}

/** A set of draws and what is climbed over it. */
interface Stage {
  readonly number: number;
  readonly rank: Rank;
  readonly base: Float64Array; // (M, D)
  readonly quorum: number;
}

/** Pairs of draws in a stage: as many as there are dimensions at least, and ever more. */
const pairsAt = (number: number, dim: number): number => Math.max(dim, FEWEST_PAIRS) * GROWTH ** number;

/**
 * The first stage is mean-field, whatever is asked for: it takes the fewest draws, and shows where full rank is worth
 * starting.
 */
const stageAt = (number: number, rank: Rank, dim: number, seed: number): Stage => ({
  number,
  rank: number === 0 ? "mean-field" : rank,
  base: balancedNormals(dim, pairsAt(number, dim), new RandomStream(seed, Purpose.approximation, number)),
  quorum: number === 0 ? QUORUM : 1,
});

function narrowPeaks(starts: Float64Array, dim: number): Peak[] {
  return Array.from({ length: starts.length / dim }, (_, s) => ({
    gaussian: {
      mean: starts.slice(s * dim, (s + 1) * dim),
      factor: Float64Array.from({ length: dim * dim }, (_, i) => i % (dim + 1) === 0 ? FIRST_SPREAD : 0),
      logDeterminant: dim * Math.log(FIRST_SPREAD),
    },
    bound: -Infinity,
    starts: 1,
  }));
}

/** Bounds from independent draws, no draw of which a peak was climbed with; best first. */
async function measure(target: Target, peaks: readonly Peak[], stream: RandomStream): Promise<Optimum[]> {
  const optima: Optimum[] = [];
  for (const { gaussian, starts } of peaks) {
    const { logPrior, logLik, logProposal } = await propose(
      target,
      [{ gaussian, weight: 1 }],
      MEASURED,
      stream,
    );
    const ratios = logProposal.map((log, i) => logPrior[i]! + logLik[i]! - log);
    const elbo = mean(ratios), elboError = Math.sqrt(variance(ratios) / MEASURED);
    optima.push({ gaussian, elbo, elboError, starts });
  }
  return optima.sort((a, b) => b.elbo - a.elbo);
}
