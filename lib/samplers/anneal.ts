/**
 * Annealed start: chains begin at independent prior draws and follow the likelihood as it is switched on, so
 * that they arrive where the posterior is with the pooled metric already learned. No chain is copied or
 * dropped: they stay independent, and chains that end in different modes show it in R-hat.
 */

/** Share of the population's effective size each rise of beta may cost (conditional ESS; Zhou, Johansen &
 * Aston 2016, "Toward automatic model comparison", JCGS 25, section 3.3; 0.5 as in blackjax and PyMC). */
const KEEP = 0.5;
/** Gain of the step-size search while beta still moves: constant, because its target moves too. */
const GAIN = 1.5;
const TARGET_ACCEPTANCE = 0.75;

/** Effective size of weights exp(rise * logLik), as a share of their number. */
export function conditionalSize(logLik: Float64Array, rise: number): number {
  let highest = -Infinity;
  for (const value of logLik) highest = Math.max(highest, rise * value);
  let sum = 0, squares = 0;
  for (const value of logLik) {
    const w = Math.exp(rise * value - highest);
    sum += w;
    squares += w * w;
  }
  return sum * sum / squares / logLik.length;
}

/**
 * The next inverse temperature: as far as the population allows, and never so little that the remaining
 * batches could not reach 1 by equal ratios.
 *
 * @param beta current inverse temperature
 * @param logLik log likelihoods of the problem's chains now
 * @param remaining batches left in the phase, this one included
 */
export function nextBeta(beta: number, logLik: Float64Array, remaining: number): number {
  if (remaining <= 1) return 1;
  const finite = logLik.filter(Number.isFinite);
  let low = 0, high = 1 - beta;
  if (finite.length > 1 && conditionalSize(finite, high) < KEEP) {
    for (let i = 0; i < 50; i++) {
      const middle = 0.5 * (low + high);
      if (conditionalSize(finite, middle) < KEEP) high = middle;
      else low = middle;
    }
  } else low = high;
  const slowest = beta > 0 ? beta ** (1 - 1 / remaining) : 0;
  return Math.min(1, Math.max(beta + low, slowest));
}

/** The next step size from the mean acceptance at this one. */
export function annealStep(stepSize: number, acceptance: number): number {
  return stepSize * Math.exp(GAIN * (acceptance - TARGET_ACCEPTANCE));
}
