/** The response to a steady spend, from draws: what `lib/response.ts` computes, for any spend that a visitor picks. */

/** @typedef {{ columns: string[], rows: (number | null)[][] }} DrawTable */
/** @typedef {{ low: number, middle: number, high: number }} Band */

/**
 * Names of the columns that curves are made of.
 *
 * @param {number} components
 */
export const curveColumns = (components) => [
  "alpha",
  ...["A", "n", "kappa", "pi"].flatMap((name) =>
    Array.from({ length: components }, (_, k) => `${name}.${k + 1}`)
  ),
];

/**
 * The median and the 90% band of the response per row to a spend of so much on every row for ever.
 *
 * @param {DrawTable} draws with {@link curveColumns}
 * @param {number} components
 * @returns {(spend: number) => Band}
 */
export function responseBand({ columns, rows }, components) {
  const whole = rows.filter((row) => row.every((cell) => cell !== null));
  /** @param {string} name */
  const column = (name) => {
    const place = columns.indexOf(name);
    return Float64Array.from(whole, (row) => Number(row[place]));
  };
  const alpha = column("alpha");
  const curves = Array.from({ length: components }, (_, k) => ({
    weight: column(`pi.${k + 1}`),
    height: column(`A.${k + 1}`),
    shape: column(`n.${k + 1}`),
    half: column(`kappa.${k + 1}`),
  }));
  return (spend) => {
    const sorted = alpha.map((carried, i) => {
      const level = spend / (1 - carried);
      if (!(level > 0)) return 0;
      return curves.reduce(
        (sum, { weight, height, shape, half }) =>
          sum + weight[i] * height[i] / (1 + (half[i] / level) ** shape[i]),
        0,
      );
    }).sort();
    /** @param {number} share */
    const quantile = (share) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
    return { low: quantile(0.05), middle: quantile(0.5), high: quantile(0.95) };
  };
}
