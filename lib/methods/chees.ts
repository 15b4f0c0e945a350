/** Method `chees`: many chains of HMC from prior draws, one step size and trajectory length. */
import { METHODS } from "../fit_types.ts";
import { drawCandidates } from "./candidates.ts";
import { runChees } from "../samplers/run_chees.ts";
import { gatherRun, meanLeapfrogs, type Method } from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

export const sampleChees: Method = async (engine, problem, options, hooks) => {
  const { seed } = options, chains = options.chains ?? METHODS.chees.chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: chains,
    seed,
  });
  try {
    const view = new SamplingView(problem, chains, hooks), began = performance.now();
    const candidates = drawCandidates(problem, chains, seed);
    const run = await runChees(ensemble, candidates, seed, options, view.show, hooks.signal);
    return {
      ...gatherRun(problem, run, chains, options, view, began, hooks.signal),
      sampling: {
        step_size: run.tuning[0]!.stepSize,
        mean_leapfrogs: meanLeapfrogs(run.batches),
      },
      warnings: [],
    };
  } finally {
    await ensemble.close();
  }
};
