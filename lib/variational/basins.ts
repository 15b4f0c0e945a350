/** Peaks of the evidence bound, one for every solution. */
import type { BoundsAt, Peak } from "./ascent.ts";
import { origin, type Rank } from "./elbo.ts";
import type { Normal } from "./normal.ts";
import { groupPeaks } from "./solutions.ts";

/** Peaks further below the best, in nats, are left out: far more than bounds of one posterior differ in looseness. */
const WINDOW = 20;

/**
 * The best peak of every basin of the bound, best first.
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
  const best = Math.max(...peaks.map(({ bound }) => bound));
  const near = peaks.filter(({ bound }) => bound > best - WINDOW);
  const groups = await groupPeaks(near.map(({ bound }) => bound), async ([leader], others) => {
    const between = others.map((other) => halfway(near[leader!]!.gaussian, near[other]!.gaussian));
    const bounds = await boundsAt(rank, between, between.map(({ mean }) => origin(rank, mean.length)), base);
    return [bounds.map(({ value }) => value)];
  }, most);
  return groups.map((members) => ({
    ...near[members[0]!]!,
    starts: members.reduce((sum, member) => sum + near[member]!.starts, 0),
  }));
}

/** Means and factors half-way. */
function halfway(a: Normal, b: Normal): Normal {
  const middle = (x: Float64Array, y: Float64Array) => x.map((value, i) => 0.5 * (value + y[i]!));
  const factor = middle(a.factor, b.factor), dim = a.mean.length;
  let logDeterminant = 0;
  for (let i = 0; i < dim; i++) logDeterminant += Math.log(factor[i * dim + i]!);
  return { mean: middle(a.mean, b.mean), factor, logDeterminant };
}
