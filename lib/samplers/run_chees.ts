/**
 * Many-chain HMC from start to finish on any engine: warm-up, then draws. Every decision depends on draws alone,
 * never on the clock, so that the same seed on the same adapter gives the same draws.
 */
import type { DrawBatch, Ensemble, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import type { AnnealState } from "./anneal.ts";
import {
  type Continuation,
  keepDraws,
  type SamplerPlan,
  type SamplerProgress,
  type SamplerRun,
  type Standing,
} from "./run.ts";
import { annealChains } from "./run_anneal.ts";
import {
  finishWarmup,
  initWarmup,
  planWarmup,
  stepWarmup,
  type WarmupState,
  warmupTuning,
} from "./warmup.ts";

/** Transitions between two adaptation steps. */
const WARMUP_BATCH = 4;
/** Transitions between two looks at the caller: progress, cancel. */
const SAMPLING_BATCH = 25;

/** A run after any of its batches: what is known of each problem, or what sampling runs at and what it has kept. */
export type CheesCheckpoint = Standing & Stage;
type Stage =
  | { readonly stage: "annealing"; readonly states: readonly AnnealState[] }
  | { readonly stage: "adapting"; readonly states: readonly WarmupState[] }
  | {
    readonly stage: "sampling";
    readonly tuning: readonly Tuning[];
    readonly batches: readonly TransitionBatch[];
  };

/**
 * Runs warm-up and sampling.
 *
 * @param candidates independent prior draws to start from, (chains, CANDIDATES, D)
 * @param onProgress called after every batch
 * @param signal ends the run after the batch under way, or within it where the ensemble heeds the same signal
 * @param continuation offered the state after every batch
 */
export async function runChees(
  ensemble: Ensemble,
  candidates: Float64Array,
  seed: number,
  plan: SamplerPlan,
  onProgress: (progress: SamplerProgress<TransitionBatch>) => void = () => {},
  signal?: AbortSignal,
  continuation?: Continuation<CheesCheckpoint>,
): Promise<SamplerRun<TransitionBatch>> {
  const { dim, problems } = ensemble, each = ensemble.chains / problems, from = continuation?.from;
  let { gradients, divergences } = from ?? { gradients: 0, divergences: 0 };
  const count = (batch: TransitionBatch) => {
    gradients += batch.leapfrogs.reduce((sum, leapfrogs) => sum + leapfrogs * each, 0);
    divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    return batch;
  };
  const show = (phase: SamplerProgress["phase"], batch: TransitionBatch, done: number, again = false) => {
    const total = phase === "warm-up" ? plan.warmup : plan.draws, told = { phase, done, total, batch };
    onProgress({ ...told, gradients, divergences, ...(again ? { again } : {}) });
  };
  const offer = (stage: Stage) =>
    continuation?.offer({ ...stage, ensemble: ensemble.state(), gradients, divergences });
  if (from !== undefined) await ensemble.restore(from.ensemble);

  const schedule = planWarmup(Math.ceil(plan.warmup / WARMUP_BATCH));
  const transitions = Math.min(plan.warmup, schedule.annealEnd * WARMUP_BATCH);
  const anneal = async () => {
    const known = from?.stage === "annealing" ? { from: from.states } : {};
    const annealed = await annealChains(
      ensemble,
      { candidates, seed, transitions, ...known },
      (batch, done, states) => {
        show("warm-up", count(batch), done);
        offer({ stage: "annealing", states });
      },
      signal,
    );
    return annealed?.map(initWarmup);
  };
  const adapt = async (begun: readonly WarmupState[]) => {
    let states = begun;
    for (let i = states[0]!.batch; i < schedule.batches; i++) {
      if (signal?.aborted === true) return undefined;
      const transitions = Math.min(WARMUP_BATCH, plan.warmup - i * WARMUP_BATCH);
      const batch = count(await ensemble.hmc(transitions, states.map(warmupTuning)));
      const slopes = schedule.renewals.includes(i + 1) ? await batchGradients(ensemble, batch) : undefined;
      const own = transitions * each * dim; // numbers of one problem's gradients
      states = states.map((state, p) => {
        const gradients = slopes?.subarray(p * own, (p + 1) * own);
        return stepWarmup(schedule, state, batch, p * each, each, gradients);
      });
      show("warm-up", batch, Math.min(plan.warmup, (i + 1) * WARMUP_BATCH));
      offer({ stage: "adapting", states });
    }
    return states;
  };

  let tuning: readonly Tuning[], before: readonly TransitionBatch[] = [];
  if (from?.stage === "sampling") ({ tuning, batches: before } = from);
  else {
    const begun = from?.stage === "adapting" ? from.states : await anneal();
    const states = begun && await adapt(begun);
    if (states === undefined) return { batches: [], tuning: [], gradients, interrupted: true };
    tuning = states.map(finishWarmup);
    divergences = 0;
  }
  const kept = await keepDraws(before, {
    draws: plan.draws,
    atOnce: SAMPLING_BATCH,
    advance: async (transitions) => count(await ensemble.hmc(transitions, tuning)),
    show: (batch, done, again) => show("sampling", batch, done, again),
    offer: (batches) => offer({ stage: "sampling", tuning, batches }),
  }, signal);
  return { ...kept, tuning, gradients };
}

/** Gradients at every draw of a batch, (problems, transitions * chains of a problem, D). */
export async function batchGradients(ensemble: Ensemble, batch: DrawBatch): Promise<Float64Array> {
  const { positions, transitions, chains, dim } = batch, each = chains / ensemble.problems;
  const byProblem = new Float64Array(transitions * chains * dim);
  for (let p = 0; p < ensemble.problems; p++) {
    for (let i = 0; i < transitions; i++) {
      const from = (i * chains + p * each) * dim;
      byProblem.set(positions.subarray(from, from + each * dim), (p * transitions + i) * each * dim);
    }
  }
  return (await ensemble.evaluate(byProblem)).gradient;
}
