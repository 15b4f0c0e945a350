/** Many Gaussians climb their evidence lower bounds over fixed draws side by side, one batch per iteration. */
import { type Bound, gaussianAt, origin, type Rank } from "./elbo.ts";
import { initLbfgs, type LbfgsState, stepLbfgs, trialOf } from "./lbfgs.ts";
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

/** A Gaussian on its way up. Plain data, which nobody changes. */
export interface Climber {
  /** What its parameters are relative to. */
  readonly frame: Normal;
  /** Starts that it stands for. */
  readonly starts: number;
  readonly state: LbfgsState;
  readonly done: boolean;
}

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
 * A climber at each peak, which is the frame of its own climb.
 *
 * @param first bounds there over the draws to climb with; peaks without a finite one are left behind
 */
export function climbersAt(rank: Rank, peaks: readonly Peak[], first: readonly Bound[]): Climber[] {
  return peaks.flatMap(({ gaussian, starts }, i) => {
    const { value, gradient } = first[i]!, position = origin(rank, gaussian.mean.length);
    if (!Number.isFinite(value) || !gradient.every(Number.isFinite)) return [];
    const state = initLbfgs({ position, logDensity: value, gradient });
    return [{ frame: gaussian, starts, state, done: false }];
  });
}

/**
 * Climbs on.
 *
 * @param onIteration told where the climbers are after each iteration
 * @returns the peaks reached, and whether all climbers were done
 */
export async function ascend(
  boundsAt: BoundsAt,
  begun: readonly Climber[],
  { rank, base, quorum, iterations }: AscentPlan,
  onIteration: (climbers: readonly Climber[]) => void,
): Promise<{ peaks: Peak[]; settled: boolean }> {
  let climbers = begun;
  const enough = Math.ceil(quorum * climbers.length), done = () => climbers.filter((one) => one.done).length;
  for (let i = 0; i < iterations && done() < enough; i++) {
    const active = [...climbers.keys()].filter((c) => !climbers[c]!.done), next = [...climbers];
    const trials = active.map((c) => trialOf(climbers[c]!.state));
    const bounds = await boundsAt(rank, active.map((c) => climbers[c]!.frame), trials, base);
    active.forEach((c, a) => {
      const { value, gradient } = bounds[a]!, logDensity = Number.isFinite(value) ? value : -Infinity;
      const trial = { position: trials[a]!, logDensity, gradient };
      const [state, { kind }] = stepLbfgs(climbers[c]!.state, trial);
      next[c] = { ...climbers[c]!, state, done: kind === "converged" || kind === "stuck" };
    });
    climbers = next;
    onIteration(climbers);
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
