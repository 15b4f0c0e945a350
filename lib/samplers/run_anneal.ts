/** The annealed start on any engine: from prior draws to the posterior, problem by problem and island by island. */
import type { Ensemble, TransitionBatch } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { type AnnealState, annealTuning, initAnneal, stepAnneal } from "./anneal.ts";
import { startChains } from "./start.ts";

/** Transitions between two rises of beta. */
const BATCH = 4;

/** Where annealing begins, or goes on from, and what it may take. */
export interface AnnealPlan {
  /** Independent prior draws to start from, (chains, CANDIDATES, D). */
  readonly candidates: Float64Array;
  readonly seed: number;
  /** Transitions per chain. */
  readonly transitions: number;
  /** What was learned of each problem up to where the ensemble is now; left out, candidates are placed first. */
  readonly from?: readonly AnnealState[];
}

/**
 * Anneals every chain of an untempered ensemble, and leaves it at the posterior.
 *
 * @param onBatch called after every batch with the transitions done and what is known by then
 * @param signal ends the walk after the batch under way
 * @returns what was learned of each problem; undefined when stopped on the way
 */
export async function annealChains(
  ensemble: Ensemble,
  { candidates, seed, transitions, from }: AnnealPlan,
  onBatch: (batch: TransitionBatch, done: number, states: readonly AnnealState[]) => void,
  signal?: AbortSignal,
): Promise<readonly AnnealState[] | undefined> {
  const { dim, problems } = ensemble, each = ensemble.chains / problems;
  const batches = Math.ceil(transitions / BATCH);
  const begin = async () => {
    const starts = await startChains(ensemble, candidates, seed);
    return starts.map(({ positions, beta }) => initAnneal(positions, dim, beta));
  };
  let states = from ?? await begin();
  for (let i = states[0]!.batch; i < batches; i++) {
    if (signal?.aborted === true) return undefined;
    const size = Math.min(BATCH, transitions - i * BATCH);
    const batch = await ensemble.hmc(size, states.map(annealTuning));
    const steps = states.map((state, p) => {
      const stream = new RandomStream(seed, Purpose.resample, i * problems + p);
      const uniform = Array.from({ length: each }, () => stream.uniform());
      return stepAnneal(batches, state, batch, p * each, each, uniform);
    });
    states = steps.map(([state]) => state);
    await replaceChains(ensemble, batch, steps.map(([, { ancestors }]) => ancestors));
    onBatch(batch, i * BATCH + size, states);
  }
  return states;
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
