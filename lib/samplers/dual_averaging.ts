/**
 * Step-size adaptation by dual averaging: Hoffman & Gelman 2014, "The No-U-Turn Sampler", JMLR 15, section 3.2,
 * with Stan's constants (stepsize_adaptation.hpp).
 */

const GAMMA = 0.05; // shrinkage towards mu
const T0 = 10; // early iterations are damped
const KAPPA = 0.75; // decay of the averaging weight

/** What is carried from one update to the next. */
export interface DualAveraging {
  readonly count: number;
  /** Log of the step size that those tried are drawn to. */
  readonly mu: number;
  readonly error: number;
  readonly logStep: number;
  readonly logAveraged: number;
}

/**
 * @param boldness how many times larger than the first step the sizes tried are drawn to be: 10 where that step is a
 * guess, because the large side is cheap to try; 1 where it comes from an earlier adaptation
 */
export function initDualAveraging(stepSize: number, boldness = 10): DualAveraging {
  const logStep = Math.log(stepSize);
  return { count: 0, mu: Math.log(boldness) + logStep, error: 0, logStep, logAveraged: logStep };
}

/** One update: `acceptance` seen at the current step, against the `target` wanted. */
export function stepDualAveraging(state: DualAveraging, acceptance: number, target: number): DualAveraging {
  const count = state.count + 1;
  const weight = 1 / (count + T0);
  const error = (1 - weight) * state.error + weight * (target - acceptance);
  const logStep = state.mu - Math.sqrt(count) / GAMMA * error;
  const averaging = count ** -KAPPA;
  const logAveraged = averaging * logStep + (1 - averaging) * state.logAveraged;
  return { count, mu: state.mu, error, logStep, logAveraged };
}
