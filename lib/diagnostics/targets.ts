/**
 * Convergence of draws from several targets side by side: chains come target by target, equally many of each, and
 * the targets were drawn at random, as the conditional posteriors of a cut are. Chains of different targets have no
 * reason to agree, so R-hat looks inside each; and because targets are independent, the scatter of their means alone
 * tells how far a mean over all of them may be off.
 */
import { type Column, columnQuantile, sortColumn } from "./column.ts";
import { mean, variance } from "./numeric.ts";
import { bulkScores } from "./ranks.ts";
import { rhat } from "./rhat.ts";

/**
 * Root mean square over the targets of each one's R-hat: what R-hat gives when its variances within and between
 * chains are averaged over targets. The largest of a hundred R-hats of short chains would be far above 1 by chance
 * alone; here a target weighs as much as it does in the draws, and one of a hundred whose four chains never meet
 * adds 0.03. NaN when a target has none.
 *
 * @throws RangeError when the chains cannot be shared out equally
 */
export function rhatWithin({ values, chains, draws }: Column, targets: number): number {
  const each = chains / targets;
  if (!Number.isInteger(each)) {
    throw new RangeError(`${chains} chains cannot be shared out over ${targets} targets.`);
  }
  const squares = Float64Array.from({ length: targets }, (_, i) => {
    const own = values.slice(i * each * draws, (i + 1) * each * draws);
    return rhat(sortColumn(own, each, draws)) ** 2;
  });
  return Math.sqrt(mean(squares));
}

/** Independent targets' worth of draws in the centre of the distribution: of the rank-normalised draws. */
export function essBulkOver(column: Column, targets: number): number {
  return column.usable ? sizeOf(bulkScores(column).values, targets) : NaN;
}

/** The same of the tails: the smaller of those of the 5% and 95% quantiles. */
export function essTailOver(column: Column, targets: number): number {
  if (!column.usable) return NaN;
  const sizes = [0.05, 0.95].map((probability) => {
    const cut = columnQuantile(column, probability);
    return sizeOf(column.values.map((value) => value <= cut ? 1 : 0), targets);
  });
  return Math.min(...sizes);
}

/** Standard error of the mean over all draws. */
export function mcseMeanOver({ values, usable }: Column, targets: number): number {
  return usable ? Math.sqrt(variance(targetMeans(values, targets)) / targets) : NaN;
}

/** How many independent draws have a mean as uncertain as the mean over the targets. */
const sizeOf = (values: Readonly<Float64Array>, targets: number): number =>
  targets * variance(values) / variance(targetMeans(values, targets));

function targetMeans(values: Readonly<Float64Array>, targets: number): Float64Array {
  const size = values.length / targets;
  return Float64Array.from({ length: targets }, (_, i) => mean(values, i * size, size));
}
