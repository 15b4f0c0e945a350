/**
 * Adaptation of tempered ladders (Syed et al. 2021, JRSS-B 84, algorithm 4): rounds of doubling length, after each of
 * which the rungs are placed anew. Within a round every rung learns its own step size and trajectory length, from the
 * transitions that ran on it; after it, its own metric. Engine-free: reads batches, gives back tunings.
 */
import type { TransitionBatch, Tuning } from "../engine/ensemble.ts";
import {
  type CheesState,
  initChees,
  MAX_LEAPFROGS,
  restartChees,
  stepChees,
  TARGET_ACCEPTANCE,
} from "./chees.ts";
import type { Stop } from "./anneal_path.ts";
import { barrierOf, distances, placeRungs, rejections, rungsFor } from "./ladder.ts";
import { balanceFactor, factorFrom, mergeMoments, type Moments, momentsOf } from "./metric.ts";
import { addPairs, logLikBefore, NO_PAIRS, type Pairs, slowness } from "./slowness.ts";

/** Transitions of the first round. */
const FIRST_ROUND = 16;
/** Share of the warm-up after the last round, in which only step sizes and lengths still settle. */
const SETTLE_SHARE = 0.25;
/** Mean acceptance aimed at above the posterior, whose draws are not kept: cheap steps matter more there. */
const HOT_ACCEPTANCE = 0.8;
/**
 * Longest trajectory, in whitened time. ChEES alone asks for several times as much, which brings more per transition
 * and less per gradient: swaps bring distant draws to the posterior, and round trips wait for replicas that turn from
 * one phase of the data into the other, which several short trajectories do more often than a long one. (Turns per
 * gradient on the rung between the phases of the real daily series of the tests, K = 3: 1.7 times as many at 2 as at
 * 8. Of 1.5 to 4, all do equally well per gradient; the shorter ones spend more on beginnings and ends.)
 */
const LONGEST = 3;
/** Draws per dimension that a rung's own metric takes; with fewer it keeps the one it has. */
const METRIC_DRAWS_PER_DIM = 30;

/** How long each round is, and the stretch that settles. */
export interface Rounds {
  readonly rounds: readonly number[];
  readonly settle: number;
}

/** Shares a warm-up out; the last round takes in what would not fill another one twice as long. */
export function planRounds(warmup: number): Rounds {
  const settle = Math.round(SETTLE_SHARE * warmup), rounds: number[] = [];
  for (let left = warmup - settle, next = FIRST_ROUND; left > 0; next *= 2) {
    rounds.push(left < 3 * next ? left : next);
    left -= rounds.at(-1)!;
  }
  return { rounds, settle };
}

/** What is known of one rung. */
export interface RungState {
  readonly beta: number;
  readonly chees: CheesState;
  readonly factor: Float64Array;
  readonly centre: Float64Array;
  /** Draws of this round. */
  readonly moments: Moments;
  /** Log likelihoods of this round, a (transitions, ladders) block per batch. */
  readonly logLik: readonly Float64Array[];
  /** Moves of this round. */
  readonly pairs: Pairs;
}

/** The first ladder, laid along an annealed path, and the stop from which each rung goes on. */
export function firstRungs(path: readonly Stop[]): { rungs: RungState[]; from: Stop[] } {
  const rejected = rejections(path), betas = path.map(({ beta }) => beta);
  const apart = distances(rejected, betas.map(() => 1));
  const placed = placeRungs(betas, apart, rungsFor(barrierOf(rejected)));
  const from = placed.map((beta) => path[nearest(betas, beta)]!);
  const rungs = placed.map((beta, r) => {
    // Nothing moves at the prior; it gets its neighbour's tuning, so that every rung has one.
    const { stepSize, trajectoryLength, factor, centre } = (from[r]!.tuning ?? from[r - 1]!.tuning)!;
    const chees = initChees(stepSize, trajectoryLength);
    return { beta, chees, factor, centre, ...nothingSeen(centre.length) };
  });
  return { rungs, from };
}

/** What is known of a rung by its round, before the round. */
const nothingSeen = (dim: number): Pick<RungState, "moments" | "logLik" | "pairs"> => ({
  moments: momentsOf(new Float64Array(0), dim, []),
  logLik: [],
  pairs: NO_PAIRS,
});

