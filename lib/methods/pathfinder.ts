/** Method `pathfinder`: many paths to the modes, normals found on the way, one pool of weighted draws. */
import { METHODS } from "../fit_types.ts";
import { toOriginalUnits } from "../posterior.ts";
import { Purpose, RandomStream } from "../random.ts";
import { plural } from "../report/format.ts";
import type { Continuation } from "../samplers/run.ts";
import { startChains } from "../samplers/start.ts";
import { type Target, weigh } from "../variational/importance.ts";
import { BOUND_DRAWS, followPaths, type Path, type PathsState } from "../variational/pathfinder.ts";
import { boundsOf, drawPool, type Pool, sharesOf } from "../variational/pool.ts";
import { groupTops } from "../variational/solutions.ts";
import { gatherApproximation, proposalsFor, searchClock } from "./approximate.ts";
import { drawCandidates } from "./candidates.ts";
import { continuationOf, type Method, type RunState } from "./method.ts";

/** Streams of the normals that bounds are estimated from, and of the pool. */
const BOUND_STREAM = 0, POOL_STREAM = 1;

/**
 * Paths whose bound lies further below the best, in nats, are left out: bounds of paths to one mode spread over some 12
 * (measured on three simulated curves), and draws from hopeless modes only thin out the others.
 */
const WINDOW = 30;

/** `--chains` are paths and `--warmup` is the evaluations that each may take. */
export const approximatePathfinder: Method = async (engine, problem, options, hooks) => {
  const { onProgress, signal } = hooks;
  const { seed, warmup } = options, starts = options.chains ?? METHODS.pathfinder.chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: starts,
    seed,
  });
  try {
    const continuation = hooks.continuation as Continuation<RunState<PathsState>> | undefined;
    const clock = searchClock(continuation?.from?.spent), shift = toOriginalUnits(problem);
    const [start] = await startChains(ensemble, drawCandidates(problem, starts, seed), seed);
    const stream = new RandomStream(seed, Purpose.approximation, BOUND_STREAM);
    const normals = Float64Array.from({ length: BOUND_DRAWS * ensemble.dim }, () => stream.normal());
    const found = await followPaths(
      ensemble,
      start!.positions,
      normals,
      warmup,
      (progress) => {
        onProgress({
          phase: "optimising",
          done: progress.ended,
          total: starts,
          transitionsPerSecond: 0,
          gradients: progress.gradients,
          divergences: 0,
          ...(Number.isFinite(progress.bound) ? { elbo: progress.bound + shift } : {}),
        });
      },
      signal,
      continuation && continuationOf(continuation, clock),
    );
    const { totalMs } = clock.spent, climbed = performance.now(), paths = promising(found.paths);
    const pool = await drawPool(
      ensemble,
      paths.map(({ normal }) => normal),
      proposalsFor(options),
      new RandomStream(seed, Purpose.approximation, POOL_STREAM),
    );
    const bounds = boundsOf(pool), [best] = bounds;
    return gatherApproximation(
      problem,
      {
        proposals: pool.proposals,
        alwaysWeighted: true,
        elbo: best!.elbo,
        elboError: best!.error,
        elboTrace: found.boundTrace,
        optima: await describeSolutions(ensemble, paths, pool, bounds),
        starts,
        iterations: found.boundTrace.length,
        gradients: found.gradients + pool.proposals.logLik.length,
        warnings: found.unfinished === 0 ? [] : [
          `${found.unfinished} of ${
            plural(starts, "path")
          } used up ${warmup} evaluations before reaching a mode; ` +
          "raise --warmup.",
        ],
      },
      options,
      { optimising_s: totalMs / 1000, drawing_s: (performance.now() - climbed) / 1000 },
    );
  } finally {
    await ensemble.close();
  }
};

/** Paths worth drawing from, best bound first. */
function promising(paths: readonly Path[]): Path[] {
  const ordered = paths.toSorted((a, b) => b.bound - a.bound);
  return ordered.filter(({ bound }) => bound > ordered[0]!.bound - WINDOW);
}

/** Modes that paths ended at: the best bound of a path, its share of the weights, how many paths. */
async function describeSolutions(
  target: Target,
  paths: readonly Path[],
  pool: Pool,
  bounds: ReturnType<typeof boundsOf>,
) {
  const shares = sharesOf(pool, weigh(pool.proposals).logWeights);
  const groups = await groupTops(target, paths.map(({ top }) => top));
  return groups.map((members) => ({
    elbo: Math.max(...members.map((p) => bounds[p]!.elbo)),
    weight: members.reduce((sum, p) => sum + shares[p]!, 0),
    starts: members.length,
  })).sort((a, b) => b.weight - a.weight);
}
