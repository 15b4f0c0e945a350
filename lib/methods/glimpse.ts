/** A few of the last draws of a few chains, for traces that are drawn while chains move. */
import type { DrawBatch } from "../engine/ensemble.ts";
import type { Glimpse } from "../fit_types.ts";
import { allocateParameters, constrain, parameterNames } from "../model/parameters.ts";
import type { HillProblem } from "../model/problem.ts";
import { toOriginalUnits } from "../posterior.ts";

/** What a glimpse holds at most: chains, draws of each, digits. */
const CHAINS = 4, DRAWS = 5, DIGITS = 6;

/**
 * Reads batches, whose first chains are the posterior's where others are tempered.
 *
 * @returns what a batch of at least one transition shows
 */
export function glimpser(problem: HillProblem): (batch: DrawBatch) => Glimpse {
  const { layout } = problem, shift = toOriginalUnits(problem), scratch = allocateParameters(layout);
  const names = parameterNames(layout), values = new Float64Array(names.length);
  const place = names.indexOf("alpha");
  return ({ transitions, chains, positions, logLik }) => {
    const step = Math.ceil(transitions / DRAWS), kept = Math.ceil(transitions / step);
    const traces = (read: (at: number) => number) =>
      Array.from(
        { length: Math.min(chains, CHAINS) },
        (_, chain) =>
          Array.from({ length: kept }, (_, draw) => {
            const transition = transitions - 1 - (kept - 1 - draw) * step;
            return Number(read(transition * chains + chain).toPrecision(DIGITS));
          }),
      );
    return {
      logLik: traces((at) => logLik[at]! + shift),
      alpha: traces((at) => {
        constrain(problem, scratch, positions, at * layout.dim, values, 0);
        return values[place]!;
      }),
    };
  };
}
