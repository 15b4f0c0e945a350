/** Which of many peaks are one solution: those with no valley between them. */
import type { Target } from "./importance.ts";
import type { Point } from "./lbfgs.ts";

/** A dip, in nats, that makes no valley: climbs end that far below their peaks. */
const VALLEY = 0.1;
/** Positions evaluated at a time, if one top and all others are fewer: a trip to the engine costs about as much. */
const AT_ONCE = 4096;

/**
 * Groups peaks by the hill-valley test (Ursem 1999, "Multinational evolutionary algorithms", CEC): two share a solution
 * when it is half-way between them no lower than at the lower one.
 *
 * @param heights of the peaks
 * @param halfway heights half-way between each of some peaks and each of others, all given as indices
 * @param most groups to form, highest first; peaks beyond them are left out
 * @param pairs asked for at a time, if one peak and all others are fewer
 * @returns indices of the peaks, group by group, the highest of each first
 */
export async function groupPeaks(
  heights: readonly number[],
  halfway: (leaders: readonly number[], others: readonly number[]) => Promise<readonly (readonly number[])[]>,
  most = Infinity,
  pairs = 1,
): Promise<number[][]> {
  const groups: number[][] = [];
  let left = [...heights.keys()].sort((a, b) => heights[b]! - heights[a]!);
  while (left.length > 0 && groups.length < most) {
    const leaders = left.slice(0, Math.ceil(pairs / left.length)), others = left.slice(1);
    const between = others.length === 0 ? [[]] : await halfway(leaders, others);
    const grouped = new Set<number>();
    leaders.forEach((leader, l) => {
      if (grouped.has(leader) || groups.length === most) return;
      const same = others.filter((peak, o) =>
        peak !== leader && !grouped.has(peak) && between[l]![o]! >= heights[peak]! - VALLEY
      );
      groups.push([leader, ...same]);
      for (const peak of [leader, ...same]) grouped.add(peak);
    });
    left = left.filter((peak) => !grouped.has(peak));
  }
  return groups;
}

/** The same of points of a log density. */
export function groupTops(target: Target, tops: readonly Point[], most = Infinity): Promise<number[][]> {
  const { dim } = target;
  return groupPeaks(
    tops.map(({ logDensity }) => logDensity),
    async (leaders, others) => {
      const middles = new Float64Array(leaders.length * others.length * dim);
      leaders.forEach((leader, l) =>
        others.forEach((top, o) => {
          const at = (l * others.length + o) * dim, a = tops[leader]!.position, b = tops[top]!.position;
          for (let i = 0; i < dim; i++) middles[at + i] = 0.5 * (a[i]! + b[i]!);
        })
      );
      const { logPrior, logLik } = await target.evaluate(middles);
      return leaders.map((_, l) =>
        others.map((_, o) => logPrior[l * others.length + o]! + logLik[l * others.length + o]!)
      );
    },
    most,
    AT_ONCE,
  );
}
