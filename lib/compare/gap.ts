/** How far a method's answer is from the reference's, in parameters and in business numbers. */
import type { Draws } from "../diagnostics/draws.ts";
import type { BusinessQuantity, BusinessReport } from "../runs/business.ts";
import type { BusinessGap, GapReport } from "../runs/compare.ts";
import type { SummaryRow } from "../runs/schema.ts";

/** An answer to be compared. */
export interface Answer {
  readonly summary: readonly SummaryRow[];
  readonly business: BusinessReport;
  /** Draws of all its chains together. */
  readonly draws: number;
}

/** The answer that others are held to. */
export interface Reference extends Answer {
  /** Draws of the business numbers, as `businessDraws` names them. */
  readonly businessDraws: Draws;
}

/** A number about the draws rather than about the world. */
const NO_QUANTITY = "log_lik";

/**
 * Gaps of one answer to the reference. Quantities that do not vary in the reference are left out.
 *
 * @param answer of the same model and data
 */
export function gapTo(reference: Reference, answer: Answer): GapReport {
  const pairs = reference.summary.flatMap((expected) => {
    const row = answer.summary.find(({ name }) => name === expected.name);
    return row === undefined || row.name === NO_QUANTITY || !(expected.sd > 0)
      ? []
      : [{ name: row.name, row, expected }];
  });
  const means = pairs.map(({ name, row, expected }) => ({
    name,
    value: (row.mean - expected.mean) / expected.sd,
    error: Math.hypot(monteCarloError(row, answer), monteCarloError(expected, reference)) / expected.sd,
  }));
  const ratios = pairs.map(({ name, row, expected }) => ({ name, value: row.sd / expected.sd }));
  const business = (name: string, pick: (report: BusinessReport) => BusinessQuantity) =>
    businessGap(pick(reference.business), pick(answer.business), reference.businessDraws.columns.get(name)!);
  return {
    mean: means.reduce((a, b) => Math.abs(b.value) > Math.abs(a.value) ? b : a),
    sd_low: ratios.reduce((a, b) => b.value < a.value ? b : a),
    sd_high: ratios.reduce((a, b) => b.value > a.value ? b : a),
    business: {
      contribution: business("contribution", (report) => report.contribution),
      roas: business("roas", (report) => report.roas),
      marginal_roas: business("marginal_roas", (report) => report.marginal_roas),
      curve: reference.business.curve.map((_, i) =>
        business(`response.${i + 1}`, (report) => report.curve[i].response)
      ),
    },
  };
}

/** Draws of an approximation are independent and have no error of their own in the summary. */
function monteCarloError({ mcse_mean, sd }: SummaryRow, { draws }: Answer): number {
  return Number.isFinite(mcse_mean) ? mcse_mean : sd / Math.sqrt(draws);
}

function businessGap(
  expected: BusinessQuantity,
  found: BusinessQuantity,
  draws: Readonly<Float64Array>,
): BusinessGap {
  const outside = draws.reduce((count, x) => x < found.q5 || x > found.q95 ? count + 1 : count, 0);
  return {
    mean: (found.mean - expected.mean) / expected.sd,
    sd_ratio: found.sd / expected.sd,
    missed: outside / draws.length,
  };
}
