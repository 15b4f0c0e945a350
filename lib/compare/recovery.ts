/** How a method does where the truth is known. */
import { businessDraws, summariseBusiness } from "../business.ts";
import type { Series } from "../data/series.ts";
import type { Truth } from "../data/simulate.ts";
import type { Draws } from "../diagnostics/draws.ts";
import type { BusinessReport } from "../runs/business.ts";
import type { RecoveryReport } from "../runs/compare.ts";
import type { SummaryRow } from "../runs/schema.ts";

/** The truth as a fit of the first rows would state it. */
export interface KnownTruth {
  /** Parameters by name; those of curves and noise only where the model has as many curves as the truth. */
  readonly parameters: ReadonlyMap<string, number>;
  readonly business: BusinessReport;
}

/**
 * Restates the truth for the training rows and for a model of K curves.
 *
 * @param train the first rows of the simulated series
 */
export function knownTruth(truth: Truth, train: Series, components: number): KnownTruth {
  const curves = truth.curves.flatMap((curve, k) =>
    Object.entries(curve).map(([name, value]): [string, number] => [`${name}.${k + 1}`, value])
  );
  const draw: Draws = {
    chains: 1,
    draws: 1,
    columns: new Map(
      [["alpha", truth.alpha] as const, ...curves].map(([name, value]) => [name, Float64Array.of(value)]),
    ),
  };
  const same = truth.curves.length === components;
  return {
    parameters: new Map([
      ["alpha", truth.alpha],
      ...Object.entries(baseline(truth, train.response.length)),
      ...(same ? [["sigma", truth.sigma] as const] : []),
      // A single curve has weight 1 by construction.
      ...(same ? curves.filter(([name]) => components > 1 || name !== "pi.1") : []),
    ]),
    business: summariseBusiness(businessDraws(draw, truth.curves.length, train.spend), train),
  };
}

/** The trend over the time index of the training rows: the truth's is standardised over all rows. */
function baseline(
  { intercept, slope, rows }: Truth,
  trainRows: number,
): { intercept: number; slope: number } {
  const sd = (count: number) => Math.sqrt((count ** 2 - 1) / 12);
  return {
    intercept: intercept + slope * (trainRows - rows) / 2 / sd(rows),
    slope: slope * sd(trainRows) / sd(rows),
  };
}

/** Parameters and business numbers of a fit against the truth. */
export function recover(
  { parameters, business: truth }: KnownTruth,
  summary: readonly SummaryRow[],
  business: BusinessReport,
): RecoveryReport {
  const found = [
    ...summary.flatMap((row) =>
      parameters.has(row.name) ? [{ ...row, truth: parameters.get(row.name)! }] : []
    ),
    { name: "contribution", ...business.contribution, truth: truth.contribution.mean },
    { name: "marginal ROAS", ...business.marginal_roas, truth: truth.marginal_roas.mean },
    ...business.curve.map(({ multiple, response }, i) => ({
      name: `response at ${multiple}x`,
      ...response,
      truth: truth.curve[i].response.mean,
    })),
  ];
  const quantities = found.map(({ name, truth, mean, q5, q95 }) => ({
    name,
    truth,
    mean,
    q5,
    q95,
    covered: q5 <= truth && truth <= q95,
  }));
  const distances = found.map(({ name, truth, mean, sd }) => ({ name, value: (mean - truth) / sd }));
  return {
    quantities,
    covered: quantities.filter(({ covered }) => covered).length,
    farthest: distances.reduce((a, b) => Math.abs(b.value) > Math.abs(a.value) ? b : a),
  };
}
