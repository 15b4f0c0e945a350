/**
 * From a table in original units to standardised columns: constants come from the training rows alone, and
 * later rows are put on the same scales.
 */
import type { Series } from "../data/series.ts";
import type { Problem } from "../errors.ts";
import type { BaselineColumn } from "./problem.ts";
import type { Season } from "./spec.ts";

/** Mean and population standard deviation. */
export function meanAndSd(values: Float64Array): { readonly mean: number; readonly sd: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / values.length) };
}

/** Mean of the positive spends, of which there must be one. */
export function meanPositive(spend: Float64Array): number {
  return meanAndSd(spend.filter((x) => x > 0)).mean;
}

/** Time indices `first`, `first + 1`, ... standardised over 0 .. trainingRows - 1, by population sd. */
export function timeIndex(trainingRows: number, first: number, count: number): Float64Array {
  const centre = (trainingRows - 1) / 2;
  const sd = Math.sqrt((trainingRows ** 2 - 1) / 12);
  return Float64Array.from({ length: count }, (_, i) => (first + i - centre) / sd);
}

/** What cannot be standardised: a response or control that never changes, or spend that is never positive. */
export function variationProblems(
  { name, response, targetColumn, spend, spendColumns, controls }: Series,
): Problem[] {
  const constant = (values: Float64Array) => values.every((value) => value === values[0]);
  const problem = (column: string, message: string): Problem => ({ where: name, column, message });
  return [
    ...constant(response)
      ? [problem(
        targetColumn,
        "the response never changes over the training rows, so there is nothing to explain; check the column.",
      )]
      : [],
    ...spend.some((x) => x > 0) ? [] : [problem(
      spendColumns.join(", "),
      "no spend is positive in the training rows, so its effect cannot be learnt; check the column.",
    )],
    ...controls.filter(({ values }) => constant(values)).map((control) =>
      problem(
        control.name,
        "this control never changes over the training rows, so it explains nothing; leave it out.",
      )
    ),
  ];
}

/**
 * What stands in each baseline column after intercept and slope: the series' controls, then for each harmonic
 * of the season a sine and a cosine.
 */
export function baselineColumns(series: Series, season: Season | null): BaselineColumn[] {
  const controls = series.controls.map(({ name, values }): BaselineColumn => ({
    kind: "control",
    name,
    ...meanAndSd(values),
  }));
  const terms = Array.from({ length: season?.harmonics ?? 0 }, (_, i): BaselineColumn[] => {
    const period = season!.period / (i + 1);
    return [
      { kind: "sine", name: `sin ${i + 1}`, period },
      { kind: "cosine", name: `cos ${i + 1}`, period },
    ];
  });
  return [...controls, ...terms.flat()];
}

/**
 * Baseline columns of consecutive rows, (count, J) row-major. Controls are standardised by their training
 * constants; season terms are plain sines and cosines of the row index, already on a unit scale whatever part
 * of a period the training rows cover.
 *
 * @param controls values of the controls on these rows, in the columns' order
 * @param first row index of the first of them, counted from the first training row
 */
export function baselineValues(
  columns: readonly BaselineColumn[],
  controls: readonly Float64Array[],
  first: number,
  count: number,
): Float64Array {
  const width = columns.length;
  const values = new Float64Array(count * width);
  columns.forEach((column, j) => {
    for (let i = 0; i < count; i++) {
      values[i * width + j] = column.kind === "control"
        ? (controls[j][i] - column.mean) / column.sd
        : wave(column.kind, (first + i) / column.period);
    }
  });
  return values;
}

function wave(kind: "sine" | "cosine", turns: number): number {
  const angle = 2 * Math.PI * (turns - Math.floor(turns));
  return kind === "sine" ? Math.sin(angle) : Math.cos(angle);
}
