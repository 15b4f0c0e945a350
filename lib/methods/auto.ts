/**
 * Method `auto`: many cheap chains first. Chains that disagree give way to tempered ladders. Chains that agree may
 * all have missed the same solution, so ladders from the prior check them before their `pass` stands, and take over
 * where they find anything else. Each step works as the method of its name does.
 */
import { compareRuns } from "../agreement.ts";
import { type FitOptions, type MethodName, METHODS } from "../fit_types.ts";
import { judge, type Judged } from "../judge.ts";
import type { HillProblem } from "../model/problem.ts";
import type { AutoReport } from "../runs/schema.ts";
import {
  conclude,
  decide,
  firstFinding,
  INTERRUPTED,
  ladderFinding,
  type Look,
  missedWeight,
  tellingGap,
} from "./auto_decisions.ts";
import { sampleChees } from "./chees.ts";
import type { Method, MethodHooks, Sampled } from "./method.ts";
import type { Continuation } from "../samplers/run.ts";
import { balance, modesOf } from "../samplers/find_modes.ts";
import { evidenceOf } from "../tempering_report.ts";
import { sampleLadders } from "./tempered.ts";
import { isShort } from "../diagnostics/verdict.ts";

/**
 * Transitions of a ladder per draw it keeps: at the first look at a check, at the first look at a run that has the
 * answer to find, and at most. Method `tempered` takes ten.
 */
const CHECK_THIN = 2, ANSWER_THIN = 8, MOST_THIN = 32;
const FEWEST_LADDERS = 4;
/** Keeps the random numbers of the steps apart: a check that starts where the chains did proves less. */
const OTHER_SEED = 2 ** 52;

/** How far the steps are. The first, once it is done, is at its end, and gives the sample that it gave. */
interface AutoState {
  readonly first: unknown;
  /** Time spent on it, judging included. */
  readonly firstMs: number;
  /** Once it is their turn. */
  readonly ladders?: {
    readonly state: unknown;
    readonly ms: number;
    /** Transitions per draw at the next look, and whether an earlier look set the two steps apart. */
    readonly thin: number;
    readonly doubted: boolean;
  };
}

/** The method over any first step and any ladders. */
export function autoMethod(first: Method, ladders: typeof sampleLadders): Method {
  return async (engine, problem, options, hooks) => {
    const { components } = problem.layout, maxSpend = largestSpend(problem);
    const continuation = hooks.continuation as Continuation<AutoState> | undefined, from = continuation?.from;
    const began = performance.now() - (from?.firstMs ?? 0);
    let firstState = from?.first;
    const chains = await first(
      engine,
      problem,
      options,
      named(hooks, "chees", 0, true, {
        from: firstState,
        offer(state) {
          firstState = state;
          continuation?.offer({ first: state, firstMs: performance.now() - began });
        },
      }),
    );
    const seen = judge(problem, chains, maxSpend), { verdict } = seen.assessment;
    const opening = step(
      "chees",
      "to start cheap",
      firstFinding(chains.sample.chains, verdict),
      chains,
      seen,
      began,
    );
    const passed = verdict.status === "pass", unchecked = passed ? [INTERRUPTED] : [];
    if (chains.interrupted) return outcome(chains, [chains], [opening], unchecked);

    const firstMs = performance.now() - began, leastThin = passed ? CHECK_THIN : ANSWER_THIN;
    let thin = from?.ladders?.thin ?? leastThin, last: { look: Look; judged: Judged } | undefined;
    const doubted = () =>
      last === undefined
        ? from?.ladders?.doubted ?? false
        : last.look.doubted || last.look.gap !== undefined || last.look.missed > 0;
    const lookAt = (sampled: Sampled) => {
      const judged = judge(problem, sampled, maxSpend);
      const gaps = passed ? compareRuns(seen.draws, judged.draws, components, maxSpend) : [];
      const look: Look = {
        first: verdict.status,
        doubted: doubted(),
        gap: tellingGap(gaps),
        missed: passed ? Math.max(missedBy(chains, sampled), unseenBy(judged)) : 0,
        ladders: judged.assessment.verdict.status,
        roundTrips: sampled.tempering!.roundTrips,
        long: thin >= ANSWER_THIN,
      };
      return { look, judged };
    };
    const extension = {
      thin: leastThin,
      doublings: Math.log2(MOST_THIN / leastThin),
      enough: (sampled: Sampled) => {
        last = lookAt(sampled);
        if (decide(last.look) !== "go on") return true;
        thin *= 2;
        return false;
      },
    };
    const resumed = performance.now() - (from?.ladders?.ms ?? 0);
    const own = named(hooks, "tempered", chains.timing.gradients, !passed, {
      from: from?.ladders?.state,
      offer(state) {
        const ladders = { state, ms: performance.now() - resumed, thin, doubted: doubted() };
        continuation?.offer({ first: firstState, firstMs, ladders });
      },
    });
    try {
      const climbed = await ladders(engine, problem, ladderOptions(options), own, extension);
      const { look, judged } = last !== undefined && decide(last.look) !== "go on" ? last : lookAt(climbed);
      const { answer, doubts } = conclude(look, climbed.interrupted);
      const why = passed ? "in case these chains all missed a solution" : "because the chains did not pass";
      const closing = step("tempered", why, ladderFinding(look, answer), climbed, judged, resumed);
      const chosen = answer === "first" ? chains : climbed;
      return outcome(chosen, [chains, climbed], [opening, closing], doubts);
    } catch (error) {
      // Stopped before the ladders had draws: what the chains drew is kept.
      if (hooks.signal?.aborted !== true || error !== hooks.signal.reason) throw error;
      return { ...outcome(chains, [chains], [opening], unchecked), interrupted: true };
    }
  };
}

