/**
 * Draws of many approximations together, weighed as draws of their mixture. Multi-path Pathfinder divides the target by
 * the density of the path that made a draw, which counts a mode as often as paths ended there; the density of the
 * mixture (the balance heuristic of Veach & Guibas 1995, "Optimally combining sampling techniques for Monte Carlo
 * rendering", SIGGRAPH; Owen & Zhou 2000, "Safe and effective importance sampling", JASA 95) makes every weight right
 * whatever led how many paths where, and bounds it by the best path around.
 */
import { logSumExp, mean, variance } from "../diagnostics/numeric.ts";
import type { RandomStream } from "../random.ts";
import type { Proposals, Target } from "./importance.ts";
import { logDensityOf, type Normal, place } from "./normal.ts";

/** Draws of an equal mixture, its components taking turns. */
export interface Pool {
  readonly proposals: Proposals;
  /** Log densities of every draw under every component, (n, components). */
  readonly logComponents: Float64Array;
  readonly components: number;
}

/**
 * Draws equally often from every component and evaluates the target there.
 *
 * @param fewest draws; as many more as make it the same number from each
 */
export async function drawPool(
  target: Target,
  components: readonly Normal[],
  fewest: number,
  stream: RandomStream,
): Promise<Pool> {
  const { dim } = target, size = components.length, count = Math.ceil(fewest / size) * size;
  const positions = new Float64Array(count * dim), scratch = new Float64Array(dim);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < dim; i++) scratch[i] = stream.normal();
    place(components[n % size]!, scratch, 0, positions, n * dim);
  }
  const { logPrior, logLik } = await target.evaluate(positions);
  const logComponents = new Float64Array(count * size);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < size; c++) {
      logComponents[n * size + c] = logDensityOf(components[c]!, positions, n * dim, scratch);
    }
  }
  const logProposal = Float64Array.from(
    { length: count },
    (_, n) => logSumExp(logComponents.subarray(n * size, (n + 1) * size)) - Math.log(size),
  );
  return { proposals: { positions, logPrior, logLik, logProposal }, logComponents, components: size };
}

/** Evidence lower bound of each component over its own draws, and its Monte Carlo error. */
export function boundsOf({ proposals, logComponents, components }: Pool) {
  const { logPrior, logLik } = proposals;
  return Array.from({ length: components }, (_, c) => {
    const ratios = new Float64Array(logPrior.length / components);
    for (let m = 0; m < ratios.length; m++) {
      const n = m * components + c;
      ratios[m] = logPrior[n]! + logLik[n]! - logComponents[n * components + c]!;
    }
    return { elbo: mean(ratios), error: Math.sqrt(variance(ratios) / ratios.length) };
  });
}

/**
 * What each component has of the target: weights of the draws, shared out by who would have made them (Cappe, Douc,
 * Guillin, Marin & Robert 2008, "Adaptive importance sampling in general mixture classes", Statistics and Computing 18).
 *
 * @param logWeights of the pool's draws, normalised, (n)
 * @returns (components), sum 1
 */
export function sharesOf(
  { proposals, logComponents, components }: Pool,
  logWeights: Float64Array,
): Float64Array {
  const shares = new Float64Array(components), { logProposal } = proposals;
  logWeights.forEach((weight, n) => {
    for (let c = 0; c < components; c++) {
      shares[c]! += Math.exp(weight + logComponents[n * components + c]! - logProposal[n]!) / components;
    }
  });
  return shares;
}
