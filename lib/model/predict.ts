/**
 * What one draw says about rows of data, in original units: the mean and the log density of each response, the
 * mixture they come from, and the response curve. Rows are the training rows or later ones, on which the
 * adstock state, the time index and the season carry on where the training rows ended.
 */
import type { Series } from "../data/series.ts";
import { InputError } from "../errors.ts";
import { allocateParameters, type Parameters, type Positions, readParameters } from "./parameters.ts";
import type { HillProblem } from "./problem.ts";
import { baselineValues, timeIndex } from "./standardise.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Consecutive rows, standardised by the training constants. */
export interface Rows {
  readonly count: number;
  /** Rows of spend before the first of them, which only build up the adstock state. */
  readonly skip: number;
  readonly spend: Float64Array; // (skip + count)
  readonly response: Float64Array; // (count)
  readonly baseline: Float64Array; // (count, J) row-major
  readonly time: Float64Array; // (count)
}

/** Reusable room for {@link predict}, overwritten by every call; values in original units. */
export interface Prediction {
  readonly parameters: Parameters;
  /** Adstocked spend s_t, (count). */
  readonly adstocked: Float64Array;
  /** Baseline plus expected response: b_t + sum_k pi_k f_k(s_t), (count). */
  readonly mean: Float64Array;
  /** ln p(y_t | draw), assignments summed out, (count). */
  readonly logDensity: Float64Array;
  /** Each row's predictive mixture sum_k weights_k Normal(means_tk, sigma): its means, (count, K) row-major. */
  readonly means: Float64Array;
  readonly weights: Float64Array; // (K)
  sigma: number;
}

/** The training rows themselves. */
export function trainingRows(problem: HillProblem): Rows {
  const { rows, spend, response, baseline, time } = problem;
  return { count: rows, skip: 0, spend, response, baseline, time };
}

/**
 * The rows that follow the training rows directly.
 *
 * @param series those rows alone, with the same controls as the training rows
 * @throws InputError when a control of the training rows is missing
 */
export function laterRows(problem: HillProblem, series: Series): Rows {
  const { spendScale, responseMean, responseSd } = problem.units;
  const count = series.response.length, skip = problem.rows;
  const spend = new Float64Array(skip + count);
  spend.set(problem.spend);
  series.spend.forEach((x, t) => spend[skip + t] = x / spendScale);
  return {
    count,
    skip,
    spend,
    response: series.response.map((y) => (y - responseMean) / responseSd),
    baseline: baselineValues(problem.columns, controlsOf(problem, series), skip, count),
    time: timeIndex(skip, skip, count),
  };
}

function controlsOf(problem: HillProblem, series: Series): Float64Array[] {
  const names = problem.columns.flatMap((column) => column.kind === "control" ? [column.name] : []);
  const found = names.map((name) => series.controls.find((control) => control.name === name));
  const missing = names.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) {
    throw new InputError(missing.map((column) => ({
      where: series.name,
      column,
      message: "the model was fitted with this control; later rows need its values too.",
    })));
  }
  return found.map((control) => control!.values);
}

/** Room to predict `rows`. */
export function allocatePrediction(problem: HillProblem, { count }: Rows): Prediction {
  const K = problem.layout.components;
  return {
    parameters: allocateParameters(problem.layout),
    adstocked: new Float64Array(count),
    mean: new Float64Array(count),
    logDensity: new Float64Array(count),
    means: new Float64Array(count * K),
    weights: new Float64Array(K),
    sigma: NaN,
  };
}

/** Predicts `rows` from the draw at `u[uOffset ..]`. Allocates nothing. */
export function predict(
  problem: HillProblem,
  rows: Rows,
  u: Positions,
  uOffset: number,
  out: Prediction,
): void {
  const { parameters, weights } = out;
  readParameters(problem, u, uOffset, parameters);
  const { alpha, base, sigma, inverseSigma, logKappa, logWeight, amplitude, shape } = parameters;
  const { spendScale, responseMean, responseSd } = problem.units;
  const K = weights.length, J = base.length - 2;
  for (let k = 0; k < K; k++) weights[k] = Math.exp(logWeight[k]);
  out.sigma = responseSd * sigma;
  const logScale = HALF_LOG_TWO_PI + Math.log(sigma) + Math.log(responseSd);

  let s = 0;
  for (let t = 0; t < rows.skip; t++) s = rows.spend[t] + alpha * s;
  for (let t = 0; t < rows.count; t++) {
    s = rows.spend[rows.skip + t] + alpha * s;
    const logS = Math.log(s);
    let level = base[0] + base[1] * rows.time[t];
    for (let j = 0; j < J; j++) level += base[2 + j] * rows.baseline[t * J + j];

    let response = 0, highest = -Infinity, total = 0; // total = sum_k exp(w_k - highest)
    for (let k = 0; k < K; k++) {
      const f = amplitude[k] * hill(logS, logKappa[k], shape[k]);
      response += weights[k] * f;
      out.means[t * K + k] = responseMean + responseSd * (level + f);
      const r = (rows.response[t] - level - f) * inverseSigma;
      const w = logWeight[k] - 0.5 * r * r;
      if (w > highest) {
        total = total * Math.exp(highest - w) + 1;
        highest = w;
      } else if (w > -Infinity) {
        total += Math.exp(w - highest);
      }
    }
    out.adstocked[t] = spendScale * s;
    out.mean[t] = responseMean + responseSd * (level + response);
    out.logDensity[t] = highest + Math.log(total) - logScale;
  }
}

/**
 * The total response curve of one draw, sum_k pi_k f_k(s), at given levels of adstocked spend.
 *
 * @param scratch of `allocateParameters`
 * @param adstocked levels in original units, >= 0
 * @param out response above the baseline at each level, original units, from `outOffset` on
 */
export function responseCurve(
  problem: HillProblem,
  scratch: Parameters,
  u: Positions,
  uOffset: number,
  adstocked: Float64Array,
  out: Float64Array,
  outOffset: number,
): void {
  readParameters(problem, u, uOffset, scratch);
  const { logKappa, logWeight, amplitude, shape } = scratch;
  const { spendScale, responseSd } = problem.units;
  for (let i = 0; i < adstocked.length; i++) {
    const logS = Math.log(adstocked[i] / spendScale);
    let sum = 0;
    for (let k = 0; k < logKappa.length; k++) {
      sum += Math.exp(logWeight[k]) * amplitude[k] * hill(logS, logKappa[k], shape[k]);
    }
    out[outOffset + i] = responseSd * sum;
  }
}

/** s^n / (kappa^n + s^n) from logarithms; 0 at s = 0, where ln s is -Infinity. */
function hill(logS: number, logKappa: number, n: number): number {
  return 1 / (1 + Math.exp(n * (logKappa - logS)));
}
