/** Method `tempered`: non-reversible parallel tempering from the prior. */
import type { Engine } from "../engine/ensemble.ts";
import { type FitHooks, type FitOptions, METHODS } from "../fit_types.ts";
import { samplePrior } from "../model/initial.ts";
import type { HillProblem } from "../model/problem.ts";
import type { RandomStream } from "../random.ts";
import { findModes, type FoundModes } from "../samplers/find_modes.ts";
import { runTempered, type TemperedRun, type TemperingReport } from "../samplers/run_tempered.ts";
import { gatherRun, meanLeapfrogs, type Method, type Sampled, type Tempering } from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

/** Transitions per draw kept: most of what they bring is round trips, and correlated draws only cost diagnostics. */
const THIN = 10;

/** Ascents of the search for modes; fewer on the processor, where each costs its own time. */
const ASCENTS = { webgpu: 2048, cpu: 1024 } as const;

/** The method as `--method tempered` runs it: as many draws as planned. */
export const sampleTempered: Method = (engine, problem, options, hooks) =>
  sampleLadders(engine, problem, options, hooks);

/** Whether a sample will do, and how often sampling may go on to twice its length where it will not. */
export interface LadderExtension {
  /** Transitions per draw kept at the first look; as many as the method has otherwise when left out. */
  readonly thin?: number;
  readonly doublings: number;
  enough(sampled: Sampled): boolean | Promise<boolean>;
}

/**
 * Samples one problem by tempered ladders.
 *
 * @param extension looked at when the draws planned are done, and after every doubling; draws per ladder stay as
 * many as planned (see {@link runTempered})
 * @throws the signal's reason when aborted with too few draws for diagnostics
 */
export async function sampleLadders(
  engine: Engine,
  problem: HillProblem,
  options: FitOptions,
  hooks: FitHooks,
  extension?: LadderExtension,
): Promise<Sampled> {
  const { warmup, draws, seed } = options, { signal } = hooks;
  const ladders = options.chains ?? METHODS.tempered.chains[engine.name];
  const view = new SamplingView(problem, ladders, hooks);
  const began = performance.now();
  const target = { kind: "hill_mixture", problems: [problem] } as const;
  const prior = (stream: RandomStream) => samplePrior(problem, stream), ascents = ASCENTS[engine.name];
  const found = await findModes(engine, target, prior, seed, ascents, (ended) => {
    hooks.onProgress({
      phase: "searching",
      done: ended,
      total: ascents,
      transitionsPerSecond: 0,
      gradients: 0,
      divergences: 0,
    });
  }, signal);
  const gather = (run: TemperedRun): Sampled => {
    const posterior = { ...run, tuning: run.tuning.slice(0, 1) }; // the first rung
    const gathered = gatherRun(problem, posterior, ladders, options, view, began, signal);
    const gradients = run.gradients + (found?.gradients ?? 0);
    return {
      ...gathered,
      timing: { ...gathered.timing, gradients, transitions: run.transitions },
      sampling: { step_size: run.tuning[0]!.stepSize, mean_leapfrogs: meanLeapfrogs(run.batches) },
      warnings: [],
      tempering: temperingOf(run.report!, ladders, found),
    };
  };
  const run = await runTempered(
    engine,
    { target, prior, ...(found === undefined ? {} : { modes: found.modes }) },
    seed,
    { ladders, warmup, draws, thin: extension?.thin ?? THIN },
    view.show,
    signal,
    extension && { doublings: extension.doublings, enough: (run) => extension.enough(gather(run)) },
  );
  return gather(run);
}

function temperingOf(
  report: TemperingReport,
  ladders: number,
  found: FoundModes | undefined,
): Tempering {
  const draws = report.origins.length / ladders, origins = new Int32Array(ladders * draws);
  report.origins.forEach((origin, i) => origins[(i % ladders) * draws + Math.floor(i / ladders)] = origin);
  return {
    logEvidence: report.evidence.log,
    logEvidenceError: report.evidence.error,
    barrier: report.barrier,
    betas: report.betas,
    swapRates: report.rejections.map((rejected) => 1 - rejected),
    roundTrips: report.roundTrips,
    origins,
    ...(found === undefined ? {} : { search: { found, jumps: report.jumps } }),
  };
}
