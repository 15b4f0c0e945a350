/**
 * Start values for the curves of stage two: least squares on what stage one's baseline leaves of the response, with
 * the adstock of stage one. Each curve is fitted to its own rows by Gauss-Newton steps in (ln A, ln kappa, ln n), 3 by
 * 3 normal equations each; rows go to the curve nearest to them, and both steps alternate (clusterwise regression,
 * Spaeth 1979, "Algorithm 39", Computing 22). Priors join in as rows of their own, so that few rows, or rows along a
 * straight stretch of the curve, still have one solution.
 *
 * Hard assignment pushes curves apart, and the sum of squares has many minima: good enough to start from, no more.
 */
import { mat3d, vec3d } from "wgpu-matrix";
import { allocateParameters, readParameters } from "../model/parameters.ts";
import type { HillProblem } from "../model/problem.ts";

/** (ln A, ln kappa, ln n), A in units of sd y and kappa in standardised spend. */
export type Curve = readonly [logAmplitude: number, logKappa: number, logShape: number];

/** Independent normal priors of a curve's three logarithms. */
export interface CurvePrior {
  readonly mean: Curve;
  readonly sd: Curve;
}

/** Rows on which curves are fitted; those without adstock say nothing and are left out. */
export interface CurveRows {
  /** ln s_t, (n) */
  readonly logStock: Float64Array;
  /** The response less the baseline, (n) */
  readonly left: Float64Array;
}

/** Curves by ascending kappa, with the share of the rows that each has, and the noise about them. */
export interface CurveStart {
  readonly curves: readonly Curve[];
  readonly shares: readonly number[];
  /** ln of the adstock's median, the unit of kappa. */
  readonly logMedian: number;
  /** Root mean square of the residuals, in units of sd y. */
  readonly noise: number;
}

const MOST_STEPS = 20;
const MOST_ROUNDS = 20;
/** A step shorter than this, in logarithms, is the last. */
const SMALL_STEP = 1e-4;
const MOST_HALVINGS = 10;
/** Residual variance below this share of the response's counts as this. */
const LEAST_VARIANCE = 1e-6;

/**
 * Fits K curves.
 *
 * @param single the problem of stage one
 * @param position its posterior mean, (D)
 */
export function curveStart(single: HillProblem, position: Float64Array, components: number): CurveStart {
  const parameters = allocateParameters(single.layout);
  readParameters(single, position, 0, parameters);
  const { alpha, base, amplitude, logKappa, shape, logMedian } = parameters;
  const rows = curveRows(single, alpha, base);
  const common: Curve = [Math.log(amplitude[0]!), logKappa[0]!, Math.log(shape[0]!)];
  const prior = curvePrior(single, logMedian);
  let owner = splitByHeight(rows, common, components);
  let curves = owner.map(() => common).slice(0, components), variance = varianceOf(rows, curves, owner);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    curves = Array.from(
      { length: components },
      (_, k) => fitCurve(rowsOf(rows, owner, k), prior, variance, curves[k] ?? common),
    );
    const next = nearest(rows, curves);
    variance = varianceOf(rows, curves, next);
    const settled = next.every((k, i) => k === owner[i]);
    owner = next;
    if (settled) break;
  }
  const order = curves.map((_, k) => k).sort((a, b) => curves[a]![1] - curves[b]![1]);
  const count = (k: number) => owner.filter((own) => own === k).length;
  return {
    curves: order.map((k) => curves[k]!),
    // One row more for each, so that no share is nothing.
    shares: order.map((k) => (count(k) + 1) / (owner.length + components)),
    logMedian,
    noise: Math.sqrt(variance),
  };
}

/**
 * Penalised least squares of one curve.
 *
 * @param variance of the rows about the curve, which weighs them against the prior
 */
export function fitCurve(rows: CurveRows, prior: CurvePrior, variance: number, start: Curve): Curve {
  let at = start, cost = costOf(rows, prior, variance, at);
  for (let i = 0; i < MOST_STEPS; i++) {
    const { matrix, slope } = normalEquations(rows, prior, variance, at);
    const step = vec3d.transformMat3(slope, mat3d.inverse(matrix));
    let share = 1, next = at, reached = Infinity;
    for (let halved = 0; halved <= MOST_HALVINGS && !(reached <= cost); halved++, share /= 2) {
      next = [at[0] + share * step[0]!, at[1] + share * step[1]!, at[2] + share * step[2]!];
      reached = costOf(rows, prior, variance, next);
    }
    if (!(reached <= cost)) break;
    [at, cost] = [next, reached];
    if (Math.hypot(...step) < SMALL_STEP) break;
  }
  return at;
}

