/**
 * Pareto smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, "Pareto smoothed importance
 * sampling", JMLR 25(72)), with the conventions of R's `loo` 2.5.1: the largest weights are replaced by the
 * order statistics of a generalised Pareto distribution, whose shape k-hat says whether the weights can be used.
 */
import { logSumExp } from "./numeric.ts";

/** Smoothed weights of one importance sample. */
export interface Psis {
  /** ln weights, normalised so that the weights sum to one, (S). */
  readonly logWeights: Float64Array;
  /** Shape of the fitted tail; Infinity when no tail could be fitted. Compare with {@link kThreshold}. */
  readonly k: number;
  /** How many of the largest weights form the tail. */
  readonly tailLength: number;
}

/** Fewest tail weights a Pareto distribution is fitted to, as in `loo`. */
const MIN_TAIL = 5;

/** Tails whose ln weights spread less than this are all equal to rounding, as in `loo`. */
const FLAT_TAIL = 2 ** -52 / 100;

/**
 * Smooths importance weights.
 *
 * @param logRatios ln target density - ln proposal density of each draw, up to a constant, (S)
 * @param relativeEff effective over actual sample size of the draws; 1 for independent draws
 */
export function psis(logRatios: Readonly<Float64Array>, relativeEff = 1): Psis {
  const count = logRatios.length;
  const tailLength = Math.min(
    Math.ceil(Math.min(0.2 * count, 3 * Math.sqrt(count / relativeEff))),
    count - 1,
  );
  const top = logRatios.reduce((a, b) => Math.max(a, b), -Infinity);
  const logWeights = logRatios.map((ratio) => ratio - top);
  const k = tailLength >= MIN_TAIL ? smoothTail(logWeights, tailLength) : Infinity;
  const total = logSumExp(logWeights);
  for (let i = 0; i < count; i++) logWeights[i] -= total;
  return { logWeights, k, tailLength };
}

/**
 * The k-hat above which the estimate is not to be trusted: min(1 - 1 / log10 S, 0.7), S draws (Vehtari et al.
 * 2024, section 3.2.4).
 */
export function kThreshold(draws: number): number {
  return Math.min(1 - 1 / Math.log10(draws), 0.7);
}

/** Replaces the largest weights by Pareto quantiles in place, none above the largest raw weight; gives k-hat. */
function smoothTail(logWeights: Float64Array, tailLength: number): number {
  const { tail, cutoff } = largest(logWeights, tailLength);
  if (logWeights[tail[tailLength - 1]] - logWeights[tail[0]] < FLAT_TAIL) return Infinity;
  const base = Math.exp(cutoff);
  const { k, sigma } = fitGeneralisedPareto(Float64Array.from(tail, (i) => Math.exp(logWeights[i]) - base));
  if (!Number.isFinite(k)) return k;
  for (let rank = 0; rank < tailLength; rank++) {
    const excess = paretoQuantile((rank + 0.5) / tailLength, k, sigma);
    logWeights[tail[rank]] = Math.min(Math.log(excess + base), 0);
  }
  return k;
}

/** Indices of the `count` largest values, smallest first, and the largest value left outside. */
function largest(values: Float64Array, count: number): { tail: Uint32Array; cutoff: number } {
  const threshold = values.length - count - 1;
  const cutoff = select(values.slice(), threshold);
  const above: number[] = [], equal: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] > cutoff) above.push(i);
    else if (values[i] === cutoff) equal.push(i);
  }
  above.sort((a, b) => values[a] - values[b]);
  // Ties with the cut-off fill the tail up from below.
  return { tail: Uint32Array.from([...equal.slice(above.length + equal.length - count), ...above]), cutoff };
}

/** The value of a given rank, from 0, by quickselect (Hoare 1961, "Algorithm 65: find", CACM 4(7)); reorders. */
function select(values: Float64Array, rank: number): number {
  let left = 0, right = values.length - 1;
  while (left < right) {
    const a = values[left], b = values[(left + right) >> 1], c = values[right];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = left, j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else return values[rank];
  }
  return values[rank];
}

/** Shape and scale of a generalised Pareto distribution. */
export interface GeneralisedPareto {
  readonly k: number;
  readonly sigma: number;
}

/**
 * Fits a generalised Pareto distribution to exceedances by the empirical Bayes estimate of Zhang & Stephens 2009,
 * "A new and efficient estimation method for the generalized Pareto distribution", Technometrics 51(3), then
 * pulls k towards 0.5 with the weight of ten observations (Vehtari et al. 2024, appendix).
 *
 * @param excess exceedances over the cut-off, ascending, at least one of them positive
 */
export function fitGeneralisedPareto(excess: Readonly<Float64Array>): GeneralisedPareto {
  const count = excess.length;
  const grid = 30 + Math.floor(Math.sqrt(count)), priorScale = 3;
  const quartile = excess[Math.floor(count / 4 + 0.5) - 1], top = excess[count - 1];
  const shapeAt = (theta: number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.log1p(-theta * excess[i]);
    return sum / count;
  };
  const thetas = Float64Array.from(
    { length: grid },
    (_, j) => 1 / top + (1 - Math.sqrt(grid / (j + 0.5))) / (priorScale * quartile),
  );
  const logProfile = thetas.map((theta) => {
    const shape = shapeAt(theta);
    return count * (Math.log(-theta / shape) - shape - 1);
  });
  const total = logSumExp(logProfile);
  let theta = 0;
  for (let j = 0; j < grid; j++) theta += thetas[j] * Math.exp(logProfile[j] - total);
  const shape = shapeAt(theta), prior = 10;
  const k = (shape * count + 0.5 * prior) / (count + prior);
  return { k: Number.isNaN(k) ? Infinity : k, sigma: -shape / theta };
}

/** Quantile of a generalised Pareto distribution starting at 0. */
function paretoQuantile(probability: number, k: number, sigma: number): number {
  return sigma * Math.expm1(-k * Math.log1p(-probability)) / k;
}
