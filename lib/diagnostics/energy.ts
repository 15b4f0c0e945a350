/**
 * E-BFMI, the energy Bayesian fraction of missing information (Betancourt 2016, "Diagnosing suboptimal cotangent
 * disintegrations in Hamiltonian Monte Carlo", arXiv:1604.00695): whether momentum refreshment moves the energy
 * enough to explore it. Under 0.3 the sampler crawls through heavy tails or a funnel.
 */
import { mean, squaredDistance } from "./numeric.ts";

/**
 * E-BFMI of each chain: squared energy steps over squared energy deviations.
 *
 * @param energy Hamiltonian of each kept state, (chains, draws) row-major
 * @returns (chains); NaN where the energy is constant or not finite
 */
export function ebfmi(energy: Readonly<Float64Array>, chains: number, draws: number): Float64Array {
  return Float64Array.from({ length: chains }, (_, chain) => {
    const start = chain * draws;
    let steps = 0;
    for (let i = start + 1; i < start + draws; i++) steps += (energy[i] - energy[i - 1]) ** 2;
    return steps / squaredDistance(energy, mean(energy, start, draws), start, draws);
  });
}

/** The smallest E-BFMI of any chain; NaN when any chain has none, so that a broken chain cannot hide. */
export function minEbfmi(energy: Readonly<Float64Array>, chains: number, draws: number): number {
  return Math.min(...ebfmi(energy, chains, draws));
}
