/** The way from the prior to the posterior, walked once by an annealed population: where a first ladder is laid. */
import type { Ensemble, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { annealTuning, initAnneal, stepAnneal } from "./anneal.ts";
import { replaceChains } from "./run_anneal.ts";
import { CANDIDATES, startChains } from "./start.ts";

/** Batches of annealing at most, and the transitions of each. */
const BATCHES = 60;
const BATCH = 4;
/** Transitions of an annealed walk at most. */
export const MOST_TRANSITIONS = BATCHES * BATCH;
/** Batches spent at the posterior, where the population settles. */
const LAST_BATCHES = 10;

/** The population at one inverse temperature. */
export interface Stop {
  readonly beta: number;
  readonly logLik: Float64Array; // (chains)
  readonly positions: Float64Array; // (chains, D)
  /** How it moved there; undefined at the prior. */
  readonly tuning: Tuning | undefined;
}

/**
 * Anneals every chain of an untempered ensemble of one problem.
 *
 * @param prior an exact prior draw, (D)
 * @param onBatch called after every batch
 * @param signal ends the walk after the batch under way
 * @returns stops from the posterior to the prior; undefined when stopped before the posterior
 */
export async function annealPath(
  ensemble: Ensemble,
  prior: (stream: RandomStream) => Float64Array,
  seed: number,
  onBatch: (batch: TransitionBatch) => void,
  signal?: AbortSignal,
): Promise<Stop[] | undefined> {
  const { dim, chains } = ensemble;
  const candidates = new Float64Array(chains * CANDIDATES * dim);
  for (let c = 0; c < chains; c++) {
    const stream = new RandomStream(seed, Purpose.initial, c);
    for (let i = 0; i < CANDIDATES; i++) candidates.set(prior(stream), (c * CANDIDATES + i) * dim);
  }
  const positions = candidates.slice(0, chains * dim);
  const { logLik } = await ensemble.evaluate(positions, 0);
  const stops: Stop[] = [{ beta: 0, logLik, positions, tuning: undefined }];

  const [start] = await startChains(ensemble, candidates, seed);
  let state = initAnneal(start!.positions, dim, start!.beta);
  for (let atPosterior = 0; state.batch < BATCHES && atPosterior < LAST_BATCHES;) {
    if (signal?.aborted === true) return undefined;
    const { batch: count, beta } = state, tuning = annealTuning(state);
    const batch = await ensemble.hmc(BATCH, [tuning]), last = (BATCH - 1) * chains;
    onBatch(batch);
    if (stops.at(-1)!.beta === beta) stops.pop(); // the later the better
    stops.push({
      beta,
      logLik: batch.logLik.slice(last),
      positions: Float64Array.from(batch.positions.subarray(last * dim)),
      tuning,
    });
    const stream = new RandomStream(seed, Purpose.resample, count);
    const uniform = Array.from({ length: chains }, () => stream.uniform());
    const [next, { ancestors }] = stepAnneal(BATCHES, state, batch, 0, chains, uniform);
    await replaceChains(ensemble, batch, [ancestors]);
    state = next;
    if (beta === 1) atPosterior++;
  }
  return stops.reverse();
}
