/** Quasi-Newton ascents of many starts, all of which share each batch of evaluations. */
import type { Evaluation } from "../engine/ensemble.ts";
import { initLbfgs, type LbfgsState, type Point, stepLbfgs, trialOf } from "./lbfgs.ts";
import type { Target } from "./importance.ts";

/** Paths about to climb. @param starts (paths, D); those without a finite density are left out */
export async function startAscents(target: Target, starts: Float64Array): Promise<LbfgsState[]> {
  const first = starts.map(Math.fround), found = await target.evaluate(first);
  return Array.from({ length: found.logPrior.length }, (_, p) => pointOf(first, found, p))
    .filter(({ logDensity, gradient }) => Number.isFinite(logDensity) && gradient.every(Number.isFinite))
    .map(initLbfgs);
}

/**
 * Climbs on.
 *
 * @param most rounds, each one evaluation of every path that is still climbing
 * @param onRound told how many paths are still climbing after each round
 * @returns the paths where they are then
 * @throws the signal's reason when aborted
 */
export async function climb(
  target: Target,
  paths: readonly LbfgsState[],
  most: number,
  onRound: (climbing: number) => void = () => {},
  signal?: AbortSignal,
): Promise<LbfgsState[]> {
  const { dim } = target, ends = [...paths];
  let climbing = [...ends.keys()];
  for (let round = 0; round < most && climbing.length > 0; round++) {
    signal?.throwIfAborted();
    const positions = new Float64Array(climbing.length * dim);
    climbing.forEach((path, row) => positions.set(trialOf(ends[path]!), row * dim));
    const evaluation = await target.evaluate(positions);
    climbing = climbing.filter((path, row) => {
      const [next, { kind }] = stepLbfgs(ends[path]!, pointOf(positions, evaluation, row));
      ends[path] = next;
      return kind === "searching" || kind === "moved";
    });
    onRound(climbing.length);
  }
  return ends;
}

/** One row of a batch and what the target says there. @param positions (n, D) */
export function pointOf(
  positions: Float64Array,
  { logPrior, logLik, gradient }: Evaluation,
  row: number,
): Point {
  const dim = gradient.length / logPrior.length, own = [row * dim, (row + 1) * dim] as const;
  return {
    position: positions.slice(...own),
    logDensity: logPrior[row]! + logLik[row]!,
    gradient: gradient.slice(...own),
  };
}