/** J'J + variance * the prior's precision, and J'r + variance * what the prior pulls by. */
function normalEquations({ logStock, left }: CurveRows, prior: CurvePrior, variance: number, curve: Curve) {
  const [logAmplitude, logKappa, logShape] = curve, A = Math.exp(logAmplitude), n = Math.exp(logShape);
  let aa = 0, ak = 0, an = 0, kk = 0, kn = 0, nn = 0, ra = 0, rk = 0, rn = 0;
  for (let t = 0; t < left.length; t++) {
    const along = logStock[t]! - logKappa, h = 1 / (1 + Math.exp(-n * along));
    const r = left[t]! - A * h, bend = A * h * (1 - h) * n;
    const byA = A * h, byKappa = -bend, byShape = bend * along;
    aa += byA * byA;
    ak += byA * byKappa;
    an += byA * byShape;
    kk += byKappa * byKappa;
    kn += byKappa * byShape;
    nn += byShape * byShape;
    ra += r * byA;
    rk += r * byKappa;
    rn += r * byShape;
  }
  const precision = prior.sd.map((sd) => variance / (sd * sd));
  const pull = prior.mean.map((mean, i) => precision[i]! * (mean - curve[i]!));
  return {
    matrix: mat3d.create(
      ...[aa + precision[0]!, ak, an],
      ...[ak, kk + precision[1]!, kn],
      ...[an, kn, nn + precision[2]!],
    ),
    slope: vec3d.create(ra + pull[0]!, rk + pull[1]!, rn + pull[2]!),
  };
}

function costOf(rows: CurveRows, { mean, sd }: CurvePrior, variance: number, curve: Curve): number {
  let squares = 0;
  for (let t = 0; t < rows.left.length; t++) squares += residual(rows, curve, t) ** 2;
  return squares / variance + curve.reduce((sum, value, i) => sum + ((value - mean[i]!) / sd[i]!) ** 2, 0);
}

function residual(
  { logStock, left }: CurveRows,
  [logAmplitude, logKappa, logShape]: Curve,
  t: number,
): number {
  return left[t]! - Math.exp(logAmplitude) / (1 + Math.exp(Math.exp(logShape) * (logKappa - logStock[t]!)));
}

function curveRows(single: HillProblem, alpha: number, base: Float64Array): CurveRows {
  const { spend, response, time, baseline, layout: { width: J } } = single;
  const logStock: number[] = [], left: number[] = [];
  let s = 0;
  for (let t = 0; t < spend.length; t++) {
    s = spend[t]! + alpha * s;
    if (!(s > 0)) continue;
    let level = base[0]! + base[1]! * time[t]!;
    for (let j = 0; j < J; j++) level += base[2 + j]! * baseline[t * J + j]!;
    logStock.push(Math.log(s));
    left.push(response[t]! - level);
  }
  return { logStock: Float64Array.from(logStock), left: Float64Array.from(left) };
}

/** Priors of the single curve, all of them normal; kappa's is on its ratio to the median. */
function curvePrior({ coordinates, layout }: HillProblem, logMedian: number): CurvePrior {
  const [A, kappa, n] = [layout.amplitude, layout.kappa, layout.shape].map((i) => coordinates[i]!);
  return { mean: [A!.a, kappa!.a + logMedian, n!.a], sd: [A!.b, kappa!.b, n!.b] };
}

/** Rows in K layers of equal size, by how far they lie above the curve they have in common. */
function splitByHeight(rows: CurveRows, common: Curve, components: number): number[] {
  const heights = Array.from(rows.left, (_, t) => residual(rows, common, t));
  const order = heights.map((_, t) => t).sort((a, b) => heights[a]! - heights[b]!);
  const owner = new Array<number>(heights.length);
  order.forEach((t, rank) => owner[t] = Math.floor(rank * components / heights.length));
  return owner;
}

const nearest = (rows: CurveRows, curves: readonly Curve[]): number[] =>
  Array.from(rows.left, (_, t) => {
    const distances = curves.map((curve) => Math.abs(residual(rows, curve, t)));
    return distances.indexOf(Math.min(...distances));
  });

function rowsOf({ logStock, left }: CurveRows, owner: readonly number[], k: number): CurveRows {
  const own = (_: number, t: number) => owner[t] === k;
  return { logStock: logStock.filter(own), left: left.filter(own) };
}

function varianceOf(rows: CurveRows, curves: readonly Curve[], owner: readonly number[]): number {
  const squares = owner.reduce((sum, k, t) => sum + residual(rows, curves[k]!, t) ** 2, 0);
  return Math.max(squares / owner.length, LEAST_VARIANCE);
}
