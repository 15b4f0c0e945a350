/** Method `tempered`: non-reversible parallel tempering from the prior. */
import type { Engine } from "../engine/ensemble.ts";
import { type FitOptions, METHODS } from "../fit_types.ts";
import { judge } from "../judge.ts";
import { samplePrior } from "../model/initial.ts";
import type { HillProblem } from "../model/problem.ts";
import type { RandomStream } from "../random.ts";
import { findModes, type FoundModes } from "../samplers/find_modes.ts";
import type { Continuation } from "../samplers/run.ts";
import { runTempered } from "../samplers/run_tempered.ts";
import type { TemperedCheckpoint, TemperedRun, TemperingReport } from "../samplers/tempered_run.ts";
import {
  gatherRun,
  meanLeapfrogs,
  type Method,
  type MethodHooks,
  type RunState,
  type Sampled,
  type Tempering,
} from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

/** Transitions per draw kept: most of what they bring is round trips, and correlated draws only cost diagnostics. */
const THIN = 10;
/** A run that does not suffice yet goes on to twice its length, at most so often and to no more transitions than these. */
const MOST_DOUBLINGS = 3, MOST_TRANSITIONS = 64_000;
/**
 * Round trips per replica of the slowest ladder before a run without jumps may end early. Replicas begin where
 * annealing left them, in shares of the solutions that need not be the posterior's, and R-hat is blind to what all
 * ladders share: on the real daily series of the tests, K = 3, a solution of weight 24% had 11% when replicas had made
 * 1.6 trips. Jumps between known modes even the shares out long before.
 */
const TRIPS_PER_REPLICA = 2;

/** Ascents of the search for modes; fewer on the processor, where each costs its own time. */
const ASCENTS = { webgpu: 2048, cpu: 1024 } as const;

/** The method as `--method tempered` runs it: until that suffices, or eight times as long as planned. */
export const sampleTempered: Method = (engine, problem, options, hooks) =>
  sampleLadders(engine, problem, options, hooks, {
    doublings: doublingsFor(options.draws),
    enough: (sampled) => suffices(problem, sampled),
  });

const doublingsFor = (draws: number): number =>
  Math.max(0, Math.min(MOST_DOUBLINGS, Math.floor(Math.log2(MOST_TRANSITIONS / (THIN * draws)))));

/** Whether the verdict on a sample of ladders would be a pass, and they have forgotten where they began. */
export function suffices(problem: HillProblem, sampled: Sampled): boolean {
  const { roundTrips, betas, search } = sampled.tempering!, jumps = (search?.found.modes.length ?? 0) > 1;
  if (!jumps && roundTrips.some((trips) => trips < TRIPS_PER_REPLICA * betas.length)) return false;
  const maxSpend = problem.units.spendScale * problem.spend.reduce((a, b) => Math.max(a, b));
  return judge(problem, sampled, maxSpend).assessment.verdict.status === "pass";
}

/** Whether a sample will do, and how often sampling may go on to twice its length where it will not. */
export interface LadderExtension {
  /** Transitions per draw kept at the first look; as many as the method has otherwise when left out. */
  readonly thin?: number;
  readonly doublings: number;
  enough(sampled: Sampled): boolean | Promise<boolean>;
}

/** What the search found, and the run of ladders once it has one. */
type LadderState = RunState<TemperedCheckpoint | undefined> & { readonly found: FoundModes | undefined };

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
  hooks: MethodHooks,
  extension?: LadderExtension,
): Promise<Sampled> {
  const { warmup, draws, seed } = options, { signal } = hooks;
  const ladders = options.chains ?? METHODS.tempered.chains[engine.name];
  const continuation = hooks.continuation as Continuation<LadderState> | undefined, from = continuation?.from;
  const view = new SamplingView(problem, ladders, hooks, from?.spent);
  const target = { kind: "hill_mixture", problems: [problem] } as const;
  const prior = (stream: RandomStream) => samplePrior(problem, stream), ascents = ASCENTS[engine.name];
  const search = () =>
    findModes(engine, target, prior, seed, ascents, (ended) => {
      hooks.onProgress({
        phase: "searching",
        done: ended,
        total: ascents,
        transitionsPerSecond: 0,
        gradients: 0,
        divergences: 0,
      });
    }, signal);
  const found = from === undefined ? await search() : from.found;
  const offer = (run?: TemperedCheckpoint) => continuation?.offer({ spent: view.spent, run, found });
  if (from === undefined) offer();
  const gather = (run: TemperedRun): Sampled => {
    const posterior = { ...run, tuning: run.tuning.slice(0, 1) }; // the first rung
    const gathered = gatherRun(problem, posterior, ladders, options, view, signal);
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
    { from: from?.run, offer },
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