export const sampleAuto: Method = autoMethod(sampleChees, sampleLadders);

const largestSpend = ({ spend, units }: HillProblem) =>
  units.spendScale * spend.reduce((a, b) => Math.max(a, b));

/** The heaviest solution found before the ladders that the chains missed, by the search or by the ladders' draws. */
function missedBy({ sample }: Sampled, { sample: climbed, tempering }: Sampled): number {
  const modes = tempering?.search?.found.modes ?? [];
  if (modes.length < 2) return 0; // the only one there is cannot be missed
  const sharesOf = ({ positions }: Sampled["sample"]) => {
    const members = modesOf(modes, positions);
    return modes.map((_, m) => members.filter((member) => member === m).length / members.length);
  };
  const drawn = sharesOf(climbed), { weights } = balance(modes);
  return missedWeight(weights.map((weight, m) => Math.max(weight, drawn[m]!)), sharesOf(sample));
}

/** What the ladders, too, have missed of the evidence that the search found. */
function unseenBy({ tempered }: Judged): number {
  const search = tempered && evidenceOf(tempered).search;
  return search !== undefined && isShort(search) ? -Math.expm1(-search.gap) : 0;
}

/**
 * The hooks of one step, which tells its name and counts the gradients of the steps before it.
 *
 * @param answers whether its draws, and not those of the step before, are the ones to keep on the way
 */
function named(
  { onProgress, onDraws, signal }: MethodHooks,
  method: MethodName,
  gradientsBefore: number,
  answers: boolean,
  continuation: Continuation<unknown>,
): MethodHooks {
  return {
    continuation,
    ...(onDraws === undefined || !answers ? {} : { onDraws }),
    onProgress: (progress) =>
      onProgress({ ...progress, step: method, gradients: gradientsBefore + progress.gradients }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Sizes of the ladders: their method's own, in proportion where the first step's were changed. */
function ladderOptions({ chains, warmup, draws, seed, ...rest }: FitOptions): FitOptions {
  const { auto, tempered } = METHODS, share = tempered.chains.webgpu / auto.chains.webgpu;
  return {
    ...rest,
    ...(chains === undefined ? {} : { chains: Math.max(FEWEST_LADDERS, Math.round(chains * share)) }),
    warmup: Math.ceil(tempered.warmup * warmup / auto.warmup),
    draws: Math.ceil(tempered.draws * draws / auto.draws),
    seed: (seed + OTHER_SEED) % 2 ** 53,
  };
}

function step(
  method: MethodName,
  why: string,
  found: string,
  { timing }: Sampled,
  { assessment }: Judged,
  began: number,
): AutoReport["steps"][number] {
  return {
    method,
    why,
    found,
    status: assessment.verdict.status,
    total_s: (performance.now() - began) / 1000,
    gradients: timing.gradients,
    transitions: timing.transitions,
  };
}

/** The answer's sample with the work of all steps. */
function outcome(
  answer: Sampled,
  all: readonly Sampled[],
  steps: AutoReport["steps"],
  doubts: readonly string[],
): Sampled {
  const total = (part: (timing: Sampled["timing"]) => number) =>
    all.reduce((sum, { timing }) => sum + part(timing), 0);
  return {
    ...answer,
    interrupted: all.some(({ interrupted }) => interrupted),
    timing: {
      warmup_s: total(({ warmup_s }) => warmup_s),
      sampling_s: total(({ sampling_s }) => sampling_s),
      gradients: total(({ gradients }) => gradients),
      transitions: total(({ transitions }) => transitions),
    },
    auto: { answer: answer === all[0] ? "chees" : "tempered", steps, doubts: [...doubts] },
  };
}
