/** Which of many peaks are one solution: those with no valley of the bound between them. */
import type { BoundsAt, Peak } from "./ascent.ts";
import { origin, type Rank } from "./elbo.ts";
import type { Normal } from "./normal.ts";

/** A dip of the bound, in nats, that makes no valley: climbs end that far from their peaks. */
const VALLEY = 0.1;
/** Peaks further below the best, in nats, are left out: far more than bounds of one posterior differ in looseness. */
const WINDOW = 20;

/**
 * The best peak of every basin, best first: two peaks share a basin when the bound half-way between them is no lower
 * than at the lower one (the hill-valley test; Ursem 1999, "Multinational evolutionary algorithms", CEC).
 *
 * @param base standard normal draws of the bounds, those that the peaks were climbed with, (M, D)
 * @param most basins kept
 */
export async function distinctPeaks(
  boundsAt: BoundsAt,
  peaks: readonly Peak[],
  rank: Rank,
  base: Float64Array,
  most: number,
): Promise<Peak[]> {
  const kept: Peak[] = [];
  let left = peaks.toSorted((a, b) => b.bound - a.bound);
  left = left.filter(({ bound }) => bound > left[0]!.bound - WINDOW);
  while (left.length > 0 && kept.length < most) {
    const [top, ...rest] = left as [Peak, ...Peak[]];
    const between = rest.map(({ gaussian }) => halfway(top.gaussian, gaussian));
    const zeros = rest.map(({ gaussian }) => origin(rank, gaussian.mean.length));
    const bounds = rest.length === 0 ? [] : await boundsAt(rank, between, zeros, base);
    const same = rest.map(({ bound }, i) => bounds[i]!.value >= bound - VALLEY);
    kept.push({
      ...top,
      starts: top.starts + rest.reduce((sum, { starts }, i) => sum + (same[i] ? starts : 0), 0),
    });
    left = rest.filter((_, i) => !same[i]);
  }
  return kept;
}

/** Means and factors half-way. */
function halfway(a: Normal, b: Normal): Normal {
  const middle = (x: Float64Array, y: Float64Array) => x.map((value, i) => 0.5 * (value + y[i]!));
  const factor = middle(a.factor, b.factor), dim = a.mean.length;
  let logDeterminant = 0;
  for (let i = 0; i < dim; i++) logDeterminant += Math.log(factor[i * dim + i]!);
  return { mean: middle(a.mean, b.mean), factor, logDeterminant };
}
