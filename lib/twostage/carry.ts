/**
 * From stage one, a single curve on the same rows, to the problems of stage two, the mixture.
 *
 * What is carried over is the baseline: intercept, slope, and the effects of controls and season, which is what a
 * first stage is run for. Alpha stays with the curves: they need it to place their half-saturation, and stage two
 * learns it as well as stage one from the same rows. A single curve's sigma would be wrong: it holds the distance
 * between the curves, which is no noise in a mixture.
 *
 * | carry | stage two's baseline |
 * |---|---|
 * | `plug-in` | fixed at stage one's posterior means |
 * | `prior` | independent normal priors of stage one's posterior means and standard deviations |
 * | `cut` | fixed at one draw of stage one, in as many problems as draws |
 *
 * The draws of all problems of a `cut` together are draws of the cut posterior (Plummer 2015, "Cuts in Bayesian
 * graphical models", Statistics and Computing 25; Jacob, Murray, Holmes & Robert 2017, "Better together?",
 * arXiv:1708.08719).
 *
 * The baseline coordinates of stage two get another prior each, and nothing else changes: no other density, no other
 * kernel. What is fixed has a normal prior so narrow that the rows cannot move it; its coordinate is a standard
 * normal like any other, and costs the sampler nothing.
 */
import type { Carry } from "../fit_types.ts";
import { type Coordinate, type HillProblem, type Layout, PriorFamily } from "../model/problem.ts";
import type { Sample } from "../posterior.ts";

/** Spread of what is fixed, in posterior standard deviations of stage one: adds 1/10,000 to its variance. */
const FIXED_SPREAD = 0.01;
/** The least spread, in standard deviations of the response: f32 tells ten thousandths of it apart by far. */
const LEAST_SPREAD = 1e-4;

/** What stage one says of one baseline coordinate, in standardised units. */
export interface Estimate {
  /** Where it stands in a position, the same in both stages. */
  readonly index: number;
  readonly mean: number;
  readonly sd: number;
}

/** Indices of intercept, slope and the gammas, whatever the number of curves. */
export function baselineIndices({ width }: Pick<Layout, "width">): number[] {
  return Array.from({ length: 2 + width }, (_, j) => 1 + j);
}

/** Mean of all draws, (D). */
export function meanPosition({ positions, chains, draws }: Sample): Float64Array {
  const count = chains * draws, dim = positions.length / count, mean = new Float64Array(dim);
  positions.forEach((value, i) => mean[i % dim]! += value / count);
  return mean;
}

/** Posterior mean and standard deviation of each baseline coordinate. */
export function baselineEstimates(problem: HillProblem, sample: Sample): Estimate[] {
  const count = sample.chains * sample.draws;
  return baselineIndices(problem.layout).map((index) => {
    let mean = 0, squares = 0;
    for (let i = 0; i < count; i++) mean += naturalAt(problem, sample, i, index) / count;
    for (let i = 0; i < count; i++) squares += (naturalAt(problem, sample, i, index) - mean) ** 2;
    return { index, mean, sd: Math.sqrt(squares / (count - 1)) };
  });
}

/**
 * The problems of stage two: one, or one per chain of stage one when `cut`, fixed at that chain's last draw, because
 * draws of different chains are independent.
 *
 * @param problem the mixture with the priors of its specification
 * @param single the problem of stage one, on the same rows
 */
export function stageTwoProblems(
  carry: Carry,
  problem: HillProblem,
  single: HillProblem,
  sample: Sample,
): HillProblem[] {
  const estimates = baselineEstimates(single, sample);
  if (carry === "prior") return [withNormals(problem, estimates)];
  const fixed = estimates.map((each) => ({
    ...each,
    sd: Math.max(FIXED_SPREAD * each.sd, LEAST_SPREAD),
  }));
  if (carry === "plug-in") return [withNormals(problem, fixed)];
  return Array.from({ length: sample.chains }, (_, chain) => {
    const last = (chain + 1) * sample.draws - 1;
    return withNormals(
      problem,
      fixed.map((each) => ({ ...each, mean: naturalAt(single, sample, last, each.index) })),
    );
  });
}

/**
 * Positions of the same parameters in another problem's coordinates.
 *
 * @param from,to problems that differ in where their coordinates have their origin and unit, and in priors
 * @param positions (n, D)
 */
export function inCoordinatesOf(to: HillProblem, from: HillProblem, positions: Float64Array): Float64Array {
  const dim = to.layout.dim;
  return positions.map((u, i) => {
    const a = from.coordinates[i % dim]!, b = to.coordinates[i % dim]!;
    return a.loc === b.loc && a.scale === b.scale ? u : (a.loc + a.scale * u - b.loc) / b.scale;
  });
}

/** The problem with normal priors on some coordinates, of which each becomes a standard normal. */
function withNormals(problem: HillProblem, estimates: readonly Estimate[]): HillProblem {
  const coordinates = [...problem.coordinates];
  for (const { index, mean, sd } of estimates) {
    const normal: Coordinate = {
      name: coordinates[index]!.name,
      family: PriorFamily.normal,
      loc: mean,
      scale: sd,
      a: mean,
      b: sd,
    };
    coordinates[index] = normal;
  }
  return { ...problem, coordinates };
}

function naturalAt({ coordinates, layout }: HillProblem, { positions }: Sample, draw: number, index: number) {
  const { loc, scale } = coordinates[index]!;
  return loc + scale * positions[draw * layout.dim + index]!;
}
