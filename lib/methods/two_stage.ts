/**
 * Method `two-stage`, as analysts do it by hand: stage one fits the baseline with a single curve, stage two fits the
 * mixture with that baseline carried over in one of three ways (see `lib/twostage/carry.ts`). Both stages are sampled
 * as method `chees` samples. Neither sees the joint posterior, and the report says what that leaves out.
 */
import { splitHoldout } from "../data/split.ts";
import type { Engine, TransitionBatch } from "../engine/ensemble.ts";
import { InputError } from "../errors.ts";
import { type Carry, DEFAULT_CARRY, type FitOptions, METHODS } from "../fit_types.ts";
import { judge, type Judged } from "../judge.ts";
import { buildProblem } from "../model/priors.ts";
import type { HillProblem } from "../model/problem.ts";
import type { TwoStageReport } from "../runs/schema.ts";
import { pickDraws } from "../samplers/kept_draws.ts";
import type { Continuation } from "../samplers/run.ts";
import { type CheesCheckpoint, runChees } from "../samplers/run_chees.ts";
import { seedCandidates } from "../twostage/candidates.ts";
import { inCoordinatesOf, meanPosition, stageTwoProblems } from "../twostage/carry.ts";
import { type CurveStart, curveStart } from "../twostage/curve_start.ts";
import { ignoredBy, shakyStart } from "../twostage/words.ts";
import { firstFinding } from "./auto_decisions.ts";
import { drawCandidates } from "./candidates.ts";
import { sampleChees } from "./chees.ts";
import {
  continuationOf,
  gatherRun,
  meanLeapfrogs,
  type Method,
  type MethodHooks,
  type RunState,
  type Sampled,
} from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

/**
 * Chains of each fit of a `cut`, and transitions per draw they keep, so that a fit keeps as many draws as a chain of
 * the other ways does. Chains warm up in islands of eight: with four, of 64 fits of the built-in example three kept
 * chains in a corner of no weight, with eight none did.
 */
const CHAINS_PER_FIT = 8, THIN = 2;
/** Draws of the shortest chain: a few more than diagnostics ask for at least. */
const LEAST_DRAWS = 10;
/** Keeps the random numbers of the stages apart. */
const OTHER_SEED = 2 ** 52;

/** How far the stages are. Once the first is done, it is at its end, and gives the sample that it gave. */
interface StagesState {
  readonly first: unknown;
  /** Time spent on it, judging included. */
  readonly firstMs: number;
  /** Once it is its turn. */
  readonly second?: { readonly state: unknown; readonly ms: number };
}

/** @throws InputError for a single curve, which leaves nothing to do in stage two */
export const sampleTwoStage: Method = async (engine, problem, options, hooks) => {
  const { components } = problem.layout, { carry = DEFAULT_CARRY, spec, series, holdout } = options;
  if (components === 1) {
    const message = "fits a mixture in its second stage; give two --components or more.";
    throw new InputError([{ where: "--method two-stage", message }]);
  }
  const chains = options.chains ?? METHODS["two-stage"].chains[engine.name];
  const continuation = hooks.continuation as Continuation<StagesState> | undefined, from = continuation?.from;
  const began = performance.now() - (from?.firstMs ?? 0), { train } = splitHoldout(series, holdout);
  const single = buildProblem(train, { ...spec, components: 1 });
  let firstState = from?.first;
  const first = await sampleChees(
    engine,
    single,
    { ...options, chains },
    stageHooks(hooks, "stage one", 0, 1, {
      from: firstState,
      offer(state) {
        firstState = state;
        continuation?.offer({ first: state, firstMs: performance.now() - began });
      },
    }),
  );
  // Draws of a single curve are no part of the answer.
  if (first.interrupted) throw hooks.signal!.reason;
  const judged = judge(single, first, Math.max(...train.spend));

  const firstMs = performance.now() - began, resumed = performance.now() - (from?.second?.ms ?? 0);
  const fits = stageTwoProblems(carry, problem, single, first.sample);
  const start = curveStart(single, meanPosition(first.sample), components);
  const own = stageHooks(hooks, "stage two", first.timing.gradients, fits.length, {
    from: from?.second?.state,
    offer(state) {
      const second = { state, ms: performance.now() - resumed };
      continuation?.offer({ first: firstState, firstMs, second });
    },
  });
  const second = await sampleFits(engine, problem, fits, start, { ...options, chains }, own);
  return {
    ...second,
    timing: {
      warmup_s: first.timing.warmup_s + second.timing.warmup_s,
      sampling_s: first.timing.sampling_s + second.timing.sampling_s,
      gradients: first.timing.gradients + second.timing.gradients,
      transitions: first.timing.transitions + second.timing.transitions,
    },
    warnings: [
      "LOO and WAIC look at stage two alone: every row had its say in stage one before it was left out. Compare with " +
      "other methods on held-out rows (--holdout 0.2) instead.",
    ],
    twoStage: report(carry, fits.length, judged, {
      one: { ...workOf(first), total_s: firstMs / 1000 },
      two: { ...workOf(second), total_s: (performance.now() - resumed) / 1000 },
    }),
  };
};

