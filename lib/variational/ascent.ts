/** Many Gaussians climb their evidence lower bounds over fixed draws side by side, one batch per iteration. */
import { type Bound, gaussianAt, origin, type Rank } from "./elbo.ts";
import { initLbfgs, stepLbfgs, trialOf } from "./lbfgs.ts";
import type { Normal } from "./normal.ts";

/** A Gaussian and the bound it has reached, over the draws it climbed with. */
export interface Peak {
  readonly gaussian: Normal;
  readonly bound: number;
  /** Starts that ended here. */
  readonly starts: number;
}

/** Bounds of many Gaussians over one set of standard normal draws, (M, D). */
export type BoundsAt = (
  rank: Rank,
  frames: readonly Normal[],
  parameters: readonly Float64Array[],
  base: Float64Array,
) => Promise<Bound[]>;

/** How an ascent goes and when it ends. */
export interface AscentPlan {
  readonly rank: Rank;
  /** The standard normal draws, (M, D). */
  readonly base: Float64Array;
  /** Share of the climbers that must be done: the last few may take half as long again. */
  readonly quorum: number;
  /** Iterations at most. */
  readonly iterations: number;
}

/**
 * Climbs from each peak, taken as the frame of its own climb.
 *
 * @param from where to start; those without a finite bound are left behind
 * @param first bounds there over the plan's draws
 * @param onIteration told the best bound after each iteration
 * @returns the peaks reached, and whether all climbers were done
 */
export async function ascend(
  boundsAt: BoundsAt,
  from: readonly Peak[],
  first: readonly Bound[],
  { rank, base, quorum, iterations }: AscentPlan,
  onIteration: (best: number) => void,
): Promise<{ peaks: Peak[]; settled: boolean }> {
  const climbers = from.flatMap(({ gaussian, starts }, i) => {
    const { value, gradient } = first[i]!, position = origin(rank, gaussian.mean.length);
    if (!Number.isFinite(value) || !gradient.every(Number.isFinite)) return [];
    return [{
      frame: gaussian,
      starts,
      state: initLbfgs({ position, logDensity: value, gradient }),
      done: false,
    }];
  });
  const enough = Math.ceil(quorum * climbers.length), done = () => climbers.filter((one) => one.done).length;
  for (let i = 0; i < iterations && done() < enough; i++) {
    const active = climbers.filter((one) => !one.done), trials = active.map(({ state }) => trialOf(state));
    const bounds = await boundsAt(rank, active.map(({ frame }) => frame), trials, base);
    active.forEach((one, a) => {
      const { value, gradient } = bounds[a]!;
      const logDensity = Number.isFinite(value) ? value : -Infinity;
      const [state, { kind }] = stepLbfgs(one.state, { position: trials[a]!, logDensity, gradient });
      one.state = state;
      one.done = kind === "converged" || kind === "stuck";
    });
    onIteration(Math.max(...climbers.map(({ state }) => state.point.logDensity)));
  }
  return {
    peaks: climbers.map(({ frame, starts, state: { point } }) => ({
      gaussian: gaussianAt(rank, frame, point.position),
      bound: point.logDensity,
      starts,
    })),
    settled: done() === climbers.length,
  };
}
