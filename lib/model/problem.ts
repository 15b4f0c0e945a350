/**
 * A problem: one standardised data set with one prior, ready for any engine. Everything here is plain data
 * (structured-cloneable), in f64, made by {@link "./priors.ts"} and read by the f64 reference density and by
 * the kernels alike, so that both compute the same thing from the same numbers.
 *
 * ## Coordinates
 * A position is a vector u of D unconstrained coordinates. Each has a *natural* value phi = loc + scale * u
 * on which its prior is stated; natural values map to the model's standardised parameters:
 *
 * | index | natural phi | parameter |
 * |---|---|---|
 * | 0 | logit alpha | alpha |
 * | 1, 2 | intercept, slope | in units of sd y |
 * | 3 .. 2+J | gamma_j | in units of sd y |
 * | 3+J | ln sigma | in units of sd y |
 * | 4+J | ln kappa_1 - ln median(s(alpha)) | ln kappa_1 |
 * | then K-1 | ln (ln kappa_k - ln kappa_{k-1}) | ln kappa_k |
 * | then K-1 | logit v_k | ln pi_k by stick-breaking |
 * | then 4 (K >= 2 only) | mu_log_A, ln sigma_log_A, mu_log_n, ln sigma_log_n | |
 * | then K | z_k, or ln A_k when `centred` or K = 1 | ln A_k (units of sd y) |
 * | then K | z_k, or ln n_k when `centred` or K = 1 | ln n_k |
 */

/** Families of prior on a natural coordinate, Jacobian included; `a` and `b` as named. */
export const PriorFamily = {
  /** Normal(mean a, sd b) on phi. Serves Normal and LogNormal priors. */
  normal: 0,
  /** Beta(a, b) on logistic(phi). */
  betaLogit: 1,
  /** HalfNormal(scale a) on exp(phi); b unused. */
  halfNormalLog: 2,
  /** InverseGamma(shape a, scale b) on exp(phi). */
  inverseGammaLog: 3,
  /** Normal(mu, spread) given the hyperparameters of its block, on phi; only when `centred`. */
  hierarchical: 4,
} as const;
export type PriorFamily = typeof PriorFamily[keyof typeof PriorFamily];

/** One unconstrained coordinate and its prior. */
export interface Coordinate {
  /** Name for messages, such as `logit alpha` or `z_A.2`. */
  readonly name: string;
  /** phi = loc + scale * u. */
  readonly loc: number;
  readonly scale: number;
  readonly family: PriorFamily;
  readonly a: number;
  readonly b: number;
}

/** Start indices of each block in a position; `hyper` is -1 at K = 1. */
export interface Layout {
  readonly components: number;
  /** Number of gamma coefficients (controls and season terms), J. */
  readonly width: number;
  readonly dim: number;
  readonly sigma: number;
  readonly kappa: number;
  readonly sticks: number;
  readonly hyper: number;
  readonly amplitude: number;
  readonly shape: number;
}

/** Where each block starts for K components and J baseline columns. */
export function layoutOf(components: number, width: number): Layout {
  const sigma = 3 + width;
  const kappa = sigma + 1;
  const sticks = kappa + components;
  const afterSticks = sticks + components - 1;
  const hyper = components > 1 ? afterSticks : -1;
  const amplitude = afterSticks + (components > 1 ? 4 : 0);
  const shape = amplitude + components;
  return { components, width, dim: shape + components, sigma, kappa, sticks, hyper, amplitude, shape };
}

/** Table of ln median(s(alpha)) over logit alpha, standardised spend; cubic Hermite between knots. */
export interface MedianTable {
  /** logit alpha of the first knot, and the distance between knots; constant beyond the ends. */
  readonly start: number;
  readonly step: number;
  /** ln median at each knot. */
  readonly values: Float64Array;
}

/** Original units of standardised quantities. */
export interface Units {
  /** Standardised spend = spend / spendScale. */
  readonly spendScale: number;
  /** Standardised response = (response - responseMean) / responseSd. */
  readonly responseMean: number;
  readonly responseSd: number;
}

/** What a baseline column after intercept and slope holds, and how later rows get theirs. */
export type BaselineColumn =
  /** Standardised value = (value - mean) / sd, constants of the training rows. */
  | { readonly kind: "control"; readonly name: string; readonly mean: number; readonly sd: number }
  /** Sine or cosine of 2 pi row / period, the row counted from the first training row. */
  | { readonly kind: "sine" | "cosine"; readonly name: string; readonly period: number };

/** One data set and one prior. */
export interface HillProblem {
  readonly layout: Layout;
  /** Training rows, T. */
  readonly rows: number;
  readonly spend: Float64Array; // (T) standardised
  readonly response: Float64Array; // (T) standardised
  /** What each column of `baseline` holds, (J). */
  readonly columns: readonly BaselineColumn[];
  /** Baseline columns after intercept and slope, standardised, (T, J) row-major. */
  readonly baseline: Float64Array;
  /** Time index standardised over the training rows, (T). */
  readonly time: Float64Array;
  readonly coordinates: readonly Coordinate[]; // (D)
  /** Whether ln A_k and ln n_k are coordinates themselves. Ignored at K = 1, where they always are. */
  readonly centred: boolean;
  readonly median: MedianTable;
  readonly units: Units;
}
