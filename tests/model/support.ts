/** Data, specifications and numerical derivatives that the model tests share. */
import type { Series } from "../../lib/data/series.ts";
import { PRESETS } from "../../lib/model/presets.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { parseSpec, type Spec } from "../../lib/model/spec.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

/** What a made-up series is like. */
export interface SeriesShape {
  readonly rows: number;
  readonly seed?: number;
  readonly controls?: number;
  /** Share of rows with any spend. */
  readonly active?: number;
}

/** Log-normal spend, two saturating curves, trend, noise and random controls. */
export function makeSeries({ rows, seed = 1, controls = 0, active = 1 }: SeriesShape): Series {
  const stream = new RandomStream(seed, Purpose.simulate);
  const spend = Float64Array.from({ length: rows }, () => {
    const x = Math.exp(1.5 + 0.6 * stream.normal());
    return stream.uniform() < active ? x : 0;
  });
  if (!spend.some((x) => x > 0)) spend[0] = 4;
  let s = 0;
  const response = spend.map((x, t) => {
    s = x + 0.5 * s;
    const effect = stream.uniform() < 0.6 ? 20 * s / (s + 6) : 40 * s / (s + 12);
    return 50 + 2 * (2 * t / rows - 1) + effect + 3 * stream.normal();
  });
  return {
    name: "made-up series",
    spend,
    spendColumns: ["spend"],
    leftOut: [],
    response,
    targetColumn: "y",
    controls: Array.from({ length: controls }, (_, j) => ({
      name: `control ${j + 1}`,
      values: Float64Array.from({ length: rows }, () => 5 * j + (j + 1) * stream.normal()),
    })),
  };
}

/** Rows `from` to `to` of a series. */
export function rowsOf(series: Series, from: number, to: number): Series {
  return {
    ...series,
    spend: series.spend.slice(from, to),
    response: series.response.slice(from, to),
    controls: series.controls.map(({ name, values }) => ({ name, values: values.slice(from, to) })),
  };
}

export const PRESET_NAMES = Object.keys(PRESETS) as (keyof typeof PRESETS)[];

export function spec(json: Record<string, unknown> = {}): Spec {
  return parseSpec(json, "test");
}

/** Moves logit alpha to the middle of its cell of the median table, where the table is a plain cubic. */
export function awayFromKnots(problem: HillProblem, u: Float64Array): Float64Array {
  const { start, step } = problem.median, { loc, scale } = problem.coordinates[0];
  const cell = Math.floor((loc + scale * u[0] - start) / step);
  u[0] = (start + (cell + 0.5) * step - loc) / scale;
  return u;
}

/** Derivative by central differences at three steps, extrapolated twice (Richardson 1911): error O(h^6). */
export function derivative(f: (x: number) => number, x: number, h: number): number {
  const slope = (step: number) => (f(x + step) - f(x - step)) / (2 * step);
  const [d1, d2, d3] = [slope(h), slope(h / 2), slope(h / 4)];
  const e1 = d2 + (d2 - d1) / 3, e2 = d3 + (d3 - d2) / 3;
  return e2 + (e2 - e1) / 15;
}

/** {@link derivative} along every coordinate. */
export function numericGradient(f: (u: Float64Array) => number, u: Float64Array, h: number): Float64Array {
  return u.map((x, i) =>
    derivative(
      (value) => {
        const moved = u.slice();
        moved[i] = value;
        return f(moved);
      },
      x,
      h,
    )
  );
}

export function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
}

/** Mean over its standard error. */
export function zScore(values: Float64Array, expected: number): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return (mean - expected) / Math.sqrt(variance / values.length);
}
