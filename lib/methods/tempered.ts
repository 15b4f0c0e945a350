/** Method `tempered`: non-reversible parallel tempering from the prior. */
import { METHODS } from "../fit_types.ts";
import { samplePrior } from "../model/initial.ts";
import { runTempered } from "../samplers/run_tempered.ts";
import { gatherRun, meanLeapfrogs, type Method } from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

/** Transitions per draw kept: most of what they bring is round trips, and correlated draws only cost diagnostics. */
const THIN = 10;

export const sampleTempered: Method = async (engine, problem, options, { onProgress, signal }) => {
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
  const gathered = gatherRun(problem, run, ladders, options, view, began, signal);
  const kept = gathered.sample.draws, report = run.report!;
  const origins = new Int32Array(ladders * kept);
  report.origins.forEach((origin, i) => origins[(i % ladders) * kept + Math.floor(i / ladders)] = origin);
  return {
    ...gathered,
    timing: { ...gathered.timing, transitions: run.transitions },
    sampling: { step_size: run.tuning[0]!.stepSize, mean_leapfrogs: meanLeapfrogs(run.batches) },
    warnings: [],
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
