/**
 * Many-chain HMC from start to finish on any engine: warm-up, then draws. Every decision depends on draws alone,
 * never on the clock, so that the same seed on the same adapter gives the same draws.
 */
import type { DrawBatch, Ensemble, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { type SamplerPlan, type SamplerProgress, type SamplerRun, unlessStopped } from "./run.ts";
import { startChains } from "./start.ts";
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
  const advance = async (transitions: number, tuning: readonly Tuning[]) => {
    const batch = await ensemble.hmc(transitions, tuning);
    gradients += batch.leapfrogs.reduce((sum, count) => sum + count * each, 0);
    divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    return batch;
  };

  const schedule = planWarmup(Math.ceil(plan.warmup / WARMUP_BATCH));
  const starts = await startChains(ensemble, candidates, seed);
  let states: WarmupState[] = starts.map(({ positions, beta }) => initWarmup(positions, dim, beta));
  for (let i = 0; i < schedule.batches; i++) {
    if (signal?.aborted === true) {
      return { batches: [], tuning: states.map(finishWarmup), gradients, interrupted: true };
    }
    const transitions = Math.min(WARMUP_BATCH, plan.warmup - i * WARMUP_BATCH);
    const batch = await advance(transitions, states.map((state) => warmupTuning(schedule, state)));
    const slopes = schedule.renewals.includes(i + 1) ? await batchGradients(ensemble, batch) : undefined;
    const own = transitions * each * dim; // numbers of one problem's gradients
    const steps = states.map((state, p) => {
      const stream = new RandomStream(seed, Purpose.resample, i * problems + p);
      const uniform = Array.from({ length: each }, () => stream.uniform());
      return stepWarmup(
        schedule,
        state,
        batch,
        p * each,
        each,
        uniform,
        slopes?.subarray(p * own, (p + 1) * own),
      );
    });
    states = steps.map(([state]) => state);
    await replaceChains(ensemble, batch, steps.map(([, { ancestors }]) => ancestors));
    const done = Math.min(plan.warmup, (i + 1) * WARMUP_BATCH);
    onProgress({ phase: "warm-up", done, total: plan.warmup, gradients, divergences, batch });
  }

  const tuning = states.map(finishWarmup);
  const batches: TransitionBatch[] = [];
  divergences = 0;
  for (let done = 0; done < plan.draws;) {
    if (signal?.aborted === true) return { batches, tuning, gradients, interrupted: true };
    const transitions = Math.min(SAMPLING_BATCH, plan.draws - done);
    const batch = await unlessStopped(advance(transitions, tuning), signal);
    if (batch === undefined) return { batches, tuning, gradients, interrupted: true };
    batches.push(batch);
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

/** Moves chains onto the positions of those they are to copy; `ancestors` has an entry per problem. */
export async function replaceChains(
  ensemble: Ensemble,
  { positions, transitions, chains, dim }: TransitionBatch,
  ancestors: readonly (readonly number[] | undefined)[],
): Promise<void> {
  if (ancestors.every((own) => own === undefined)) return;
  const each = chains / ancestors.length, last = (transitions - 1) * chains;
  const placed = new Float64Array(chains * dim);
  for (let c = 0; c < chains; c++) {
    const problem = Math.floor(c / each);
    const from = last +
      (ancestors[problem] === undefined ? c : problem * each + ancestors[problem][c % each]!);
    placed.set(positions.subarray(from * dim, (from + 1) * dim), c * dim);
  }
  await ensemble.setPositions(placed);
}
