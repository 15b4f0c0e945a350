/**
 * Effective sample size (ESS) and Monte Carlo standard error (MCSE): how many independent draws the chains are
 * worth, and how far a reported number may be off because there are not more. Equal to R's `posterior` 1.4.0.
 */
import { type Column, columnQuantile } from "./column.ts";
import { meanAutocovariance } from "./fft.ts";
import { betaQuantile, mean, squaredDistance, variance } from "./numeric.ts";
import { bulkScores, type SplitChains, splitChains } from "./ranks.ts";
import { chainMoments, isConstant } from "./rhat.ts";

/**
 * ESS of chains as they are (Vehtari et al. 2021, section 3.2): autocorrelations pooled over chains, summed by
 * Geyer 1992's initial positive and monotone sequences, "Practical Markov chain Monte Carlo", Statistical
 * Science 7(4). NaN for constant chains or fewer than three draws each.
 */
export function effectiveSize({ chains, draws, values }: SplitChains): number {
  if (draws < 3 || isConstant(values)) return NaN;
  const autocovariance = meanAutocovariance(values, chains, draws);
  const within = autocovariance[0] * draws / (draws - 1);
  const between = chains > 1 ? variance(chainMoments(values, chains, draws).means) : 0;
  const pooled = autocovariance[0] + between;
  const time = autocorrelationTime((lag) => 1 - (within - autocovariance[lag]) / pooled, draws);
  const total = chains * draws;
  // Antithetic chains can beat independent ones; Vehtari et al. bound the gain at log10 of the draws.
  return total / Math.max(time, 1 / Math.log10(total));
}

/**
 * Integrated autocorrelation time. Sums of neighbouring autocorrelations (lags 2m, 2m + 1) are positive and fall
 * with m for a reversible chain, so the noisy tail is cut where a sum turns negative and earlier bumps are
 * levelled. The even lag of the pair where the cut falls still counts once, as in `posterior`.
 */
function autocorrelationTime(correlation: (lag: number) => number, draws: number): number {
  // `posterior` leaves this value to chains too short for a second pair or with a first pair below zero.
  const degenerate = 2;
  let pair = 1 + correlation(1);
  if (draws <= 5 || !(pair > 0)) return degenerate;
  let time = -1, lag = 0, even = 1, level = pair;
  while (lag < draws - 5 && pair > 0) {
    time += 2 * Math.min(level, pair);
    level = Math.min(level, pair);
    lag += 2;
    even = correlation(lag);
    pair = even + correlation(lag + 1);
  }
  return time + (pair >= 0 ? even : Math.max(even, 0));
}

/** ESS for the centre of the distribution: of the rank-normalised split draws. */
export function essBulk(column: Column): number {
  return column.usable ? effectiveSize(bulkScores(column)) : NaN;
}

/** ESS for the tails: the smaller of those of the 5% and 95% quantiles. */
export function essTail(column: Column): number {
  return Math.min(essQuantile(column, 0.05), essQuantile(column, 0.95));
}

/** ESS of a quantile: of the indicator that a draw lies at or below it. */
export function essQuantile(column: Column, probability: number): number {
  const { chains, draws, values, usable } = column;
  if (!usable) return NaN;
  // The indicator of the maximum would be constant; half a draw short of it is not.
  const inside = probability === 1 ? (values.length - 0.5) / values.length : probability;
  const cut = columnQuantile(column, inside);
  const below = values.map((value) => value <= cut ? 1 : 0);
  return effectiveSize(splitChains(below, chains, draws));
}

/** ESS of the mean, in the quantity's own scale. */
export function essMean(column: Column): number {
  return column.usable ? splitSize(column, (value) => value) : NaN;
}

/** ESS of the standard deviation. */
export function essSd(column: Column): number {
  if (!column.usable) return NaN;
  const centre = mean(column.values);
  return splitSize(column, (value) => Math.abs(value - centre));
}

/** Monte Carlo standard error of the mean. */
export function mcseMean(column: Column): number {
  return Math.sqrt(variance(column.values) / essMean(column));
}

/** Monte Carlo standard error of the standard deviation, by the delta method on the variance. */
export function mcseSd(column: Column): number {
  const { values, usable } = column;
  if (!usable) return NaN;
  const centre = mean(values);
  const squares = values.map((value) => (value - centre) ** 2);
  const second = mean(squares);
  const ess = effectiveSize(splitChains(squares, column.chains, column.draws));
  return Math.sqrt(squaredDistance(squares, second) / values.length / ess / second / 4);
}

/**
 * Monte Carlo standard error of a quantile: half the width of the central 68% interval that order statistics
 * give it (Vehtari et al. 2021, section 4.5).
 */
export function mcseQuantile(column: Column, probability: number): number {
  const { values, order } = column;
  const ess = essQuantile(column, probability);
  if (Number.isNaN(ess)) return NaN;
  const a = ess * probability + 1, b = ess * (1 - probability) + 1, count = values.length;
  // Standard normal probabilities of -1 and 1, to the digits `posterior` uses.
  const low = Math.max(Math.floor(betaQuantile(0.1586553, a, b) * count), 1);
  const high = Math.min(Math.ceil(betaQuantile(0.8413447, a, b) * count), count);
  return (values[order[high - 1]] - values[order[low - 1]]) / 2;
}

function splitSize({ values, chains, draws }: Column, map: (value: number) => number): number {
  return effectiveSize(splitChains(values.map(map), chains, draws));
}
