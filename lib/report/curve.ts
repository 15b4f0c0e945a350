/**
 * The response curve: what a steady spend per row adds to the response, with its uncertainty, computed from
 * the draws and drawn in characters.
 */
import type { Draws } from "../diagnostics/draws.ts";
import { steadyResponse } from "../response.ts";
import { formatNumber } from "./format.ts";

/** Quantiles over draws of the response added by each steady spend. */
export interface Curve {
  readonly spend: Float64Array; // (n) per row, original units
  readonly low: Float64Array; // (n) 5%
  readonly middle: Float64Array; // (n) 50%
  readonly high: Float64Array; // (n) 95%
}

/** Draws that a curve is computed from at most, evenly spaced: 1000 place a 5% quantile within 0.7%. */
const MAX_DRAWS = 1000;

/**
 * Quantiles of the response to each of several steady spends.
 *
 * @param draws with the curves' columns in original units
 * @param spend steady spends per row, each >= 0
 */
export function responseCurve(draws: Draws, components: number, spend: Float64Array): Curve {
  const step = Math.ceil(draws.chains * draws.draws / MAX_DRAWS);
  const columns = Array.from(spend, (x) => steadyResponse(draws, components, x, step).sort());
  const quantile = (share: number) =>
    Float64Array.from(columns, (sorted) => sorted[Math.round(share * (sorted.length - 1))]);
  return { spend, low: quantile(0.05), middle: quantile(0.5), high: quantile(0.95) };
}

/** Lines of a curve drawn in characters: `█` the median, `░` from 5% to 95%, `▲` below the average spend. */
export function curvePlot(curve: Curve, meanSpend: number, height: number): string[] {
  const top = Math.max(...curve.high), bottom = Math.min(0, ...curve.low);
  const maxSpend = curve.spend.at(-1)!;
  const cellOf = (value: number) =>
    top > bottom ? Math.round((height - 1) * (top - value) / (top - bottom)) : height - 1;
  const labels = [formatNumber(top), formatNumber(bottom)];
  const margin = Math.max(...labels.map((label) => label.length));

  const rows = Array.from({ length: height }, (_, row) => {
    const label = row === 0 ? labels[0] : row === height - 1 ? labels[1] : "";
    const cells = Array.from(curve.spend, (_, i) => {
      if (cellOf(curve.middle[i]) === row) return "█";
      return cellOf(curve.high[i]) <= row && row <= cellOf(curve.low[i]) ? "░" : " ";
    });
    return `${label.padStart(margin)} │${cells.join("")}`;
  });

  const width = curve.spend.length;
  const marker = maxSpend > 0 ? Math.min(width - 1, Math.round((width - 1) * meanSpend / maxSpend)) : 0;
  const axis = Array.from({ length: width }, (_, i) => i === marker ? "▲" : "─").join("");
  const right = formatNumber(maxSpend);
  return [
    ...rows.map((row) => row.trimEnd()),
    `${" ".repeat(margin)} └${axis}`,
    `${" ".repeat(margin)}  0${right.padStart(width - 1)}`,
  ];
}
