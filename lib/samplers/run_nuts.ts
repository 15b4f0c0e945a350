/**
 * The no-U-turn sampler from start to finish on any engine: annealing or a search for a first step size, warm-up in
 * windows, then draws. A cohort, the chains of one problem of the ensemble, shares its step size and metric. Every
 * decision depends on draws alone, so the same seed on the same adapter gives the same draws.
 */
import type { DrawBatch, Ensemble, NutsBatch, Tuning } from "../engine/ensemble.ts";
import type { AnnealState } from "./anneal.ts";
import {
  continueAnneal,
  continueStep,
  finishNutsWarmup,
  initNutsWarmup,
  nextBatch,
  nutsTuning,
  type NutsWarmup,
  planWindows,
  restartStep,
  stepNutsWarmup,
  warmupNutsTuning,
} from "./nuts_warmup.ts";
import { annealChains } from "./run_anneal.ts";
import { batchGradients } from "./run_chees.ts";
import {
  type Continuation,
  keepDraws,
  type SamplerPlan,
  type SamplerProgress,
  type SamplerRun,
  type Standing,
} from "./run.ts";

/** Share of the warm-up spent annealing. */
const ANNEAL_SHARE = 0.3;
/** Transitions between two adaptation steps: one, as Stan, unless a cohort's many chains tell as much in fewer. */
const POOLED_BATCH = 4, POOLED_CHAINS = 16;
/** Batches at whose draws the gradients for a metric are taken. */
const GRADIENT_BATCHES = 4;
/** Transitions between two looks at the caller; long, because each batch ends by waiting for its slowest chain. */
const SAMPLING_BATCH = 50;
/** Acceptance that the first step size is to cross (Stan's base_hmc.hpp). */
const SEARCH_ACCEPTANCE = 0.8;
/** Doublings or halvings after which the search gives up. */
const SEARCH_STEPS = 50;

export interface NutsPlan extends SamplerPlan {
  /** Mean acceptance aimed at. */
  readonly targetAcceptance: number;
  /** Prior draws to anneal from, (chains, CANDIDATES, D); left out, warm-up begins where the chains are. */
  readonly annealed?: { readonly candidates: Float64Array; readonly seed: number };
}

/** A run after any of its batches: what is known of each cohort, or what sampling runs at and what it has kept. */
export type NutsCheckpoint = Standing & Stage;
type Stage =
  | { readonly stage: "annealing"; readonly states: readonly AnnealState[] }
  | {
    readonly stage: "adapting";
    readonly states: readonly NutsWarmup[];
    /** The last few batches, newest last. */
    readonly recent: readonly NutsBatch[];
  }
  | {
    readonly stage: "sampling";
    readonly tuning: readonly Tuning[];
    readonly batches: readonly NutsBatch[];
  };

/**
 * Runs warm-up and sampling.
 *
 * @param onProgress called after every batch
 * @param signal ends the run after the batch under way, or within it where the ensemble heeds the same signal
 * @param continuation offered the state after every batch; where it goes on from one, the chains need no start
 */
