/**
 * Pathfinder (Zhang, Carpenter, Gelman & Vehtari 2022, "Pathfinder: parallel quasi-Newton variational inference", JMLR
 * 23(306)): every path climbs the log density, and the normal approximation of highest evidence bound along the way
 * stands for it. All paths share each batch of evaluations, so a round costs one trip to the engine however many they
 * are.
 *
 * Differs from the paper in what few dimensions and many paths allow: a longer memory of curvature (see `lbfgs.ts`),
 * bounds of all approximations over the same standard normals, so that their order is not noise.
 */
import type { Evaluation } from "../engine/ensemble.ts";
import type { Continuation } from "../samplers/run.ts";
import { pointOf, startAscents } from "./ascents.ts";
import type { Target } from "./importance.ts";
import { inverseHessianOf, type LbfgsState, type Point, stepLbfgs, trialOf } from "./lbfgs.ts";
import { type Normal, normalOf, place } from "./normal.ts";

/** Draws that each evidence bound is estimated from (CmdStan's default). */
export const BOUND_DRAWS = 25;

/** Where a path led. */
export interface Path {
  /** Its approximation of highest bound. */
  readonly normal: Normal;
  /** That bound, as it was chosen by: the highest of many, so a little too high. */
  readonly bound: number;
  /** The last iterate. */
  readonly top: Point;
}

export interface PathsProgress {
  readonly rounds: number;
  /** Paths that have ended. */
  readonly ended: number;
  /** Highest bound so far; -Infinity while there is none. */
  readonly bound: number;
  readonly gradients: number;
}

export interface Paths {
  /** Those that found an approximation, at least one. */
  readonly paths: readonly Path[];
  /** Highest bound after each round. */
  readonly boundTrace: readonly number[];
  readonly gradients: number;
  /** Paths that ran out of rounds. */
  readonly unfinished: number;
}

/** A path under way. */
interface Walker {
  readonly state: LbfgsState;
  readonly ended: boolean;
  readonly best: Omit<Path, "top"> | undefined;
}

/** An approximation whose bound is not known yet. */
interface Candidate {
  /** Index of the path it was found on. */
  readonly walker: number;
  readonly normal: Normal;
}

/** All paths after any round. */
export interface PathsState {
  /** Those that began where the target has a density. */
  readonly walkers: readonly Walker[];
  readonly candidates: readonly Candidate[];
  /** As {@link Paths} has them. */
  readonly boundTrace: readonly number[];
  readonly gradients: number;
}

/**
 * Follows every start to the top of its hill.
 *
 * @param starts (paths, D)
 * @param normals standard normal draws for the bounds, (BOUND_DRAWS, D)
 * @param most rounds, each one evaluation of every path that is still climbing
 * @param onProgress called after every round
 * @param continuation offered the state after every round
 * @throws the signal's reason when aborted
 * @throws Error when no path finds an approximation
 */
export async function followPaths(
  target: Target,
  starts: Float64Array,
  normals: Float64Array,
  most: number,
  onProgress: (progress: PathsProgress) => void = () => {},
  signal?: AbortSignal,
  continuation?: Continuation<PathsState>,
): Promise<Paths> {
  const { dim } = target;
  let { walkers, candidates, boundTrace, gradients } = continuation?.from ?? await setOut(target, starts);
  for (;;) {
    const open = [...walkers.keys()].filter((w) => !walkers[w]!.ended);
    const climbing = boundTrace.length < most ? open : [];
    if (climbing.length === 0 && candidates.length === 0) break;
    signal?.throwIfAborted();
    const trials = climbing.map((w) => trialOf(walkers[w]!.state));
    const positions = layOut(trials, candidates, normals, dim), evaluation = await target.evaluate(positions);
    const next = [...walkers], found: Candidate[] = [];
    let bound = boundTrace.at(-1) ?? -Infinity;
    candidates.forEach(({ walker, normal }, c) => {
      const own = boundOf(normal, normals, evaluation, climbing.length + c * BOUND_DRAWS);
      const { best, ...rest } = next[walker]!;
      if (own > (best?.bound ?? -Infinity)) next[walker] = { ...rest, best: { normal, bound: own } };
      bound = Math.max(bound, own);
    });
    climbing.forEach((walker, row) => {
      const { state: before, best } = next[walker]!;
      const [state, { kind }] = stepLbfgs(before, pointOf(positions, evaluation, row));
      next[walker] = { state, ended: kind === "converged" || kind === "stuck", best };
      const normal = kind === "moved" || kind === "converged" ? approximate(state) : undefined;
      if (normal !== undefined) found.push({ walker, normal });
    });
    walkers = next;
    candidates = found;
    boundTrace = [...boundTrace, bound];
    gradients += positions.length / dim;
    const ended = starts.length / dim - walkers.filter((walker) => !walker.ended).length;
    onProgress({ rounds: boundTrace.length, ended, bound, gradients });
    continuation?.offer({ walkers, candidates, boundTrace, gradients });
  }

  const paths = walkers.flatMap(({ best, state }) =>
    best === undefined ? [] : [{ ...best, top: state.point }]
  );
  if (paths.length === 0) {
    throw new Error("No path found a normal approximation of finite density; try another --seed");
  }
  return { paths, boundTrace, gradients, unfinished: walkers.filter(({ ended }) => !ended).length };
}

/** Paths about to climb. @param starts (paths, D) */
async function setOut(target: Target, starts: Float64Array): Promise<PathsState> {
  const states = await startAscents(target, starts);
  return {
    walkers: states.map((state) => ({ state, ended: false, best: undefined })),
    candidates: [],
    boundTrace: [],
    gradients: starts.length / target.dim,
  };
}

/** The trial of every climbing path, then the draws of every candidate, (n, D). */
function layOut(
  trials: readonly Float64Array[],
  candidates: readonly Candidate[],
  normals: Float64Array,
  dim: number,
): Float64Array {
  const positions = new Float64Array((trials.length + candidates.length * BOUND_DRAWS) * dim);
  trials.forEach((trial, row) => positions.set(trial, row * dim));
  candidates.forEach(({ normal }, c) => {
    const first = trials.length + c * BOUND_DRAWS;
    for (let m = 0; m < BOUND_DRAWS; m++) place(normal, normals, m * dim, positions, (first + m) * dim);
  });
  return positions;
}

/** The normal that the curvature at an iterate speaks for: its mean is where a Newton step leads. */
function approximate(state: LbfgsState): Normal | undefined {
  const { point, direction } = state;
  return normalOf(point.position.map((x, i) => x + direction[i]!), inverseHessianOf(state));
}

/** Evidence lower bound over draws evaluated in rows `first ..`; -Infinity where the target has no density. */
function boundOf(
  { mean, logDeterminant }: Normal,
  normals: Float64Array,
  { logPrior, logLik }: Evaluation,
  first: number,
): number {
  let sum = 0;
  for (let m = 0; m < BOUND_DRAWS; m++) sum += logPrior[first + m]! + logLik[first + m]!;
  const squares = normals.reduce((total, z) => total + z * z, 0) / BOUND_DRAWS;
  const entropy = logDeterminant + 0.5 * (mean.length * Math.log(2 * Math.PI) + squares);
  const bound = sum / BOUND_DRAWS + entropy;
  return Number.isFinite(bound) ? bound : -Infinity;
}
