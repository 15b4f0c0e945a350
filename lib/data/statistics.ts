/** The few statistics that a look at the data needs. */
import { meanAndSd } from "../model/standardise.ts";

/** Scales the median absolute deviation to the standard deviation of a normal: 1 / Phi^-1(3/4). */
const MAD_TO_SD = 1.4826;

/** Median, the mean of the middle two for an even count. */
export function median(values: Float64Array): number {
  const sorted = values.toSorted(), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Pearson correlation; NaN when either side is constant. */
export function correlation(x: Float64Array, y: Float64Array): number {
  const a = meanAndSd(x), b = meanAndSd(y);
  const products = x.map((value, i) => (value - a.mean) * (y[i] - b.mean));
  return meanAndSd(products).mean / (a.sd * b.sd);
}

/**
 * Modified z-scores, (x - median) / (1.4826 MAD), which outliers cannot hide from by inflating the spread
 * (Iglewicz & Hoaglin 1993, "How to Detect and Handle Outliers"). All 0 when more than half of the values agree.
 */
export function robustScores(values: Float64Array): Float64Array {
  const middle = median(values);
  const spread = MAD_TO_SD * median(values.map((value) => Math.abs(value - middle)));
  return values.map((value) => spread > 0 ? (value - middle) / spread : 0);
}

/** Least-squares line of `y` on the row number: its rise per row, the share of variance it explains, what is left. */
export function fitLine(
  y: Float64Array,
): { readonly slope: number; readonly explained: number; readonly residuals: Float64Array } {
  const t = Float64Array.from(y, (_, i) => i);
  const r = correlation(t, y);
  const slope = r * meanAndSd(y).sd / meanAndSd(t).sd;
  const middle = (y.length - 1) / 2, { mean } = meanAndSd(y);
  return { slope, explained: r * r, residuals: y.map((value, i) => value - mean - slope * (i - middle)) };
}

/**
 * Variance inflation factors: how much wider each column's coefficient gets because the others say the same,
 * 1 / (1 - R^2) of the column on the others, which is the diagonal of the inverse correlation matrix (Marquardt
 * 1970, Technometrics 12(3)).
 *
 * @returns one factor per column; Infinity for columns that others determine exactly
 */
export function varianceInflation(columns: readonly Float64Array[]): number[] {
  return columns.map((column, k) => {
    const others = columns.filter((_, j) => j !== k);
    const unexplained = 1 - explainedShare(column, others);
    return unexplained > 1e-10 ? 1 / unexplained : Infinity;
  });
}

/** R^2 of a column on others and a constant, by modified Gram-Schmidt. */
function explainedShare(column: Float64Array, others: readonly Float64Array[]): number {
  const centred = (values: Float64Array) => {
    const { mean } = meanAndSd(values);
    return values.map((value) => value - mean);
  };
  const basis: Float64Array[] = [];
  const rest = (values: Float64Array) =>
    basis.reduce((left, axis) => {
      const along = dot(left, axis) / dot(axis, axis);
      return left.map((value, i) => value - along * axis[i]);
    }, values);
  for (const other of others.map(centred)) {
    const axis = rest(other);
    // A column the ones before it determine adds no direction, only rounding noise.
    if (dot(axis, axis) > 1e-10 * dot(other, other)) basis.push(axis);
  }
  const start = centred(column), left = rest(start);
  return 1 - dot(left, left) / dot(start, start);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
