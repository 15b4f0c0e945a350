/**
 * Annealed start: chains begin near prior draws and follow the likelihood as it is switched on, a sequential Monte
 * Carlo sampler (Del Moral, Doucet & Jasra 2006, JRSS-B 68) whose population is cut into islands. Within an island
 * chains that fall behind are replaced by copies of those that do not, so that none is left in a corner of
 * negligible weight; between islands nothing is ever exchanged, so that islands which settle on different modes
 * show it in R-hat.
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

/** Chains of an island; all of a problem's chains when there are fewer than two islands' worth. */
const ISLAND = 8;

/** Log weights of the chains since their island was last resampled, and whom each chain is to copy now. */
export interface Reweighted {
  readonly logWeights: Float64Array; // (chains)
  /** Index of the chain to copy, its own where it stays; undefined when every chain stays. */
  readonly ancestors: readonly number[] | undefined;
}

/**
 * Weighs chains for a rise of beta, and resamples the islands whose effective size has fallen under half
 * (systematic resampling; Douc, Cappe & Moulines 2005).
 *
 * @param uniform one number in (0, 1) per island, as many as there may be chains
 */
export function reweigh(
  logWeights: Float64Array,
  logLik: Float64Array,
  rise: number,
  uniform: readonly number[],
): Reweighted {
  const chains = logLik.length, islands = Math.max(1, Math.floor(chains / ISLAND));
  const next = logWeights.map((w, c) => Number.isFinite(logLik[c]!) ? w + rise * logLik[c]! : -Infinity);
  const ancestors = Array.from({ length: chains }, (_, c) => c);
  for (let island = 0; island < islands; island++) {
    const first = Math.floor(island * chains / islands), end = Math.floor((island + 1) * chains / islands);
    const own = next.subarray(first, end);
    if (conditionalSize(own, 1) >= KEEP) continue;
    systematic(own, uniform[island]!).forEach((from, i) => ancestors[first + i] = first + from);
    own.fill(0);
  }
  const moved = ancestors.some((from, c) => from !== c);
  return { logWeights: next, ancestors: moved ? ancestors : undefined };
}

/**
 * Indices in ascending order, each drawn about weight * count times (systematic resampling).
 *
 * @param uniform in (0, 1)
 * @param count how many; as many as there are weights when left out
 */
export function systematic(logWeights: Float64Array, uniform: number, count = logWeights.length): number[] {
  const highest = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logWeights.map((w) => Math.exp(w - highest));
  const total = weights.reduce((sum, w) => sum + w, 0), last = weights.length - 1;
  let at = 0, passed = weights[0]! / total;
  return Array.from({ length: count }, (_, i) => {
    while (passed < (i + uniform) / count && at < last) passed += weights[++at]! / total;
    return at;
  });
}

/** The next step size from the mean acceptance at this one. */
export function annealStep(stepSize: number, acceptance: number): number {
  return stepSize * Math.exp(GAIN * (acceptance - TARGET_ACCEPTANCE));
}
