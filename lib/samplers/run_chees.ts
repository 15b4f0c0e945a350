/**
 * Many-chain HMC from start to finish on any engine: warm-up, then draws. Every decision depends on draws alone,
 * never on the clock, so that the same seed on the same adapter gives the same draws.
 */
import type { DrawBatch, Ensemble, TransitionBatch } from "../engine/ensemble.ts";
import { type SamplerPlan, type SamplerProgress, type SamplerRun, unlessStopped } from "./run.ts";
import { annealChains } from "./run_anneal.ts";
import { finishWarmup, initWarmup, planWarmup, stepWarmup, warmupTuning } from "./warmup.ts";

/** Transitions between two adaptation steps. */
const WARMUP_BATCH = 4;
/** Transitions between two looks at the caller: progress, cancel. */
const SAMPLING_BATCH = 25;

/**
 * Runs warm-up and sampling.
 *
 * @param candidates independent prior draws to start from, (chains, CANDIDATES, D)
 * @param onProgress called after every batch
 * @param signal ends the run after the batch under way, or within it where the ensemble heeds the same signal
 */
export async function runChees(
  ensemble: Ensemble,
  candidates: Float64Array,
  seed: number,
  plan: SamplerPlan,
  onProgress: (progress: SamplerProgress<TransitionBatch>) => void = () => {},
  signal?: AbortSignal,
): Promise<SamplerRun<TransitionBatch>> {
  const { dim, problems } = ensemble, each = ensemble.chains / problems;
  let gradients = 0, divergences = 0;
  const count = (batch: TransitionBatch) => {
    gradients += batch.leapfrogs.reduce((sum, leapfrogs) => sum + leapfrogs * each, 0);
    divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    return batch;
  };
  const warmed = (batch: TransitionBatch, done: number) =>
    onProgress({ phase: "warm-up", done, total: plan.warmup, gradients, divergences, batch });
  const stopped = () => ({ batches: [], tuning: [], gradients, interrupted: true });

  const schedule = planWarmup(Math.ceil(plan.warmup / WARMUP_BATCH));
  const transitions = Math.min(plan.warmup, schedule.annealEnd * WARMUP_BATCH);
  const annealed = await annealChains(
    ensemble,
    { candidates, seed, transitions },
    (batch, done) => warmed(count(batch), done),
    signal,
  );
  if (annealed === undefined) return stopped();
  let states = annealed.map(initWarmup);
  for (let i = schedule.annealEnd; i < schedule.batches; i++) {
    if (signal?.aborted === true) return stopped();
    const transitions = Math.min(WARMUP_BATCH, plan.warmup - i * WARMUP_BATCH);
    const batch = count(await ensemble.hmc(transitions, states.map(warmupTuning)));
    const slopes = schedule.renewals.includes(i + 1) ? await batchGradients(ensemble, batch) : undefined;
    const own = transitions * each * dim; // numbers of one problem's gradients
    states = states.map((state, p) => {
      const gradients = slopes?.subarray(p * own, (p + 1) * own);
      return stepWarmup(schedule, state, batch, p * each, each, gradients);
    });
    warmed(batch, Math.min(plan.warmup, (i + 1) * WARMUP_BATCH));
  }

  const tuning = states.map(finishWarmup);
  const batches: TransitionBatch[] = [];
  divergences = 0;
  for (let done = 0; done < plan.draws;) {
    if (signal?.aborted === true) return { batches, tuning, gradients, interrupted: true };
    const transitions = Math.min(SAMPLING_BATCH, plan.draws - done);
    const batch = await unlessStopped(ensemble.hmc(transitions, tuning), signal);
    if (batch === undefined) return { batches, tuning, gradients, interrupted: true };
    batches.push(count(batch));
    done += transitions;
    onProgress({ phase: "sampling", done, total: plan.draws, gradients, divergences, batch });
  }
  return { batches, tuning, gradients, interrupted: false };
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
