/**
 * The f64 reference of the Hill-mixture density, and the cpu engine's hot path: log prior, log likelihood with
 * the assignments summed out, and the hand-derived gradient of log prior + beta * log likelihood, in one pass
 * over the rows and without allocation.
 *
 *   s_t = x_t + alpha s_{t-1}                       f_k(s) = A_k logistic(n_k (ln s - ln kappa_k)), f_k(0) = 0
 *   y_t ~ sum_k pi_k Normal(b_t + f_k(s_t), sigma)  b_t = intercept + slope tau_t + sum_j gamma_j c_tj
 */
import { logKernel, logKernelSlope, logNormaliser } from "./families.ts";
import { allocateParameters, type Parameters, readParameters } from "./parameters.ts";
import { type HillProblem, PriorFamily } from "./problem.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
// The product of the rows' softmax sums, each at most K = 8, goes into its logarithm before it can overflow.
const PRODUCT_LIMIT = 1e300;

/** Scratch space of {@link hillDensity} for one problem, and its last values. One per thread of work. */
export interface HillWorkspace {
  readonly problem: HillProblem;
  readonly parameters: Parameters;
  /** Sum of the normalising constants of all priors and of ln scale, the Jacobian of phi = loc + scale u. */
  readonly priorConstant: number;
  /** Log prior density of u, normalised. */
  logPrior: number;
  /** Log likelihood in standardised units; in original units subtract rows * ln responseSd. */
  logLik: number;

  // One row: Hill values, standardised residuals, log then plain responsibilities, (K).
  readonly hill: Float64Array;
  readonly residual: Float64Array;
  readonly weight: Float64Array;
  // Sums over rows of derivatives of the log likelihood.
  byLogAlpha: number; // d / d alpha through s_t
  squares: number; // sum of responsibility * residual^2
  readonly byBase: Float64Array; // (2 + J)
  readonly byAmplitude: Float64Array; // (K) d / d A_k
  readonly byShape: Float64Array; // (K) d / d n_k
  readonly byLocation: Float64Array; // (K) -d / d ln kappa_k, over n_k
  readonly share: Float64Array; // (K) sum of responsibilities
}

/** Scratch space for `problem`. */
export function hillWorkspace(problem: HillProblem): HillWorkspace {
  const { components: K, width: J } = problem.layout;
  const block = (length: number) => new Float64Array(length);
  return {
    problem,
    parameters: allocateParameters(problem.layout),
    priorConstant: problem.coordinates.reduce(
      (sum, each) => sum + logNormaliser(each) + Math.log(each.scale),
      0,
    ),
    logPrior: NaN,
    logLik: NaN,
    hill: block(K),
    residual: block(K),
    weight: block(K),
    byLogAlpha: 0.5,
    squares: 0.5,
    byBase: block(2 + J),
    byAmplitude: block(K),
    byShape: block(K),
    byLocation: block(K),
    share: block(K),
  };
}

/**
 * Evaluates the density at `u[uOffset ..]`: sets `work.logPrior` and `work.logLik` and writes the gradient of
 * log prior + beta * log likelihood to `gradient[gradientOffset ..]`, all with respect to u. Where the density
 * underflows f64 the values are -Infinity, and the gradient is not meaningful.
 */
export function hillDensity(
  work: HillWorkspace,
  u: Float64Array,
  uOffset: number,
  beta: number,
  gradient: Float64Array,
  gradientOffset: number,
): void {
  const { problem, parameters } = work;
  readParameters(problem, u, uOffset, parameters);
  addPrior(work, gradient, gradientOffset);
  passOverRows(work);
  addLikelihood(work, beta, gradient, gradientOffset);
  for (let i = 0; i < problem.layout.dim; i++) gradient[gradientOffset + i] *= problem.coordinates[i].scale;
}

/** Sets the log prior, and the gradient to that of the prior with respect to phi. */
function addPrior(work: HillWorkspace, gradient: Float64Array, at: number): void {
  const { coordinates, layout, centred } = work.problem;
  const { natural, location, spread } = work.parameters;
  let sum = work.priorConstant;
  for (let i = 0; i < layout.dim; i++) {
    const { family, a, b } = coordinates[i];
    if (family === PriorFamily.normal) { // by far the most
      const z = (natural[i] - a) / b;
      sum -= 0.5 * z * z;
      gradient[at + i] = -z / b;
    } else {
      sum += logKernel(family, a, b, natural[i]);
      gradient[at + i] = logKernelSlope(family, a, b, natural[i]);
    }
  }
  if (centred) {
    for (let block = 0; block < 2; block++) {
      const mu = layout.hyper + 2 * block, logSpread = mu + 1;
      const start = block === 0 ? layout.amplitude : layout.shape;
      for (let i = start; i < start + layout.components; i++) {
        const z = (natural[i] - location[block]) / spread[block];
        sum -= 0.5 * z * z + natural[logSpread];
        gradient[at + i] -= z / spread[block];
        gradient[at + mu] += z / spread[block];
        gradient[at + logSpread] += z * z - 1;
      }
    }
  }
  work.logPrior = sum;
}

