/**
 * From a position of unconstrained coordinates to the model's parameters: standardised for the density, and in
 * original units with their names for everyone else.
 */
import { type MedianValue, readMedian } from "./median.ts";
import type { HillProblem, Layout } from "./problem.ts";
import { logistic, logSigmoid } from "./special.ts";

/** Positions as either engine gives them; a vector starts at an offset. */
export type Positions = Float64Array | Float32Array;

/** Parameters of one draw on the standardised scale; a reusable record of scratch space. */
export interface Parameters extends MedianValue {
  /** phi = loc + scale * u, (D). */
  readonly natural: Float64Array;
  alpha: number;
  /** Intercept, slope, gamma_j, (2 + J). */
  readonly base: Float64Array;
  sigma: number;
  inverseSigma: number;
  readonly logKappa: Float64Array; // (K)
  /** ln kappa_k - ln kappa_{k-1}, 0 at k = 0, (K). */
  readonly gap: Float64Array;
  /** Stick fractions v_k, (K); the last is unused. */
  readonly stick: Float64Array;
  readonly logWeight: Float64Array; // (K) ln pi_k
  /** mu_log_A, mu_log_n; 0 at K = 1. */
  readonly location: Float64Array; // (2)
  /** sigma_log_A, sigma_log_n; 1 at K = 1. */
  readonly spread: Float64Array; // (2)
  readonly amplitude: Float64Array; // (K) A_k
  readonly shape: Float64Array; // (K) n_k
}

/** Room for the parameters of a layout. */
export function allocateParameters({ components: K, width: J, dim }: Layout): Parameters {
  const block = (length: number) => new Float64Array(length);
  return {
    natural: block(dim),
    alpha: 0.5,
    logMedian: 0.5,
    logMedianSlope: 0.5,
    base: block(2 + J),
    sigma: 0.5,
    inverseSigma: 0.5,
    logKappa: block(K),
    gap: block(K),
    stick: block(K),
    logWeight: block(K),
    location: block(2),
    spread: block(2).fill(1),
    amplitude: block(K),
    shape: block(K),
  };
}

// Positive parameters stop here and at the inverse, so that products with and quotients of an exact 0 stay 0
// where exp() would overflow or vanish.
const LARGEST = 1e300;

function boundedExp(x: number): number {
  return Math.min(Math.max(Math.exp(x), 1 / LARGEST), LARGEST);
}

/** Reads the standardised parameters at `u[uOffset ..]`. Allocates nothing. */
export function readParameters(problem: HillProblem, u: Positions, uOffset: number, into: Parameters): void {
  const { layout, coordinates } = problem;
  const K = layout.components;
  const { natural, base, logKappa, gap, stick, logWeight, location, spread } = into;
  for (let i = 0; i < layout.dim; i++) {
    natural[i] = coordinates[i].loc + coordinates[i].scale * u[uOffset + i];
  }

  into.alpha = logistic(natural[0]);
  for (let j = 0; j < base.length; j++) base[j] = natural[1 + j];
  into.sigma = boundedExp(natural[layout.sigma]);
  into.inverseSigma = boundedExp(-natural[layout.sigma]);

  readMedian(problem.median, natural[0], into);
  logKappa[0] = into.logMedian + natural[layout.kappa];
  for (let k = 1; k < K; k++) {
    gap[k] = boundedExp(natural[layout.kappa + k]);
    logKappa[k] = logKappa[k - 1] + gap[k];
  }

  let rest = 0; // ln of what is left of the unit stick
  for (let k = 0; k < K - 1; k++) {
    const phi = natural[layout.sticks + k];
    stick[k] = logistic(phi);
    logWeight[k] = rest + logSigmoid(phi);
    rest += logSigmoid(-phi);
  }
  logWeight[K - 1] = rest;

  const scored = K > 1 && !problem.centred; // ln A_k = mu + spread z_k
  for (let block = 0; block < 2; block++) {
    if (K > 1) {
      location[block] = natural[layout.hyper + 2 * block];
      spread[block] = boundedExp(natural[layout.hyper + 2 * block + 1]);
    }
    const start = block === 0 ? layout.amplitude : layout.shape;
    const values = block === 0 ? into.amplitude : into.shape;
    for (let k = 0; k < K; k++) {
      const phi = natural[start + k];
      values[k] = boundedExp(scored ? location[block] + spread[block] * phi : phi);
    }
  }
}

/**
 * Names of the constrained parameters, in the order of {@link constrain} and of `draws.csv`: alpha, intercept,
 * slope, gamma.1 .. gamma.J, sigma, A.1 .. A.K, n.*, kappa.*, pi.*, and for K >= 2 mu_log_A, sigma_log_A,
 * mu_log_n, sigma_log_n. Column j of `problem.columns` says what gamma.j belongs to.
 */
export function parameterNames({ components: K, width: J }: Layout): string[] {
  const each = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}.${i + 1}`);
  return [
    "alpha",
    "intercept",
    "slope",
    ...each("gamma", J),
    "sigma",
    ...each("A", K),
    ...each("n", K),
    ...each("kappa", K),
    ...each("pi", K),
    ...(K > 1 ? ["mu_log_A", "sigma_log_A", "mu_log_n", "sigma_log_n"] : []),
  ];
}

/**
 * Writes the parameters in original units to `out[outOffset ..]`, in the order of {@link parameterNames}:
 * intercept, slope, gamma, sigma and A in units of the response (slope per sd of the time index, gamma per sd
 * of its control), kappa in units of adstocked spend, mu_log_A the mean log amplitude in response units.
 *
 * @param scratch of {@link allocateParameters}; holds the standardised parameters afterwards
 */
export function constrain(
  problem: HillProblem,
  scratch: Parameters,
  u: Positions,
  uOffset: number,
  out: Float64Array,
  outOffset: number,
): void {
  readParameters(problem, u, uOffset, scratch);
  const { responseMean, responseSd, spendScale } = problem.units;
  const { components: K } = problem.layout;
  let i = outOffset;
  out[i++] = scratch.alpha;
  out[i++] = responseMean + responseSd * scratch.base[0];
  for (let j = 1; j < scratch.base.length; j++) out[i++] = responseSd * scratch.base[j];
  out[i++] = responseSd * scratch.sigma;
  for (let k = 0; k < K; k++) out[i++] = responseSd * scratch.amplitude[k];
  for (let k = 0; k < K; k++) out[i++] = scratch.shape[k];
  for (let k = 0; k < K; k++) out[i++] = spendScale * Math.exp(scratch.logKappa[k]);
  for (let k = 0; k < K; k++) out[i++] = Math.exp(scratch.logWeight[k]);
  if (K > 1) {
    out[i++] = scratch.location[0] + Math.log(responseSd);
    out[i++] = scratch.spread[0];
    out[i++] = scratch.location[1];
    out[i++] = scratch.spread[1];
  }
}
