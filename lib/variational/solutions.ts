/** Which of many peaks are one solution: those with no valley between them. */
import type { Target } from "./importance.ts";
import type { Point } from "./lbfgs.ts";

/** A dip, in nats, that makes no valley: climbs end that far below their peaks. */
const VALLEY = 0.1;

/**
 * Groups peaks by the hill-valley test (Ursem 1999, "Multinational evolutionary algorithms", CEC): two share a solution
 * when it is half-way between them no lower than at the lower one.
 *
 * @param heights of the peaks
 * @param halfway heights half-way between a peak and each of some others, all given as indices
 * @param most groups to form, highest first; peaks beyond them are left out
 * @returns indices of the peaks, group by group, the highest of each first
 */
export async function groupPeaks(
  heights: readonly number[],
  halfway: (leader: number, others: readonly number[]) => Promise<readonly number[]>,
  most = Infinity,
): Promise<number[][]> {
  const groups: number[][] = [];
  let left = [...heights.keys()].sort((a, b) => heights[b]! - heights[a]!);
  while (left.length > 0 && groups.length < most) {
    const [leader, ...rest] = left as [number, ...number[]];
    const between = rest.length === 0 ? [] : await halfway(leader, rest);
    const same = new Set(rest.filter((peak, r) => between[r]! >= heights[peak]! - VALLEY));
    groups.push([leader, ...same]);
    left = rest.filter((peak) => !same.has(peak));
  }
  return groups;
}

/** The same of points of a log density. */
export function groupTops(target: Target, tops: readonly Point[]): Promise<number[][]> {
  const { dim } = target;
  return groupPeaks(tops.map(({ logDensity }) => logDensity), async (leader, others) => {
    const middles = new Float64Array(others.length * dim), { position } = tops[leader]!;
    others.forEach((top, r) => {
      const other = tops[top]!.position;
      for (let i = 0; i < dim; i++) middles[r * dim + i] = 0.5 * (position[i]! + other[i]!);
    });
    const { logPrior, logLik } = await target.evaluate(middles);
    return Array.from(logLik, (value, r) => logPrior[r]! + value);
  });
}