/** Samples stage two, however many fits it is, and gives the draws of all of them in the mixture's own coordinates. */
async function sampleFits(
  engine: Engine,
  problem: HillProblem,
  fits: readonly HillProblem[],
  start: CurveStart,
  options: FitOptions & { readonly chains: number },
  hooks: MethodHooks,
): Promise<Sampled> {
  const cut = fits.length > 1, seed = (options.seed + OTHER_SEED) % 2 ** 53;
  const chainsPerProblem = cut ? CHAINS_PER_FIT : options.chains, chains = chainsPerProblem * fits.length;
  const thin = cut ? THIN : 1;
  const draws = cut ? thin * Math.max(LEAST_DRAWS, Math.ceil(options.draws / CHAINS_PER_FIT)) : options.draws;
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: fits },
    chainsPerProblem,
    seed,
  });
  try {
    const continuation = hooks.continuation as Continuation<RunState<CheesCheckpoint>> | undefined;
    const view = new SamplingView(problem, chains, hooks, continuation?.from?.spent);
    // In their own coordinates, all fits have the same prior.
    const candidates = drawCandidates(fits[0]!, chains, seed);
    seedCandidates(fits[0]!, start, candidates, seed);
    const run = await runChees(
      ensemble,
      candidates,
      seed,
      { ...options, draws },
      view.show,
      hooks.signal,
      continuation && continuationOf(continuation, view),
    );
    const made = run.batches.reduce((sum, { transitions }) => sum + transitions, 0);
    const kept = { ...run, batches: thinned(run.batches, thin) };
    const gathered = gatherRun(problem, kept, chains, options, view, hooks.signal),
      { sample } = gathered;
    const size = chainsPerProblem * sample.draws * problem.layout.dim;
    fits.forEach((fit, i) => {
      const own = sample.positions.subarray(i * size, (i + 1) * size);
      own.set(inCoordinatesOf(problem, fit, own));
    });
    return {
      ...gathered,
      timing: { ...gathered.timing, transitions: chains * (options.warmup + made) },
      sampling: {
        step_size: run.tuning.reduce((sum, { stepSize }) => sum + stepSize / run.tuning.length, 0),
        mean_leapfrogs: meanLeapfrogs(run.batches),
      },
      warnings: [],
    };
  } finally {
    await ensemble.close();
  }
}

/** Every `thin`-th transition. */
function thinned(batches: readonly TransitionBatch[], thin: number): TransitionBatch[] {
  let before = 0;
  return batches.map((batch) => {
    const due = [...Array(batch.transitions).keys()].filter((i) => (before + i + 1) % thin === 0);
    before += batch.transitions;
    return pickDraws(batch, due, batch.chains);
  });
}

/**
 * The hooks of one stage, which counts the gradients of the stage before it. Draws on their way are kept of neither:
 * those of stage one are of another model, and those of stage two mean nothing without stage one. R-hat on the way says
 * something only where all chains have one target.
 */
function stageHooks(
  { onProgress, signal }: MethodHooks,
  step: string,
  gradientsBefore: number,
  targets: number,
  continuation: Continuation<unknown>,
): MethodHooks {
  return {
    continuation,
    onProgress: ({ rhat, ...progress }) =>
      onProgress({
        ...progress,
        ...(rhat === undefined || targets > 1 ? {} : { rhat }),
        step,
        gradients: gradientsBefore + progress.gradients,
      }),
    ...(signal === undefined ? {} : { signal }),
  };
}

const workOf = ({ timing: { gradients, transitions } }: Sampled) => ({ gradients, transitions });

function report(
  carry: Carry,
  fits: number,
  { draws, assessment: { summary, verdict } }: Judged,
  work: { readonly one: TwoStageReport["stage_two"]; readonly two: TwoStageReport["stage_two"] },
): TwoStageReport {
  return {
    carry,
    baseline: summary.filter(({ name }) => /^(intercept|slope|gamma\..+)$/.test(name))
      .map(({ name, mean, sd }) => ({ name, mean, sd })),
    fits,
    stage_one: { ...work.one, found: firstFinding(draws.chains, verdict), status: verdict.status },
    stage_two: work.two,
    doubts: [ignoredBy(carry, fits), ...shakyStart(verdict)],
  };
}
