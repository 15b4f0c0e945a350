/** Method `tempered`: non-reversible parallel tempering from the prior. */
import { METHODS } from "../fit_types.ts";
import { samplePrior } from "../model/initial.ts";
import { gatherSample } from "../posterior.ts";
import { runTempered } from "../samplers/run_tempered.ts";
import { meanLeapfrogs } from "./chees.ts";
import { FEWEST_DRAWS, type Method, tooFewDraws } from "./method.ts";
import { SamplingView } from "./view.ts";

/** Transitions per draw kept: most of what they bring is round trips, and correlated draws only cost diagnostics. */
const THIN = 10;

export const tempered: Method = async (engine, problem, options, { onProgress, signal }) => {
  const { warmup, draws, seed } = options;
  const ladders = options.chains ?? METHODS.tempered.chains[engine.name];
  const view = new SamplingView(ladders, onProgress);
  const began = performance.now();
  const run = await runTempered(
    engine,
    {
      target: { kind: "hill_mixture", problems: [problem] },
      prior: (stream) => samplePrior(problem, stream),
    },
    seed,
    { ladders, warmup, draws, thin: THIN },
    view.show,
    signal,
  );
  const ended = performance.now();
  const kept = run.batches.reduce((sum, { transitions }) => sum + transitions, 0);
  if (kept < FEWEST_DRAWS) throw tooFewDraws(kept, signal);
  const warm = view.samplingBegan ?? ended, report = run.report!;
  const origins = new Int32Array(ladders * kept);
  report.origins.forEach((origin, i) => origins[(i % ladders) * kept + Math.floor(i / ladders)] = origin);
  return {
    sample: gatherSample(problem, run.batches, 0, ladders),
    stepSize: run.tuning[0]!.stepSize,
    meanLeapfrogs: meanLeapfrogs(run),
    interrupted: run.interrupted,
    timing: {
      warmup_s: (warm - began) / 1000,
      sampling_s: (ended - warm) / 1000,
      gradients: run.gradients,
      transitions: run.transitions,
    },
    tempering: {
      logEvidence: report.evidence.log,
      logEvidenceError: report.evidence.error,
      barrier: report.barrier,
      betas: report.betas,
      swapRates: report.rejections.map((rejected) => 1 - rejected),
      roundTrips: report.roundTrips,
      origins,
    },
  };
};
