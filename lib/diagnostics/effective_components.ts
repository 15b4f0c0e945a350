/**
 * How many of K curves the rows are really spread over, from the curves' weights alone: no renumbering of the curves
 * changes it.
 */
import type { Draws } from "./draws.ts";
import { mean, quantile } from "./numeric.ts";

/** Effective number of curves over draws. */
export interface EffectiveComponents {
  readonly mean: number;
  readonly q5: number;
  readonly q95: number;
  /** Mean number of curves that more than 1% of the rows follow. */
  readonly in_use: number;
}

const IN_USE = 0.01;

/**
 * The Hill number of order one of the weights, exp(-sum_k pi_k ln pi_k): K for equal weights, 1 when one curve has
 * all rows (Hill 1973, "Diversity and evenness: a unifying notation and its consequences", Ecology 54). Two curves
 * of one shape still count as two.
 *
 * @param draws with columns `pi.1` to `pi.K`
 */
export function effectiveComponents(draws: Draws, components: number): EffectiveComponents {
  const weights = Array.from({ length: components }, (_, k) => draws.columns.get(`pi.${k + 1}`)!);
  const surprise = (pi: number) => pi > 0 ? -pi * Math.log(pi) : 0;
  const numbers = weights[0].map((_, d) =>
    Math.exp(weights.reduce((entropy, pi) => entropy + surprise(pi[d]), 0))
  );
  const sorted = numbers.toSorted(), at = (index: number) => sorted[index];
  return {
    mean: mean(numbers),
    q5: quantile(at, sorted.length, 0.05),
    q95: quantile(at, sorted.length, 0.95),
    in_use: weights.reduce((sum, pi) => sum + pi.filter((share) => share > IN_USE).length, 0) /
      numbers.length,
  };
}