export async function runNuts(
  ensemble: Ensemble,
  plan: NutsPlan,
  onProgress: (progress: SamplerProgress) => void = () => {},
  signal?: AbortSignal,
  continuation?: Continuation<NutsCheckpoint>,
): Promise<SamplerRun<NutsBatch>> {
  const { dim, problems } = ensemble, each = ensemble.chains / problems, from = continuation?.from;
  let { gradients, divergences } = from ?? { gradients: 0, divergences: 0 };
  const count = (batch: NutsBatch) => {
    gradients += batch.steps.reduce((sum, steps) => sum + steps, 0);
    divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    return batch;
  };
  const show = (phase: SamplerProgress["phase"], batch: DrawBatch, done: number, again = false) => {
    const total = phase === "warm-up" ? plan.warmup : plan.draws, told = { phase, done, total, batch };
    onProgress({ ...told, gradients, divergences, ...(again ? { again } : {}) });
  };
  const offer = (stage: Stage) =>
    continuation?.offer({ ...stage, ensemble: ensemble.state(), gradients, divergences });
  if (from !== undefined) await ensemble.restore(from.ensemble);
  const search = async (states: readonly NutsWarmup[], which: readonly boolean[]) => {
    const found = await searchSteps(ensemble, states, which);
    gradients += found.gradients;
    return states.map((state, p) => which[p] ? restartStep(state, found.steps[p]!) : state);
  };
  const goOn = (states: readonly NutsWarmup[], which: readonly boolean[]) =>
    states.map((state, p) => which[p] ? continueStep(state) : state);

  const annealing = plan.annealed === undefined ? 0 : Math.round(ANNEAL_SHARE * plan.warmup);
  const windows = planWindows(plan.warmup - annealing), most = each < POOLED_CHAINS ? 1 : POOLED_BATCH;
  const begin = async () => {
    if (plan.annealed === undefined) {
      const begun = Array.from({ length: problems }, () => initNutsWarmup(dim));
      return await search(begun, new Array<boolean>(problems).fill(true));
    }
    const known = from?.stage === "annealing" ? { from: from.states } : {};
    const annealed = await annealChains(
      ensemble,
      { ...plan.annealed, transitions: annealing, ...known },
      (batch, done, states) => {
        gradients += each * batch.leapfrogs.reduce((sum, leapfrogs) => sum + leapfrogs, 0);
        divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
        show("warm-up", batch, done);
        offer({ stage: "annealing", states });
      },
      signal,
    );
    return annealed?.map(continueAnneal);
  };
  const adapt = async (begun: readonly NutsWarmup[], last: readonly NutsBatch[]) => {
    let states = begun, recent = last;
    for (let { done } = states[0]!; done < windows.warmup;) {
      if (signal?.aborted === true) return undefined;
      const transitions = nextBatch(windows, done, most);
      const batch = count(await ensemble.nuts(transitions, states.map(warmupNutsTuning)));
      recent = [...recent, batch].slice(-GRADIENT_BATCHES);
      done += transitions;
      const balances = each >= POOLED_CHAINS && windows.renewals.includes(done);
      const slopes = balances ? await gradientsAt(ensemble, recent) : undefined;
      if (balances) {
        gradients += ensemble.chains * recent.reduce((sum, { transitions }) => sum + transitions, 0);
      }
      const stepped = states.map((state, p) =>
        stepNutsWarmup(windows, state, batch, p * each, each, plan.targetAcceptance, slopes?.[p])
      );
      states = stepped.map(([state]) => state);
      const renewed = stepped.map(([, info]) => info.renewed);
      if (renewed.includes(true)) {
        states = plan.annealed === undefined ? await search(states, renewed) : goOn(states, renewed);
      }
      show("warm-up", batch, annealing + done);
      offer({ stage: "adapting", states, recent });
    }
    return states;
  };

  let tuning: readonly Tuning[], before: readonly NutsBatch[] = [];
  if (from?.stage === "sampling") ({ tuning, batches: before } = from);
  else {
    const begun = from?.stage === "adapting" ? from.states : await begin();
    const states = begun && await adapt(begun, from?.stage === "adapting" ? from.recent : []);
    if (states === undefined) return { batches: [], tuning: [], gradients, interrupted: true };
    tuning = states.map(finishNutsWarmup);
    divergences = 0;
  }
  const kept = await keepDraws(before, {
    draws: plan.draws,
    atOnce: SAMPLING_BATCH,
    advance: async (transitions) => count(await ensemble.nuts(transitions, tuning)),
    show: (batch, done, again) => show("sampling", batch, done, again),
    offer: (batches) => offer({ stage: "sampling", tuning, batches }),
  }, signal);
  return { ...kept, tuning, gradients };
}

/** Gradients at every draw of some batches, per problem, (draws, D). */
async function gradientsAt(ensemble: Ensemble, batches: readonly NutsBatch[]): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (const batch of batches) found.push(await batchGradients(ensemble, batch));
  return Array.from({ length: ensemble.problems }, (_, p) => {
    const own = found.map((all) => {
      const each = all.length / ensemble.problems;
      return all.subarray(p * each, (p + 1) * each);
    });
    return Float64Array.from(own.flatMap((some) => [...some]));
  });
}

/**
 * First step sizes (Hoffman & Gelman 2014, algorithm 4, with Stan's threshold): from each cohort's current step,
 * doubled or halved until the mean acceptance of one leapfrog crosses the threshold. The leapfrogs are HMC
 * transitions, so chains may move meanwhile.
 *
 * @param which cohorts to search for; the others keep their step
 */
async function searchSteps(ensemble: Ensemble, states: readonly NutsWarmup[], which: readonly boolean[]) {
  const each = ensemble.chains / ensemble.problems;
  const steps = states.map(({ step }) => Math.exp(step.logStep));
  const factors: (number | undefined)[] = states.map(() => undefined);
  const searching = [...which];
  let gradients = 0;
  for (let turn = 0; turn < SEARCH_STEPS && searching.includes(true); turn++) {
    const batch = await ensemble.hmc(1, states.map(({ factor }, p) => nutsTuning(steps[p]!, factor)));
    gradients += ensemble.chains;
    states.forEach((_, p) => {
      if (!searching[p]) return;
      const own = batch.acceptance.subarray(p * each, (p + 1) * each);
      const high = own.reduce((sum, a) => sum + a, 0) / each > SEARCH_ACCEPTANCE;
      factors[p] ??= high ? 2 : 0.5;
      if (high === (factors[p] === 2)) steps[p]! *= factors[p]!;
      else searching[p] = false;
    });
  }
  return { steps, gradients };
}
