/** What a fit reports of its draws, side by side for two runs of the same problem. */
import { invariantDraws } from "./assess.ts";
import { type Gap, gapsBetween } from "./diagnostics/agreement.ts";
import type { Draws } from "./diagnostics/draws.ts";
import { relabel } from "./diagnostics/relabel.ts";

/**
 * Gaps between two runs in everything that is reported: parameters, log likelihood, fitted means, the response curve
 * and the curves with their labels matched. Widest first.
 *
 * @param first the run with more draws
 * @param components K
 * @param maxSpend largest spend of a training row, original units
 */
export function compareRuns(first: Draws, second: Draws, components: number, maxSpend: number): Gap[] {
  const matched = components > 1 ? relabelTogether(first, second, components) : [new Map(), new Map()];
  const [a, b] = [first, second].map((run, i): Draws => ({
    chains: run.chains,
    draws: run.draws,
    columns: new Map([
      // lp__ depends on the coordinates, and a single curve has weight 1 by construction.
      ...[...run.columns].filter(([name]) => name !== "lp__" && (components > 1 || name !== "pi.1")),
      ...invariantDraws(run, components, maxSpend).columns,
      ...matched[i]!,
    ]),
  }));
  return gapsBetween(a!, b!);
}

/** The component columns of both runs under labels that mean the same in both, named `A.1 (relabelled)`. */
function relabelTogether(first: Draws, second: Draws, components: number): Map<string, Float64Array>[] {
  const size = first.chains * first.draws, columns = new Map<string, Float64Array>();
  for (const [name, values] of first.columns) {
    const others = second.columns.get(name)!, all = new Float64Array(size + others.length);
    all.set(values);
    all.set(others, size);
    columns.set(name, all);
  }
  const together = { chains: 1, draws: size + second.chains * second.draws, columns };
  const relabelled = relabel(together, components).draws.columns;
  const part = (from: number, to?: number) =>
    new Map([...relabelled].map(([name, values]) => [`${name} (relabelled)`, values.slice(from, to)]));
  return [part(0, size), part(size)];
}
