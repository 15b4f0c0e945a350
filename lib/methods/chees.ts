/** Method `chees`: many-chain HMC. */
import { METHODS } from "../fit_types.ts";
import { samplePrior } from "../model/initial.ts";
import type { HillProblem } from "../model/problem.ts";
import { gatherSample } from "../posterior.ts";
import { Purpose, RandomStream } from "../random.ts";
import { type CheesRun, runChees } from "../samplers/run_chees.ts";
import { CANDIDATES } from "../samplers/start.ts";
import { FEWEST_DRAWS, type Method, tooFewDraws } from "./method.ts";
import { SamplingView } from "./view.ts";

export const chees: Method = async (engine, problem, options, { onProgress, signal }) => {
  const { warmup, draws, seed } = options;
  const chains = options.chains ?? METHODS.chees.chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: chains,
    seed,
  });
  try {
    const view = new SamplingView(chains, onProgress);
    const began = performance.now();
    const candidates = drawCandidates(problem, chains, seed);
    const run = await runChees(ensemble, candidates, seed, { warmup, draws }, view.show, signal);
    const ended = performance.now();
    const kept = run.batches.reduce((sum, { transitions }) => sum + transitions, 0);
    if (kept < FEWEST_DRAWS) throw tooFewDraws(kept, signal);
    const warm = view.samplingBegan ?? ended;
    return {
      sample: gatherSample(problem, run.batches, 0, chains),
      stepSize: run.tuning[0]!.stepSize,
      meanLeapfrogs: meanLeapfrogs(run),
      interrupted: run.interrupted,
      timing: {
        warmup_s: (warm - began) / 1000,
        sampling_s: (ended - warm) / 1000,
        gradients: run.gradients,
        transitions: chains * (warmup + kept),
      },
    };
  } finally {
    await ensemble.close();
  }
};

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

/** Over the transitions kept. */
export function meanLeapfrogs({ batches }: Pick<CheesRun, "batches">): number {
  const counts = batches.flatMap(({ leapfrogs }) => [...leapfrogs]);
  return counts.reduce((sum, count) => sum + count, 0) / counts.length;
}
