/**
 * Whether two runs, made without knowledge of each other, found the same posterior. Chains of one run that all sit in
 * the same solution agree perfectly among themselves; only a run that came there another way can tell.
 *
 * Every quantity is compared by its mean and by its distribution: how many draws of the second run lie below the
 * quantiles of the first. The outermost quantiles are those beyond which the first run has next to nothing: a solution
 * that it never visited shows there, long before its weight moves a mean.
 */
import { type Column, columnQuantile, sortColumn } from "./column.ts";
import type { Draws } from "./draws.ts";
import { essBulk, essTail, mcseMean } from "./ess.ts";
import { mean } from "./numeric.ts";

/** Quantiles of the first run at which the second is looked at. */
const PROBABILITIES = [0.0005, 0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995, 0.9995];
/** Between these, effective draws are counted as for the centre of a distribution; outside, as for its tails. */
const CENTRE = [0.25, 0.75] as const;

/** How far two runs are apart in one respect. */
export interface Gap {
  readonly name: string;
  /** The mean, or the share of draws below a quantile of the first run (its probability). */
  readonly at: "mean" | number;
  /** What each run says. */
  readonly first: number;
  readonly second: number;
  /** In standard errors of the difference; infinite where it cannot be told. */
  readonly errors: number;
}

/** One quantity of one run, ready to be compared. */
interface Seen {
  readonly column: Column;
  readonly mean: number;
  readonly mcse: number;
  readonly bulk: number;
  readonly tail: number;
}

/**
 * Every respect in which two runs are compared, widest gap first. Draws of different runs are independent, those of
 * one run as correlated as their effective sizes say.
 *
 * @param first the run with more draws
 * @param second has the columns of the first
 */
export function gapsBetween(first: Draws, second: Draws): Gap[] {
  return [...first.columns.keys()]
    .flatMap((name) => gapsOf(name, seen(first, name), seen(second, name)))
    .sort((a, b) => b.errors - a.errors);
}

function seen({ chains, draws, columns }: Draws, name: string): Seen {
  const values = columns.get(name);
  if (values === undefined) throw new RangeError(`There are no draws of ${name}.`);
  const column = sortColumn(values, chains, draws), most = chains * draws;
  return {
    column,
    mean: mean(values),
    mcse: mcseMean(column),
    // What correlates negatively is better than independent for a mean, but never for counting rare draws.
    bulk: Math.min(essBulk(column), most),
    tail: Math.min(essTail(column), most),
  };
}

function gapsOf(name: string, first: Seen, second: Seen): Gap[] {
  const errors = (difference: number, error: number) => {
    const ratio = Math.abs(difference) / error;
    return Number.isNaN(ratio) ? Infinity : ratio;
  };
  const shares = PROBABILITIES.map((probability): Gap => {
    const share = shareBelow(second.column, columnQuantile(first.column, probability));
    const size = probability < CENTRE[0] || probability > CENTRE[1] ? "tail" : "bulk";
    // The error that the difference has if both are draws of one distribution: what is rare in the first run has
    // too few draws there to estimate an error from.
    const variance = probability * (1 - probability) * (1 / first[size] + 1 / second[size]);
    return {
      name,
      at: probability,
      first: probability,
      second: share,
      errors: errors(share - probability, Math.sqrt(variance)),
    };
  });
  return [{
    name,
    at: "mean",
    first: first.mean,
    second: second.mean,
    errors: errors(first.mean - second.mean, Math.hypot(first.mcse, second.mcse)),
  }, ...shares];
}

function shareBelow({ values }: Column, cut: number): number {
  let below = 0;
  for (const value of values) if (value <= cut) below++;
  return below / values.length;
}
