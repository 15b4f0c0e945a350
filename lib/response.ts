/** The response that draws imply to a steady spend: in original units, whatever the labels of the curves. */
import type { Draws } from "./diagnostics/draws.ts";

/**
 * Response added by a spend of x on every row for ever: adstock settles at x / (1 - alpha), and the mixture's
 * mean there is sum_k pi_k A_k s^n_k / (kappa_k^n_k + s^n_k).
 *
 * @param draws with `alpha`, `A.k`, `n.k`, `kappa.k`, `pi.k` (k = 1 .. components) in original units
 * @param spend per row, >= 0
 * @param step uses every `step`-th draw
 * @returns one response per draw used
 */
export function steadyResponse(draws: Draws, components: number, spend: number, step = 1): Float64Array {
  const { alpha, curves } = curvesOf(draws, components);
  return Float64Array.from({ length: Math.ceil(alpha.length / step) }, (_, used) => {
    const i = used * step;
    const level = spend / (1 - alpha[i]);
    return curves.reduce((sum, { weight, amplitude, shape, half }) => {
      const hill = level > 0 ? 1 / (1 + (half[i] / level) ** shape[i]) : 0;
      return sum + (weight?.[i] ?? 1) * amplitude[i] * hill;
    }, 0);
  });
}

/** Draws of what makes the response: the carry-over and the curves, in original units. */
export interface CurveDraws {
  readonly alpha: Float64Array;
  /** `weight` is undefined, meaning 1, of a single curve. */
  readonly curves: readonly {
    readonly weight: Float64Array | undefined;
    readonly amplitude: Float64Array;
    readonly shape: Float64Array;
    readonly half: Float64Array;
  }[];
}

/** @throws RangeError if a column is missing */
export function curvesOf(draws: Draws, components: number): CurveDraws {
  return {
    alpha: columnOf(draws, "alpha"),
    curves: Array.from({ length: components }, (_, k) => ({
      weight: components === 1 ? undefined : columnOf(draws, `pi.${k + 1}`),
      amplitude: columnOf(draws, `A.${k + 1}`),
      shape: columnOf(draws, `n.${k + 1}`),
      half: columnOf(draws, `kappa.${k + 1}`),
    })),
  };
}

function columnOf(draws: Draws, name: string): Float64Array {
  const values = draws.columns.get(name);
  if (values === undefined) throw new RangeError(`There are no draws of ${name}.`);
  return values;
}
