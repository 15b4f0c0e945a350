/**
 * From a series and a specification to a problem: standardised data and one prior per unconstrained
 * coordinate. Everything downstream, f64 or f32, reads this and nothing else.
 */
import type { Series } from "../data/series.ts";
import { InputError } from "../errors.ts";
import { moments, type Prior } from "./families.ts";
import { medianTable } from "./median.ts";
import { type Coordinate, type HillProblem, type Layout, layoutOf, PriorFamily } from "./problem.ts";
import type { Priors, Spec } from "./spec.ts";
import {
  baselineColumns,
  baselineValues,
  meanAndSd,
  meanPositive,
  timeIndex,
  variationProblems,
} from "./standardise.ts";

// The median table reaches this many prior standard deviations of logit alpha to either side of its mean:
// alpha 0.006 to 0.994 under Beta(2, 2), all but 2e-4 of its mass.
const TABLE_REACH = 4.5;
// Nearer to 0 or 1 than this alpha might as well be 0 or 1, and a vague prior would only thin out the knots.
const TABLE_LIMIT = 12;

/**
 * Standardises the training rows and lays out the coordinates.
 *
 * Spend is divided by its mean positive value, the response and the controls are centred and divided by their
 * population sd, so that multiplying spend or response by a constant changes nothing here but `units`.
 *
 * @param series training rows alone
 * @throws InputError naming every column that never changes, and spend that is never positive
 */
export function buildProblem(series: Series, spec: Spec): HillProblem {
  const problems = variationProblems(series);
  if (problems.length > 0) throw new InputError(problems);
  const { mean: responseMean, sd: responseSd } = meanAndSd(series.response);
  const spendScale = meanPositive(series.spend);
  const rows = series.response.length;
  const columns = baselineColumns(series, spec.season);
  const layout = layoutOf(spec.components, columns.length);
  const spend = series.spend.map((x) => x / spendScale);
  const response = series.response.map((y) => (y - responseMean) / responseSd);
  const centred = spec.coordinates === "centred" && spec.components > 1;
  return {
    layout,
    rows,
    spend,
    response,
    columns,
    baseline: baselineValues(columns, series.controls.map(({ values }) => values), 0, rows),
    time: timeIndex(rows, 0, rows),
    coordinates: coordinateTable(layout, spec, responseRange(response), centred),
    centred,
    median: medianTable(spend, ...tableRange(spec.priors.alpha)),
    units: { spendScale, responseMean, responseSd },
  };
}

/** Where the median table begins and ends, in logit alpha. */
function tableRange(alpha: Priors["alpha"]): [number, number] {
  const { mean, sd } = moments(beta(alpha));
  return [
    Math.max(mean - TABLE_REACH * sd, -TABLE_LIMIT),
    Math.min(mean + TABLE_REACH * sd, TABLE_LIMIT),
  ];
}

/** Range of the response in standard deviations. */
function responseRange(response: Float64Array): number {
  let low = Infinity, high = -Infinity;
  for (const y of response) {
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  return high - low;
}

/** Prior of every coordinate in the order of {@link Layout}; see problem.ts for what each stands for. */
function coordinateTable(layout: Layout, spec: Spec, range: number, centred: boolean): Coordinate[] {
  const { components: K, width: J } = layout;
  const { priors } = spec;
  const standardise = spec.coordinates === "fully-non-centred";
  // Location-scale coordinates always run as z scores; logit and log ones only when fully non-centred.
  const scaled = (name: string, prior: Prior): Coordinate => at(name, prior, moments(prior));
  const plain = (name: string, prior: Prior): Coordinate =>
    standardise ? scaled(name, prior) : at(name, prior, { mean: 0, sd: 1 });
  const each = (count: number, make: (k: number) => Coordinate): Coordinate[] =>
    Array.from({ length: count }, (_, i) => make(i + 1));
  const perComponent = (letter: "A" | "n"): Coordinate[] => {
    if (K === 1) return [scaled(`ln ${letter}`, logNormal(priors[letter], letter === "A" ? range : 1))];
    return centred
      ? each(K, (k) => plain(`ln ${letter}.${k}`, { family: PriorFamily.hierarchical, a: 0, b: 0 }))
      : each(K, (k) => plain(`z_${letter}.${k}`, normal(0, 1)));
  };

  return [
    plain("logit alpha", beta(priors.alpha)),
    scaled("intercept", normal(priors.intercept.mean, priors.intercept.sd)),
    scaled("slope", normal(priors.slope.mean, priors.slope.sd)),
    ...each(J, (j) => scaled(`gamma.${j}`, normal(priors.gamma.mean, priors.gamma.sd))),
    plain("ln sigma", onLog(priors.sigma)),
    scaled("ln kappa.1 over median", logNormal(priors.kappa, 1)),
    ...each(K - 1, (k) => plain(`ln kappa gap.${k + 1}`, onLog(priors.kappa_gap))),
    ...each(K - 1, (k) => plain(`logit stick.${k}`, stick(priors.sticks, K, k))),
    ...(K === 1 ? [] : [
      scaled("mu_log_A", logNormal(priors.mu_log_A, range)),
      plain("ln sigma_log_A", onLog(priors.sigma_log_A)),
      scaled("mu_log_n", logNormal(priors.mu_log_n, 1)),
      plain("ln sigma_log_n", onLog(priors.sigma_log_n)),
    ]),
    ...perComponent("A"),
    ...perComponent("n"),
  ];
}

function at(name: string, prior: Prior, { mean, sd }: { mean: number; sd: number }): Coordinate {
  return { name, loc: mean, scale: sd, ...prior };
}

function normal(mean: number, sd: number): Prior {
  return { family: PriorFamily.normal, a: mean, b: sd };
}

function beta({ a, b }: { a: number; b: number }): Prior {
  return { family: PriorFamily.betaLogit, a, b };
}

/** LogNormal on the log scale, its median in multiples of `unit`. */
function logNormal({ median, spread }: { median: number; spread: number }, unit: number): Prior {
  return normal(Math.log(median * unit), spread);
}

/** A prior on a positive quantity as one on its logarithm. */
function onLog(prior: Priors["sigma"]): Prior {
  switch (prior.family) {
    case "lognormal":
      return normal(prior.mu, prior.sigma);
    case "half-normal":
      return { family: PriorFamily.halfNormalLog, a: prior.scale, b: 0 };
    case "inverse-gamma":
      return { family: PriorFamily.inverseGammaLog, a: prior.shape, b: prior.scale };
  }
}

/** Stick k of K; Dirichlet weights by stick-breaking (Sethuraman 1994, finite case). */
function stick(prior: Priors["sticks"], K: number, k: number): Prior {
  return prior.family === "beta"
    ? beta(prior)
    : beta({ a: prior.concentration, b: prior.concentration * (K - k) });
}
