/**
 * Hamiltonian Monte Carlo in f64: the reference of kernels/samplers/hmc.wgsl, step for step and with the same
 * random numbers (Neal 2011, "MCMC using Hamiltonian dynamics"). Momentum lives in whitened space:
 * position = F * whitened position, F the Cholesky factor of the inverse metric, momentum ~ Normal(0, I).
 */
import type { Tuning } from "../engine/ensemble.ts";
import type { Density } from "../model/target.ts";
import { philox, Purpose, wordsToNormals, wordToUniform } from "../random.ts";
import { jitterOf } from "./trajectory.ts";

/** Energy error past which a trajectory counts as divergent (Stan's base_nuts.hpp). */
const DIVERGENCE = 1000;

/** What a chain carries: where it is, and the density there. */
export interface HmcState {
  readonly position: Float64Array; // (D)
  readonly gradient: Float64Array; // (D) of log prior + beta * log likelihood
  readonly logPrior: number;
  readonly logLik: number;
}

/** What one transition is known by. */
export interface HmcInfo {
  readonly acceptance: number;
  readonly accepted: boolean;
  readonly energy: number;
  readonly diverging: boolean;
  /** Change of the Hamiltonian over the trajectory. */
  readonly energyError: number;
  readonly cheesGradient: number;
}

/** The state at a position (D). */
export function initHmc(density: Density, position: Float64Array, beta: number): HmcState {
  const gradient = new Float64Array(position.length);
  density.evaluate(position, 0, beta, gradient, 0);
  return { position: position.slice(), gradient, logPrior: density.logPrior, logLik: density.logLik };
}

/**
 * One transition.
 *
 * @param chain index of the chain in its ensemble, for the random numbers
 * @param counter index of the transition since the ensemble began
 * @param steps leapfrog steps
 */
export function stepHmc(
  density: Density,
  state: HmcState,
  tuning: Tuning,
  key: readonly [number, number],
  chain: number,
  counter: number,
  steps: number,
): readonly [HmcState, HmcInfo] {
  const dim = state.position.length, { beta } = tuning;
  const momentum = drawMomentum(dim, key, chain, counter);
  const [acceptWord, jitterWord] = philox([chain, counter, 0, Purpose.accept], key);
  const jitter = stepJitter(wordToUniform(jitterWord));
  const startEnergy = 0.5 * squaredNorm(momentum) - (state.logPrior + beta * state.logLik);
  const end = leapfrog(density, state, { ...tuning, stepSize: jitter * tuning.stepSize }, momentum, steps);
  const endEnergy = 0.5 * squaredNorm(momentum) - (end.logPrior + beta * end.logLik);
  const energyError = endEnergy - startEnergy, finite = Number.isFinite(energyError);
  const acceptance = finite ? Math.exp(Math.min(0, -energyError)) : 0;
  const accepted = finite && wordToUniform(acceptWord) < acceptance;

  const from = whiten(tuning, state.position), to = whiten(tuning, end.position);
  const gain = squaredNorm(to) - squaredNorm(from);
  const cheesGradient = jitterOf(counter) * jitter * gain * dot(to, momentum);
  return [accepted ? end : state, {
    acceptance,
    accepted,
    energy: accepted ? endEnergy : startEnergy,
    diverging: !finite || energyError > DIVERGENCE,
    energyError,
    cheesGradient: Number.isFinite(cheesGradient) ? cheesGradient : 0,
  }];
}

/**
 * Factor of one chain's step size in one transition, from 1 down to 1/8, v uniform on (0, 1): a chain in a corner
 * too curved for the common step gets out on one of its short ones. Independent of the state, so detailed balance
 * holds.
 */
function stepJitter(v: number): number {
  return Math.exp(-3 * Math.LN2 * v ** 3);
}

/** Moves along a trajectory of `steps` leapfrogs; `momentum` is moved in place. */
export function leapfrog(
  density: Density,
  state: HmcState,
  { stepSize, factor, beta }: Pick<Tuning, "stepSize" | "factor" | "beta">,
  momentum: Float64Array,
  steps: number,
): HmcState {
  const position = state.position.slice(), gradient = state.gradient.slice();
  kick(momentum, factor, gradient, 0.5 * stepSize);
  for (let step = 1; step <= steps; step++) {
    drift(position, factor, momentum, stepSize);
    density.evaluate(position, 0, beta, gradient, 0);
    kick(momentum, factor, gradient, step === steps ? 0.5 * stepSize : stepSize);
  }
  return { position, gradient, logPrior: density.logPrior, logLik: density.logLik };
}

/** Standard normal momentum, four coordinates per counter block. */
export function drawMomentum(
  dim: number,
  key: readonly [number, number],
  chain: number,
  counter: number,
): Float64Array {
  const momentum = new Float64Array(dim);
  for (let block = 0; 4 * block < dim; block++) {
    const [a, b, c, d] = philox([chain, counter, block, Purpose.momentum], key);
    [...wordsToNormals(a, b), ...wordsToNormals(c, d)].forEach((normal, i) => {
      if (4 * block + i < dim) momentum[4 * block + i] = normal;
    });
  }
  return momentum;
}

/** momentum += scale * F^T gradient. */
function kick(momentum: Float64Array, factor: Float64Array, gradient: Float64Array, scale: number): void {
  const dim = momentum.length;
  for (let j = 0; j < dim; j++) {
    let sum = 0;
    for (let i = j; i < dim; i++) sum += factor[i * dim + j]! * gradient[i]!;
    momentum[j]! += scale * sum;
  }
}

/** position += scale * F momentum. */
function drift(position: Float64Array, factor: Float64Array, momentum: Float64Array, scale: number): void {
  const dim = position.length;
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += factor[i * dim + j]! * momentum[j]!;
    position[i]! += scale * sum;
  }
}

/** F^-1 (position - centre). */
function whiten({ factor, centre }: Tuning, position: Float64Array): Float64Array {
  const dim = position.length, white = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let value = position[i]! - centre[i]!;
    for (let j = 0; j < i; j++) value -= factor[i * dim + j]! * white[j]!;
    white[i] = value / factor[i * dim + i]!;
  }
  return white;
}

export function squaredNorm(v: Float64Array): number {
  return dot(v, v);
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