/** How a rung moves in the next batch. @param settled at the averages instead of the last values tried */
export function rungTuning({ beta, chees, factor, centre }: RungState, settled: boolean): Tuning {
  const length = Math.exp(settled ? chees.logLengthAveraged : chees.logLength);
  return {
    stepSize: Math.exp(settled ? chees.step.logAveraged : chees.step.logStep),
    trajectoryLength: Math.min(length, LONGEST),
    maxLeapfrogs: MAX_LEAPFROGS,
    beta,
    factor,
    centre,
  };
}

/**
 * One batch of a ladder of one problem, credited to the rungs at which its transitions ran.
 *
 * @param spread positions that metrics are to be made from, where not the batch's own
 */
export function stepRungs(
  rungs: readonly RungState[],
  batch: TransitionBatch,
  spread: TransitionBatch["positions"] = batch.positions,
): RungState[] {
  const ladders = batch.chains / rungs.length, before = logLikBefore(batch);
  return rungs.map((rung, r) => {
    const rows = rowsOf(batch, r * ladders, ladders);
    const logLik = [...rung.logLik, Float64Array.from(rows, (row) => batch.logLik[row]!)];
    if (r === rungs.length - 1) return { ...rung, logLik }; // the prior end does not move
    const target = r === 0 ? TARGET_ACCEPTANCE : HOT_ACCEPTANCE;
    const [chees] = stepChees(rung.chees, batch, r * ladders, ladders, target);
    const { mean: centre } = momentsOf(batch.positions, batch.dim, rows);
    const moments = mergeMoments(rung.moments, momentsOf(spread, batch.dim, rows));
    const pairs = addPairs(rung.pairs, before, batch.logLik, rows);
    return { ...rung, chees, logLik, pairs, moments, centre };
  });
}

/** Rows of a batch that belong to the chains `first .. first + count`. */
export function rowsOf(
  batch: Pick<TransitionBatch, "transitions" | "chains">,
  first: number,
  count: number,
): number[] {
  const rows: number[] = [];
  for (let i = 0; i < batch.transitions; i++) {
    for (let c = first; c < first + count; c++) rows.push(i * batch.chains + c);
  }
  return rows;
}

/** Draws of the round on every rung, as the ladder's statistics want them. */
export const roundDraws = (rungs: readonly RungState[]): { beta: number; logLik: Float64Array }[] =>
  rungs.map(({ beta, logLik }) => ({ beta, logLik: join(logLik) }));

function join(blocks: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

/** Whether a round has seen enough of a rung to give it a metric of its own. */
export const knowsMetric = ({ moments }: RungState): boolean =>
  moments.count >= METRIC_DRAWS_PER_DIM * moments.mean.length;

/** A rung with the metric that its draws of the round ask for. @param gradients at some of them, (n, D) */
export function withMetric(rung: RungState, gradients: Float64Array): RungState {
  return { ...rung, factor: balanceFactor(factorFrom(rung.moments), gradients) };
}

/** A new ladder and which rung of the old one each of its rungs goes on from. */
export interface Relaid {
  readonly rungs: readonly RungState[];
  readonly from: readonly number[];
}

/** Places the rungs anew by the rejections and moves of the round, as many as the barrier asks for. */
export function relay(rungs: readonly RungState[]): Relaid {
  const draws = roundDraws(rungs), rejected = rejections(draws), betas = rungs.map(({ beta }) => beta);
  const wanted = rungsFor(barrierOf(rejected));
  const apart = distances(rejected, rungs.map(({ pairs }) => slowness(pairs)));
  const placed = placeRungs(betas, apart, Math.abs(wanted - rungs.length) > 1 ? wanted : rungs.length);
  const from = placed.map((beta) => nearest(betas, beta));
  return {
    from,
    rungs: placed.map((beta, r) => {
      const old = rungs[from[r]!]!;
      return { ...old, beta, chees: restartChees(old.chees), ...nothingSeen(old.centre.length) };
    }),
  };
}

/** The rung closest in ln beta; the prior only for itself, since nothing moves there. */
function nearest(betas: readonly number[], beta: number): number {
  if (beta === 0) return betas.length - 1;
  const gaps = betas.slice(0, -1).map((other) => Math.abs(Math.log(other / beta)));
  return gaps.indexOf(Math.min(...gaps));
}
