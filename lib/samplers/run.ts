/** What every run of a sampler is given, tells on the way and gives back. */
import type { DrawBatch, EnsembleState, Tuning } from "../engine/ensemble.ts";

export interface SamplerPlan {
  /** Transitions per chain thrown away. */
  readonly warmup: number;
  /** Transitions per chain kept. */
  readonly draws: number;
}

/** How far a run has come. */
export interface SamplerProgress<Batch extends DrawBatch = DrawBatch> {
  readonly phase: "warm-up" | "sampling";
  /** Transitions per chain done in this phase, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Gradients over all chains since the run began. */
  readonly gradients: number;
  /** Divergent transitions in this phase. */
  readonly divergences: number;
  /** The batch just done; of a tempered run, its draws of the posterior. */
  readonly batch: Batch;
  /** Of a tempered run that keeps its draws. */
  readonly lineage?: Lineage;
  /** The batch was drawn before the run went on from a checkpoint, and is told of again. */
  readonly again?: true;
}

/**
 * How a run outlives its process. At safe points it offers all that decides how it goes on, as plain data that nobody
 * changes afterwards; begun from such a state on the same adapter, it makes the draws it would have made, to the bit.
 */
export interface Continuation<State> {
  /** Where to go on from; left out, the run begins. */
  readonly from?: State | undefined;
  offer(state: State): void;
}

/** What the states of all samplers have. */
export interface Standing {
  readonly ensemble: EnsembleState;
  /** As {@link SamplerProgress} counts them. */
  readonly gradients: number;
  readonly divergences: number;
}

/** Where draws of the posterior come from. */
export interface Lineage {
  /** Of each draw of the batch, which visits to the prior it descends from, -1 for none, (ladders). */
  readonly origins: readonly Int32Array[];
  /** Completed by each ladder so far. */
  readonly roundTrips: readonly number[];
}

export interface SamplerRun<Batch extends DrawBatch> {
  /** Kept batches in order; fewer draws than planned when interrupted. */
  readonly batches: readonly Batch[];
  /** What sampling ran at, per problem; empty when it never began. */
  readonly tuning: readonly Tuning[];
  readonly gradients: number;
  /** Whether the signal ended the run before all draws were done. */
  readonly interrupted: boolean;
}

/** What `work` gives; undefined when the signal ended it before its end. */
export async function unlessStopped<T>(work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) return undefined;
    throw error;
  }
}

/** What {@link keepDraws} asks of a sampler. */
export interface Sampling<Batch extends DrawBatch> {
  /** Transitions per chain to keep. */
  readonly draws: number;
  /** Transitions between two looks at the caller. */
  readonly atOnce: number;
  advance(transitions: number): Promise<Batch>;
  /** Tells of a batch with the transitions done; `again` where it was kept before. */
  show(batch: Batch, done: number, again: boolean): void;
  offer(batches: readonly Batch[]): void;
}

/**
 * The stretch of a run whose draws are kept.
 *
 * @param kept batches kept before, which are told of again
 */
export async function keepDraws<Batch extends DrawBatch>(
  kept: readonly Batch[],
  { draws, atOnce, advance, show, offer }: Sampling<Batch>,
  signal?: AbortSignal,
): Promise<Pick<SamplerRun<Batch>, "batches" | "interrupted">> {
  const batches: Batch[] = [];
  let done = 0;
  const keep = (batch: Batch, again: boolean) => {
    batches.push(batch);
    show(batch, done += batch.transitions, again);
  };
  for (const batch of kept) keep(batch, true);
  while (done < draws) {
    if (signal?.aborted === true) return { batches, interrupted: true };
    const batch = await unlessStopped(advance(Math.min(atOnce, draws - done)), signal);
    if (batch === undefined) return { batches, interrupted: true };
    keep(batch, false);
    offer([...batches]);
  }
  return { batches, interrupted: false };
}
