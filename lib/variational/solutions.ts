/** Which of many paths ended at the same mode. */
import type { Point } from "./lbfgs.ts";
import type { Target } from "./pathfinder.ts";

/** A dip of the log density, in nats, that makes no valley: paths end that far below their tops. */
const VALLEY = 0.1;

/**
 * Groups tops with no valley between them: two share a mode when the log density half-way is no lower than at the lower
 * one (the hill-valley test; Ursem 1999, "Multinational evolutionary algorithms", CEC).
 *
 * @returns indices of the tops, mode by mode, the highest top of each first
 */
export async function groupTops(target: Target, tops: readonly Point[]): Promise<number[][]> {
  const { dim } = target, groups: number[][] = [];
  let left = [...tops.keys()].sort((a, b) => tops[b]!.logDensity - tops[a]!.logDensity);
  while (left.length > 0) {
    const [leader, ...rest] = left as [number, ...number[]], same = new Set<number>();
    if (rest.length > 0) {
      const middles = new Float64Array(rest.length * dim), { position } = tops[leader]!;
      rest.forEach((top, r) => {
        const other = tops[top]!.position;
        for (let i = 0; i < dim; i++) middles[r * dim + i] = 0.5 * (position[i]! + other[i]!);
      });
      const { logPrior, logLik } = await target.evaluate(middles);
      rest.forEach((top, r) => {
        if (logPrior[r]! + logLik[r]! >= tops[top]!.logDensity - VALLEY) same.add(top);
      });
    }
    groups.push([leader, ...same]);
    left = rest.filter((top) => !same.has(top));
  }
  return groups;
}