/** The one pass over t: sets the log likelihood and the sums its gradient is made of. */
function passOverRows(work: HillWorkspace): void {
  const { problem, hill, residual, weight, byBase, byAmplitude, byShape, byLocation, share } = work;
  const { spend, response, baseline, time, rows } = problem;
  const { alpha, base, inverseSigma, logKappa, logWeight, amplitude, shape } = work.parameters;
  const K = hill.length, J = base.length - 2;
  const logSigma = work.parameters.natural[problem.layout.sigma];
  byBase.fill(0);
  byAmplitude.fill(0);
  byShape.fill(0);
  byLocation.fill(0);
  share.fill(0);

  let s = 0, ds = 0; // s_{t-1} and its derivative with respect to alpha
  let maxima = 0, logs = 0, product = 1; // log likelihood = sum of maxima + ln of the softmax sums
  let squares = 0, byAlpha = 0, byIntercept = 0, bySlope = 0;
  for (let t = 0; t < rows; t++) {
    ds = s + alpha * ds;
    s = spend[t] + alpha * s;
    const positive = s > 0, logS = positive ? Math.log(s) : 0, tau = time[t];
    let left = response[t] - base[0] - base[1] * tau;
    for (let j = 0; j < J; j++) left -= base[2 + j] * baseline[t * J + j];

    let highest = -Infinity, best = 0;
    for (let k = 0; k < K; k++) {
      const h = positive ? 1 / (1 + Math.exp(shape[k] * (logKappa[k] - logS))) : 0;
      const r = (left - amplitude[k] * h) * inverseSigma;
      const w = logWeight[k] - 0.5 * r * r;
      hill[k] = h;
      residual[k] = r;
      weight[k] = w;
      if (w > highest) {
        highest = w;
        best = k;
      }
    }
    if (highest === -Infinity) { // nothing near this row: the density has underflowed
      maxima = -Infinity;
      break;
    }
    let total = 1;
    for (let k = 0; k < K; k++) {
      if (k === best) weight[k] = 1;
      else total += weight[k] = Math.exp(weight[k] - highest);
    }
    maxima += highest;
    product *= total;
    if (product > PRODUCT_LIMIT) {
      logs += Math.log(product);
      product = 1;
    }

    let pull = 0, byLogS = 0; // d / d mean and d / d ln s_t of this row's log likelihood
    for (let k = 0; k < K; k++) {
      if (weight[k] === 0) continue; // its residual may be infinite
      const rho = weight[k] / total, r = residual[k], h = hill[k];
      const c = rho * r * inverseSigma, ch = c * h;
      const q = ch * amplitude[k] * (1 - h);
      pull += c;
      byLogS += shape[k] * q;
      squares += rho * r * r;
      byAmplitude[k] += ch;
      byShape[k] += q * (logS - logKappa[k]);
      byLocation[k] += q;
      share[k] += rho;
    }
    if (positive) byAlpha += byLogS * ds / s;
    byIntercept += pull;
    bySlope += pull * tau;
    for (let j = 0; j < J; j++) byBase[2 + j] += pull * baseline[t * J + j];
  }
  byBase[0] = byIntercept;
  byBase[1] = bySlope;
  work.byLogAlpha = byAlpha;
  work.squares = squares;
  work.logLik = maxima + logs + Math.log(product) - rows * (logSigma + HALF_LOG_TWO_PI);
}

/** Adds beta times the likelihood's gradient with respect to phi, by the chain rule from the row sums. */
function addLikelihood(work: HillWorkspace, beta: number, gradient: Float64Array, at: number): void {
  const { problem, byBase, byAmplitude, byShape, byLocation, share } = work;
  const { layout, centred } = problem;
  const { natural, alpha, gap, stick, spread, amplitude, shape, logMedianSlope } = work.parameters;
  const K = layout.components, scored = K > 1 && !centred;

  gradient[at + layout.sigma] += beta * (work.squares - problem.rows);
  for (let j = 0; j < byBase.length; j++) gradient[at + 1 + j] += beta * byBase[j];

  let byKappa = 0; // sum over components from k on of d / d ln kappa: kappa_k moves all later ones
  let later = 0; // responsibilities of the components after k
  for (let k = K - 1; k >= 0; k--) {
    byKappa -= shape[k] * byLocation[k];
    gradient[at + layout.kappa + k] += beta * byKappa * (k === 0 ? 1 : gap[k]);
    if (k < K - 1) gradient[at + layout.sticks + k] += beta * (share[k] * (1 - stick[k]) - later * stick[k]);
    later += share[k];
    for (let block = 0; block < 2; block++) {
      const i = (block === 0 ? layout.amplitude : layout.shape) + k;
      const byLog = beta * (block === 0 ? amplitude[k] * byAmplitude[k] : shape[k] * byShape[k]);
      if (scored) {
        const scaled = spread[block] * byLog;
        gradient[at + i] += scaled;
        gradient[at + layout.hyper + 2 * block] += byLog;
        gradient[at + layout.hyper + 2 * block + 1] += scaled * natural[i];
      } else {
        gradient[at + i] += byLog;
      }
    }
  }
  gradient[at] += beta * (work.byLogAlpha * alpha * (1 - alpha) + byKappa * logMedianSlope);
}
