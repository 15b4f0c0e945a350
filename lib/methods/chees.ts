/** Method `chees`: many chains of HMC from prior draws, one step size and trajectory length. */
import { METHODS } from "../fit_types.ts";
import { drawCandidates } from "./candidates.ts";
import type { Continuation } from "../samplers/run.ts";
import { type CheesCheckpoint, runChees } from "../samplers/run_chees.ts";
import { continuationOf, gatherRun, meanLeapfrogs, type Method, type RunState } from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

export const sampleChees: Method = async (engine, problem, options, hooks) => {
  const { seed } = options, chains = options.chains ?? METHODS.chees.chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: chains,
    seed,
  });
  try {
    const continuation = hooks.continuation as Continuation<RunState<CheesCheckpoint>> | undefined;
    const view = new SamplingView(problem, chains, hooks, continuation?.from?.spent);
    const run = await runChees(
      ensemble,
      drawCandidates(problem, chains, seed),
      seed,
      options,
      view.show,
      hooks.signal,
      continuation && continuationOf(continuation, view),
    );
    return {
      ...gatherRun(problem, run, chains, options, view, hooks.signal),
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
