/**
 * Non-reversible parallel tempering from start to finish on any engine: an annealed start that also measures the
 * barrier, rounds of adaptation, draws. Decisions depend on draws alone, never on the clock.
 */
import type { Engine, Ensemble, TargetSpec, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { annealPath } from "./anneal_path.ts";
import { type Evidence, logEvidence } from "./evidence.ts";
import { barrierOf, rejections } from "./ladder.ts";
import { RoundTrips } from "./round_trips.ts";
import type { SamplerProgress } from "./run.ts";
import {
  firstRungs,
  knowsMetric,
  planRounds,
  relay,
  rowsOf,
  type RungState,
  rungTuning,
  stepRungs,
  withMetric,
} from "./tempering.ts";

/** Transitions between two adaptation steps. */
const WARMUP_BATCH = 8;
/** Kept draws of a ladder between two looks at the caller: progress, cancel. */
const SAMPLING_BATCH = 25;
/** Annealed chains per ladder: neighbouring rungs of a ladder start from different ones. */
const ANNEALED_PER_LADDER = 4;
/** Batches at whose draws the gradients for a metric are taken. */
const GRADIENT_BATCHES = 4;

/** What to sample. */
export interface TemperedTarget {
  /** One problem. */
  readonly target: TargetSpec;
  /** An exact draw from the prior, (D). */
  prior(stream: RandomStream): Float64Array;
}

export interface TemperedPlan {
  /** Independent ladders, at least two. */
  readonly ladders: number;
  /** Transitions per ladder thrown away. */
  readonly warmup: number;
  /** Draws of the posterior kept per ladder. */
  readonly draws: number;
  /** Transitions per draw kept. */
  readonly thin: number;
}

/** How tempering went while draws were kept. */
export interface TemperingReport {
  /** Inverse temperatures, from 1 down to 0. */
  readonly betas: readonly number[];
  /** Mean swap rejection between neighbours. */
  readonly rejections: readonly number[];
  readonly barrier: number;
  /** Completed round trips of each ladder. */
  readonly roundTrips: readonly number[];
  readonly evidence: Evidence;
  /** Of each kept draw, which visit to the prior it descends from, -1 for none, (draws, ladders). */
  readonly origins: Int32Array;
}

export interface TemperedRun {
  /** Kept draws of the posterior, chains = ladders; fewer than planned when interrupted. */
  readonly batches: readonly TransitionBatch[];
  /** What sampling ran at, per rung; empty when it never began. */
  readonly tuning: readonly Tuning[];
  /** Undefined when sampling never began. */
  readonly report: TemperingReport | undefined;
  readonly gradients: number;
  /** Transitions over all chains. */
  readonly transitions: number;
  readonly interrupted: boolean;
}

/**
 * Runs annealing, adaptation and sampling.
 *
 * @param onProgress called after every batch, with the posterior's draws
 * @param signal ends the run after the batch under way
 */
export async function runTempered(
  engine: Engine,
  target: TemperedTarget,
  seed: number,
  plan: TemperedPlan,
  onProgress: (progress: SamplerProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<TemperedRun> {
  const run = new TemperedSampler(engine, target, seed, plan, onProgress, signal);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

/** Owns the ensemble of the moment: a ladder of another length needs another one. */
class TemperedSampler {
  readonly #engine: Engine;
  readonly #target: TemperedTarget;
  readonly #seed: number;
  readonly #plan: TemperedPlan;
  readonly #onProgress: (progress: SamplerProgress) => void;
  readonly #signal: AbortSignal | undefined;
  /** Prior draws of each ladder. */
  readonly #priors: readonly RandomStream[];
  #ensemble: Ensemble | undefined;
  #ensembles = 0;
  #rungs: readonly RungState[] = [];
  /** The last few batches of this ladder, newest last. */
  #recent: readonly TransitionBatch[] = [];
  #gradients = 0;
  #transitions = 0;
  #divergences = 0;

  constructor(
    engine: Engine,
    target: TemperedTarget,
    seed: number,
    plan: TemperedPlan,
    onProgress: (progress: SamplerProgress) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#engine = engine;
    this.#target = target;
    this.#seed = seed;
    this.#plan = plan;
    this.#onProgress = onProgress;
    this.#signal = signal;
    this.#priors = Array.from(
      { length: plan.ladders },
      (_, ladder) => new RandomStream(seed, Purpose.reference, ladder),
    );
  }

  async close(): Promise<void> {
    await this.#ensemble?.close();
    this.#ensemble = undefined;
  }

  async run(): Promise<TemperedRun> {
    const ready = await this.#layLadder() && await this.#warmUp();
    return ready ? await this.#sample() : this.#outcome([], undefined);
  }

  get #stopped(): boolean {
    return this.#signal?.aborted === true;
  }

  async #open(chainsPerProblem: number, rungs?: number): Promise<Ensemble> {
    await this.close();
    this.#recent = [];
    this.#ensemble = await this.#engine.ensemble({
      target: this.#target.target,
      chainsPerProblem,
      // A key of its own for each ensemble, because each counts its transitions from zero.
      seed: (this.#seed + 2 ** 40 * this.#ensembles++) % 2 ** 53,
      ...(rungs === undefined ? {} : { rungs }),
    });
    return this.#ensemble;
  }

  /** Anneals a population and lays the first ladder along the way it went. @returns false when stopped */
  async #layLadder(): Promise<boolean> {
    const { ladders, warmup } = this.#plan, chains = ladders * ANNEALED_PER_LADDER;
    const path = await annealPath(
      await this.#open(chains),
      (stream) => this.#target.prior(stream),
      this.#seed,
      (batch) => {
        this.#count(batch);
        this.#show("warm-up", 0, warmup, batch);
      },
      this.#signal,
    );
    if (path === undefined) return false;
    const { rungs, from } = firstRungs(path);
    const ensemble = await this.#open(ladders, rungs.length), { dim } = ensemble;
    const placed = new Float64Array(ensemble.chains * dim);
    from.forEach(({ positions }, r) => {
      for (let l = 0; l < ladders; l++) {
        const chain = l * ANNEALED_PER_LADDER + r % ANNEALED_PER_LADDER;
        placed.set(positions.subarray(chain * dim, (chain + 1) * dim), (r * ladders + l) * dim);
      }
    });
    await ensemble.setPositions(placed);
    this.#rungs = rungs;
    return true;
  }

  /** Rounds, then the stretch that settles. @returns false when stopped before its end */
  async #warmUp(): Promise<boolean> {
    const { warmup } = this.#plan, { rounds, settle } = planRounds(warmup);
    let done = 0;
    for (const length of [...rounds, settle]) {
      for (const end = done + length; done < end;) {
        if (this.#stopped) return false;
        const transitions = Math.min(WARMUP_BATCH, end - done);
        const batch = await this.#advance(transitions, false, this.#priorDraws(transitions));
        this.#rungs = stepRungs(this.#rungs, batch);
        done += transitions;
        this.#show("warm-up", done, warmup, coldDraws(batch, this.#plan.ladders, 1));
      }
      if (done < warmup) await this.#renew();
    }
    return !this.#stopped;
  }

  /** After a round: metrics, then the ladder, whose chains go on from the nearest rungs of the old one. */
  async #renew(): Promise<void> {
    const renewed: RungState[] = [];
    for (const [r, rung] of this.#rungs.entries()) {
      renewed.push(knowsMetric(rung) ? withMetric(rung, await this.#slopes(r, rung.beta)) : rung);
    }
    const { rungs, from } = relay(renewed);
    const { ladders } = this.#plan, last = this.#recent.at(-1)!, { dim, chains } = last;
    const ensemble = rungs.length === this.#rungs.length
      ? this.#ensemble!
      : await this.#open(ladders, rungs.length);
    const placed = new Float64Array(ensemble.chains * dim);
    from.forEach((old, r) => {
      const at = ((last.transitions - 1) * chains + old * ladders) * dim;
      placed.set(last.positions.subarray(at, at + ladders * dim), r * ladders * dim);
    });
    await ensemble.setPositions(placed);
    this.#rungs = rungs;
  }

  /** Gradients at the last draws of one rung, (draws, D). */
  async #slopes(rung: number, beta: number): Promise<Float64Array> {
    const { ladders } = this.#plan;
    const positions = this.#recent.flatMap((batch) =>
      rowsOf(batch, rung * ladders, ladders)
        .flatMap((row) => [...batch.positions.subarray(row * batch.dim, (row + 1) * batch.dim)])
    );
    return (await this.#ensemble!.evaluate(Float64Array.from(positions), beta)).gradient;
  }

  async #sample(): Promise<TemperedRun> {
    const { ladders, draws, thin } = this.#plan, rungs = this.#rungs.length;
    const batches: TransitionBatch[] = [], origins: number[] = [], trips = new RoundTrips(ladders, rungs);
    const logLik: number[][] = this.#rungs.map(() => []);
    this.#divergences = 0;
    const size = (done: number) => thin * Math.min(SAMPLING_BATCH, draws - done);
    let prepared = this.#priorDraws(size(0));
    for (let done = 0; done < draws && !this.#stopped;) {
      const transitions = size(done), running = this.#advance(transitions, true, prepared);
      done += transitions / thin;
      prepared = this.#priorDraws(size(done)); // while the engine is at work
      const batch = await running;
      for (let i = 0; i < transitions; i++) {
        const origin = trips.follow(batch.replica.subarray(i * batch.chains, (i + 1) * batch.chains));
        if (i % thin !== thin - 1) continue;
        origins.push(...origin);
        logLik.forEach((kept, r) => {
          const at = i * batch.chains + r * ladders;
          kept.push(...batch.logLik.subarray(at, at + ladders));
        });
      }
      batches.push(coldDraws(batch, ladders, thin));
      this.#show("sampling", done, draws, batches.at(-1)!);
    }
    if (batches.length === 0) return this.#outcome([], undefined);
    const seen = this.#rungs.map(({ beta }, r) => ({ beta, logLik: Float64Array.from(logLik[r]!) }));
    const rejected = rejections(seen);
    return this.#outcome(batches, {
      betas: seen.map(({ beta }) => beta),
      rejections: rejected,
      barrier: barrierOf(rejected),
      roundTrips: trips.trips,
      evidence: logEvidence(seen, ladders),
      origins: Int32Array.from(origins),
    });
  }

  #outcome(batches: readonly TransitionBatch[], report: TemperingReport | undefined): TemperedRun {
    return {
      batches,
      tuning: this.#rungs.map((rung) => rungTuning(rung, true)),
      report,
      gradients: this.#gradients,
      transitions: this.#transitions,
      interrupted: this.#stopped,
    };
  }

  async #advance(transitions: number, settled: boolean, prior: Float64Array): Promise<TransitionBatch> {
    const tuning = this.#rungs.map((rung) => rungTuning(rung, settled));
    const batch = await this.#ensemble!.hmc(transitions, tuning, prior);
    this.#recent = [...this.#recent, batch].slice(-GRADIENT_BATCHES);
    this.#count(batch);
    return batch;
  }

  /** Prior draws for the last rung, (transitions, ladders, D). */
  #priorDraws(transitions: number): Float64Array {
    const { ladders } = this.#plan, { dim } = this.#ensemble!;
    const all = new Float64Array(transitions * ladders * dim);
    for (let i = 0; i < transitions; i++) {
      this.#priors.forEach((stream, l) => all.set(this.#target.prior(stream), (i * ladders + l) * dim));
    }
    return all;
  }

  /** The first gradient of a tempered trajectory, or the only one at the prior, is not among its leapfrogs. */
  #count(batch: TransitionBatch): void {
    const cohorts = batch.leapfrogs.length / batch.transitions, each = batch.chains / cohorts;
    batch.leapfrogs.forEach((steps, i) => {
      const prior = cohorts > 1 && i % cohorts === cohorts - 1;
      this.#gradients += each * (prior ? 1 : cohorts > 1 ? steps + 1 : steps);
    });
    this.#transitions += batch.transitions * batch.chains;
  }

  #show(phase: "warm-up" | "sampling", done: number, total: number, batch: TransitionBatch): void {
    this.#divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    this.#onProgress({
      phase,
      done,
      total,
      gradients: this.#gradients,
      divergences: this.#divergences,
      batch,
    });
  }
}

/** The posterior's part of a tempered batch, every `thin`-th transition of it. */
function coldDraws(batch: TransitionBatch, ladders: number, thin: number): TransitionBatch {
  const { dim, chains } = batch,
    cohorts = chains / ladders,
    transitions = Math.floor(batch.transitions / thin);
  const kept = Array.from({ length: transitions }, (_, i) => thin * (i + 1) - 1);
  const rows = kept.flatMap((i) => Array.from({ length: ladders }, (_, l) => i * chains + l));
  const pick = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]!);
  const positions = new Float64Array(rows.length * dim);
  rows.forEach((row, at) => positions.set(batch.positions.subarray(row * dim, (row + 1) * dim), at * dim));
  return {
    transitions,
    chains: ladders,
    dim,
    positions,
    logPrior: pick(batch.logPrior),
    logLik: pick(batch.logLik),
    acceptance: pick(batch.acceptance),
    energy: pick(batch.energy),
    diverging: Uint8Array.from(rows, (row) => batch.diverging[row]!),
    cheesGradient: pick(batch.cheesGradient),
    leapfrogs: Uint32Array.from(kept, (i) => batch.leapfrogs[i * cohorts]!),
    replica: Uint32Array.from(rows, (row) => batch.replica[row]!),
  };
}
