/** What batches of tempered ladders cost. */
import type { Engine, TargetSpec, TransitionBatch, Tuning } from "../engine/ensemble.ts";

/** Transitions at most, which bounds the memory of their draws. */
const MOST_AT_ONCE = 250;

/** Work, in rows times curves of a gradient, between two looks at the caller: a quarter of a second on four cores. */
function workAtOnce({ name, software }: Engine): number {
  if (name === "cpu") return 1e7;
  return software ? 1.5e8 : 5e9;
}

const workOf = (target: TargetSpec): number =>
  target.kind === "hill_mixture" ? target.problems[0]!.rows * target.problems[0]!.layout.components : 1;

/** Transitions between two looks at the caller. @param tuning of every rung */
export function transitionsAtOnce(
  engine: Engine,
  target: TargetSpec,
  tuning: readonly Tuning[],
  ladders: number,
): number {
  const gradients = tuning.reduce((sum, { trajectoryLength, stepSize }) => {
    return sum + 1 + 0.5 * trajectoryLength / stepSize; // half of it after the jitter, on average
  }, 0);
  const most = workAtOnce(engine) / (gradients * ladders * workOf(target));
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(most)));
}

/** The first gradient of a tempered trajectory, or the only one at the prior, is not among its leapfrogs. */
export function gradientsOf(batch: TransitionBatch): number {
  const cohorts = batch.leapfrogs.length / batch.transitions, each = batch.chains / cohorts;
  return batch.leapfrogs.reduce((sum, steps, i) => {
    const prior = cohorts > 1 && i % cohorts === cohorts - 1;
    return sum + each * (prior ? 1 : cohorts > 1 ? steps + 1 : steps);
  }, 0);
}
