/**
 * R-hat: how much more draws vary across chains than within them. 1 means the chains agree.
 */
import { type Column, CONSTANT_SPREAD } from "./column.ts";
import { mean, squaredDistance, variance } from "./numeric.ts";
import { bulkScores, foldedScores, type SplitChains } from "./ranks.ts";

/**
 * Rank-normalised split R-hat, the larger of bulk and folded (Vehtari et al. 2021, section 4), equal to
 * `rhat()` of R's `posterior`. NaN for a column that is constant or not finite; Infinity when every chain is
 * stuck at its own value.
 */
export function rhat(column: Column): number {
  if (!column.usable) return NaN;
  return Math.max(basicRhat(bulkScores(column)), basicRhat(foldedScores(column)));
}

/** R-hat of chains as they are (Gelman et al., Bayesian Data Analysis 3, equations 11.3 and 11.4). */
export function basicRhat({ chains, draws, values }: SplitChains): number {
  if (isConstant(values)) return NaN;
  const { means, variances } = chainMoments(values, chains, draws);
  const between = draws * variance(means), within = mean(variances);
  return Math.sqrt((between / within + draws - 1) / draws);
}

/**
 * Nested R-hat (Margossian et al. 2024, "Nested R-hat: assessing the convergence of Markov chain Monte Carlo when
 * running many short chains", Bayesian Analysis, equations 15 to 19). It judges the bias that is left from the
 * starting points, so it says something only where all chains of a superchain **started at the same point**;
 * with independent starts it is near 1 whatever happens, and must not be used. Raw values, not ranks.
 *
 * @param chainsPerSuperchain consecutive chains that share a start; must divide the number of chains
 */
export function nestedRhat(column: Column, chainsPerSuperchain: number): number {
  const { chains, draws, values, usable } = column;
  const superchains = chains / chainsPerSuperchain;
  if (!Number.isInteger(superchains)) {
    throw new RangeError(`${chains} chains cannot be grouped into superchains of ${chainsPerSuperchain}.`);
  }
  if (!usable) return NaN;
  const { means, variances } = chainMoments(values, chains, draws);
  const superMeans = new Float64Array(superchains), within = new Float64Array(superchains);
  for (let s = 0; s < superchains; s++) {
    const start = s * chainsPerSuperchain;
    const group = means.subarray(start, start + chainsPerSuperchain);
    superMeans[s] = mean(group);
    within[s] = (draws > 1 ? mean(variances, start, chainsPerSuperchain) : 0) +
      (chainsPerSuperchain > 1 ? variance(group) : 0);
  }
  return Math.sqrt(1 + variance(superMeans) / mean(within));
}

/** Mean and sample variance of each chain. */
export function chainMoments(
  values: Readonly<Float64Array>,
  chains: number,
  draws: number,
): { means: Float64Array; variances: Float64Array } {
  const means = new Float64Array(chains), variances = new Float64Array(chains);
  for (let chain = 0; chain < chains; chain++) {
    const centre = mean(values, chain * draws, draws);
    means[chain] = centre;
    variances[chain] = squaredDistance(values, centre, chain * draws, draws) / (draws - 1);
  }
  return { means, variances };
}

/** Whether all values agree to within the tolerance of R's `posterior`. */
export function isConstant(values: Readonly<Float64Array>): boolean {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low < CONSTANT_SPREAD;
}
