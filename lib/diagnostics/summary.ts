/**
 * The table of every parameter, and its condensation into one line per layer of the verdict.
 */
import { type Column, columnQuantile, sortColumn } from "./column.ts";
import type { Draws } from "./draws.ts";
import { essBulk, essTail, mcseMean } from "./ess.ts";
import { mean, variance } from "./numeric.ts";
import { rhat } from "./rhat.ts";
import { essBulkOver, essTailOver, mcseMeanOver, rhatWithin } from "./targets.ts";

/** Convergence of one quantity. NaN where it is constant or not finite. */
export interface Convergence {
  readonly name: string;
  readonly rhat: number;
  readonly ess_bulk: number;
  readonly ess_tail: number;
}

/** One quantity's line in the summary, in its own units. */
export interface SummaryRow extends Convergence {
  readonly mean: number;
  readonly sd: number;
  readonly q5: number;
  readonly q50: number;
  readonly q95: number;
  readonly mcse_mean: number;
}

/** The worst of many quantities. */
export interface Layer {
  /** NaN when any quantity has no R-hat, so that one that never moved cannot hide. */
  readonly max_rhat: number;
  readonly min_ess_bulk: number;
  readonly min_ess_tail: number;
  /** The quantity with the largest R-hat, or without one. */
  readonly worst: string;
  readonly rows: readonly Convergence[];
}

/**
 * Summary rows of the named columns, or of all, in their order.
 *
 * @param targets how many targets the chains are shared out over; see {@link "./targets.ts"}
 */
export function summarise(
  draws: Draws,
  names: Iterable<string> = draws.columns.keys(),
  targets = 1,
): SummaryRow[] {
  return Array.from(names, (name) => {
    const column = sortColumn(columnOf(draws, name), draws.chains, draws.draws);
    return {
      name,
      ...momentsOf(column),
      ...convergenceOf(column, targets),
      mcse_mean: targets > 1 ? mcseMeanOver(column, targets) : mcseMean(column),
    };
  });
}

/** The same of independent draws of an approximation, which have no chains to agree: NaN for all that speaks of them. */
export function moments(draws: Draws, names: Iterable<string> = draws.columns.keys()): SummaryRow[] {
  return Array.from(names, (name) => ({
    name,
    ...momentsOf(sortColumn(columnOf(draws, name), draws.chains, draws.draws)),
    rhat: NaN,
    ess_bulk: NaN,
    ess_tail: NaN,
    mcse_mean: NaN,
  }));
}

function momentsOf(column: Column): Pick<SummaryRow, "mean" | "sd" | "q5" | "q50" | "q95"> {
  const finite = column.values.every(Number.isFinite);
  const q = (probability: number) => finite ? columnQuantile(column, probability) : NaN;
  return {
    mean: finite ? mean(column.values) : NaN,
    sd: finite ? Math.sqrt(variance(column.values)) : NaN,
    q5: q(0.05),
    q50: q(0.5),
    q95: q(0.95),
  };
}

/** Convergence of the named columns, or of all; what {@link summarise} gives, without the moments. */
export function convergence(
  draws: Draws,
  names: Iterable<string> = draws.columns.keys(),
  targets = 1,
): Convergence[] {
  return Array.from(names, (name) => {
    const column = sortColumn(columnOf(draws, name), draws.chains, draws.draws);
    return { name, ...convergenceOf(column, targets) };
  });
}

function convergenceOf(column: Column, targets: number): Omit<Convergence, "name"> {
  if (targets === 1) return { rhat: rhat(column), ess_bulk: essBulk(column), ess_tail: essTail(column) };
  return {
    rhat: rhatWithin(column, targets),
    ess_bulk: essBulkOver(column, targets),
    ess_tail: essTailOver(column, targets),
  };
}

/**
 * One layer of the verdict: the worst of the named columns, or of all. Leave out columns that are constant by
 * construction, such as the weight of a single component.
 */
export function layer(draws: Draws, names?: Iterable<string>, targets?: number): Layer {
  return layerOf(convergence(draws, names, targets));
}

/** The same of rows already at hand, such as a summary. */
export function layerOf(rows: readonly Convergence[]): Layer {
  if (rows.length === 0) throw new RangeError("A layer needs at least one quantity.");
  const worst = rows.reduce((a, b) => badness(b) > badness(a) ? b : a);
  return {
    max_rhat: Math.max(...rows.map((row) => row.rhat)),
    min_ess_bulk: Math.min(...rows.map((row) => row.ess_bulk)),
    min_ess_tail: Math.min(...rows.map((row) => row.ess_tail)),
    worst: worst.name,
    rows,
  };
}

function badness({ rhat }: Convergence): number {
  return Number.isNaN(rhat) ? Infinity : rhat;
}

function columnOf(draws: Draws, name: string): Float64Array {
  const values = draws.columns.get(name);
  if (values === undefined) throw new RangeError(`There are no draws of ${name}.`);
  return values;
}
