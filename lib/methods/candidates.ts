/** Prior draws for chains to choose their starts from. */
import { samplePrior } from "../model/initial.ts";
import type { HillProblem } from "../model/problem.ts";
import { Purpose, RandomStream } from "../random.ts";
import { CANDIDATES } from "../samplers/start.ts";

/** Independent prior draws for every chain to choose its start from, (chains, CANDIDATES, D). */
export function drawCandidates(problem: HillProblem, chains: number, seed: number): Float64Array {
  const { dim } = problem.layout, candidates = new Float64Array(chains * CANDIDATES * dim);
  for (let c = 0; c < chains; c++) {
    const stream = new RandomStream(seed, Purpose.initial, c);
    for (let i = 0; i < CANDIDATES; i++) {
      candidates.set(samplePrior(problem, stream), (c * CANDIDATES + i) * dim);
    }
  }
  return candidates;
}
