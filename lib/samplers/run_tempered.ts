/**
 * Non-reversible parallel tempering from start to finish on any engine: an annealed start that also measures the
 * barrier, rounds of adaptation, draws. Decisions depend on draws alone, never on the clock.
 */
import type { Engine, Ensemble, TargetSpec, TransitionBatch, Tuning } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { annealPath, MOST_TRANSITIONS } from "./anneal_path.ts";
import { type Evidence, logEvidence } from "./evidence.ts";
import { barrierOf, rejections } from "./ladder.ts";
import { joinBatches, KeptDraws, pickDraws } from "./kept_draws.ts";
import { LadderJumps, type Tally } from "./ladder_jumps.ts";
import { RoundTrips } from "./round_trips.ts";
import { type Lineage, type SamplerProgress, unlessStopped } from "./run.ts";
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
import type { TemperedMode } from "./temper_modes.ts";

/** Transitions between two adaptation steps: few in short rounds, more in long ones, where a read-back costs as much. */
const SHORT_BATCH = 8, LONG_BATCH = 32, BATCHES_PER_ROUND = 64;
/** Transitions between two looks at the caller at most, which bounds the memory of their draws. */
const MOST_AT_ONCE = 250;
/** Transitions between two jumps: of all that could be done at once a few parts, since jumps interrupt the engine. */
const LEAST_TO_JUMP = 4, MOST_TO_JUMP = 64, JUMPS_AT_ONCE = 2;
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
  /** What is known of its modes, to jump between where there are several. */
  readonly modes?: readonly TemperedMode[];
}

export interface TemperedPlan {
  /** Independent ladders, at least two. */
  readonly ladders: number;
  /** Transitions per ladder thrown away. */
  readonly warmup: number;
  /** Draws of the posterior kept per ladder. */
  readonly draws: number;
  /** Transitions per draw kept, before any doubling. */
  readonly thin: number;
}

/** How long a run may grow beyond its plan. */
export interface Extension {
  /**
   * How often the run may double at most. The transitions per draw kept double with it, of earlier draws too, so
   * that a run of any length keeps as many draws as were planned.
   */
  readonly doublings: number;
  /** Whether the run so far will do; asked when it is as long as planned and after every doubling but the last. */
  enough(run: TemperedRun): boolean | Promise<boolean>;
}

const AS_PLANNED: Extension = { doublings: 0, enough: () => true };

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
  /** Jumps between modes at the posterior, warm-up included. */
  readonly jumps: Tally;
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
 * @param extension goes on with the same chains, without another warm-up; by default the run ends as planned
 */
export async function runTempered(
  engine: Engine,
  target: TemperedTarget,
  seed: number,
  plan: TemperedPlan,
  onProgress: (progress: SamplerProgress) => void = () => {},
  signal?: AbortSignal,
  extension: Extension = AS_PLANNED,
): Promise<TemperedRun> {
  const run = new TemperedSampler(engine, target, seed, plan, onProgress, signal, extension);
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
  readonly #extension: Extension;
  /** Prior draws of each ladder. */
  readonly #priors: readonly RandomStream[];
  readonly #jumps: LadderJumps | undefined;
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
    extension: Extension,
  ) {
    this.#engine = engine;
    this.#target = target;
    this.#seed = seed;
    this.#plan = plan;
    this.#onProgress = onProgress;
    this.#signal = signal;
    this.#extension = extension;
    this.#priors = Array.from(
      { length: plan.ladders },
      (_, ladder) => new RandomStream(seed, Purpose.reference, ladder),
    );
    const { modes = [] } = target;
    this.#jumps = modes.length > 1 ? new LadderJumps(modes, plan.ladders, seed) : undefined;
  }

  async close(): Promise<void> {
    await this.#ensemble?.close();
    this.#ensemble = undefined;
  }

  async run(): Promise<TemperedRun> {
    const ready = await this.#layLadder() && await this.#warmUp();
    return ready ? await this.#sample() : this.#outcome(undefined, undefined);
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
    let annealed = 0;
    const path = await annealPath(
      await this.#open(chains),
      (stream) => this.#target.prior(stream),
      this.#seed,
      (batch) => {
        this.#count(batch);
        this.#show("warm-up", annealed += batch.transitions, MOST_TRANSITIONS + warmup, batch);
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
    this.#climbTo(rungs);
    return true;
  }

  /** Rounds, then the stretch that settles. @returns false when stopped before its end */
  async #warmUp(): Promise<boolean> {
    const { warmup } = this.#plan, { rounds, settle } = planRounds(warmup);
    let done = 0;
    for (const length of [...rounds, settle]) {
      const each = Math.min(LONG_BATCH, Math.max(SHORT_BATCH, Math.floor(length / BATCHES_PER_ROUND)));
      for (const end = done + length; done < end;) {
        const batch = await this.#warmUpBatch(Math.min(each, end - done));
        if (batch === undefined) return false;
        this.#rungs = stepRungs(this.#rungs, batch, this.#jumps?.withinModes(batch));
        await this.#jump(batch);
        this.#recent = [...this.#recent, batch].slice(-GRADIENT_BATCHES);
        done += batch.transitions;
        const all = [...Array(batch.transitions).keys()];
        const cold = pickDraws(batch, all, this.#plan.ladders);
        this.#show("warm-up", MOST_TRANSITIONS + done, MOST_TRANSITIONS + warmup, cold);
      }
      if (done < warmup) await this.#renew();
    }
    this.#recent = [];
    return !this.#stopped;
  }

  /** Transitions at one tuning, stopped between parts of them. */
  async #warmUpBatch(transitions: number): Promise<TransitionBatch | undefined> {
    const atOnce = this.#transitionsAtOnce(false), parts: TransitionBatch[] = [];
    for (let done = 0; done < transitions; done += parts.at(-1)!.transitions) {
      if (this.#stopped) return undefined;
      const part = Math.min(atOnce, transitions - done);
      parts.push(await this.#advance(part, false, this.#priorDraws(part)));
    }
    return joinBatches(parts);
  }

  /** After a round: metrics, then the ladder, whose chains go on from the nearest rungs of the old one. */
  async #renew(): Promise<void> {
    const renewed: RungState[] = [];
    for (const [r, rung] of this.#rungs.entries()) {
      if (this.#stopped) return;
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
    this.#climbTo(rungs);
  }

  #climbTo(rungs: readonly RungState[]): void {
    this.#rungs = rungs;
    this.#jumps?.aim(rungs.map(({ beta }) => beta));
  }

  async #jump(batch: TransitionBatch): Promise<void> {
    this.#gradients += await this.#jumps?.step(this.#ensemble!, batch) ?? 0;
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

  /** Draws as planned; then as many again, and again, while there are too few and there may be more. */
  async #sample(): Promise<TemperedRun> {
    const { ladders, draws, thin } = this.#plan, { doublings, enough } = this.#extension;
    const kept = new KeptDraws(ladders, thin), trips = new RoundTrips(ladders, this.#rungs.length);
    this.#divergences = 0;
    for (let planned = draws * thin, doubled = 0;; planned *= 2, doubled++) {
      await this.#sampleUntil(planned, kept, trips);
      const run = this.#outcome(kept, trips);
      if (run.interrupted || doubled >= doublings || await enough(run)) return run;
      kept.halve();
    }
  }

  async #sampleUntil(planned: number, kept: KeptDraws, trips: RoundTrips): Promise<void> {
    const { thin } = this.#plan, atOnce = this.#transitionsAtOnce(true);
    const toJump = this.#jumps === undefined
      ? Infinity
      : Math.min(MOST_TO_JUMP, Math.max(LEAST_TO_JUMP, Math.floor(atOnce / JUMPS_AT_ONCE)));
    // Jumps come after the same transitions however long the run gets.
    const size = (done: number) => Math.min(atOnce, planned - done, toJump - done % toJump);
    let prepared = this.#priorDraws(size(kept.seen));
    while (kept.seen < planned && !this.#stopped) {
      const transitions = size(kept.seen), running = this.#advance(transitions, true, prepared);
      prepared = this.#priorDraws(size(kept.seen + transitions)); // while the engine is at work
      const batch = await unlessStopped(running, this.#signal);
      if (batch === undefined) return;
      const origins = Array.from(
        { length: transitions },
        (_, i) => trips.follow(batch.replica.subarray(i * batch.chains, (i + 1) * batch.chains)),
      );
      const cold = kept.add(batch, origins);
      if (cold.transitions > 0) {
        const lineage = { origins: kept.lastOrigins(cold.transitions), roundTrips: trips.trips };
        this.#show("sampling", Math.floor(kept.seen / thin), planned / thin, cold, lineage);
      }
      if (kept.seen % toJump === 0) await unlessStopped(this.#jump(batch), this.#signal);
    }
  }

  #outcome(kept: KeptDraws | undefined, trips: RoundTrips | undefined): TemperedRun {
    const began = kept !== undefined && kept.batches.length > 0;
    return {
      batches: kept?.batches ?? [],
      tuning: this.#rungs.map((rung) => rungTuning(rung, true)),
      report: began ? this.#report(kept, trips!) : undefined,
      gradients: this.#gradients,
      transitions: this.#transitions,
      interrupted: this.#stopped,
    };
  }

  #report(kept: KeptDraws, trips: RoundTrips): TemperingReport {
    const seen = this.#rungs.map(({ beta }, r) => ({ beta, logLik: kept.logLik(r) }));
    const rejected = rejections(seen);
    return {
      betas: seen.map(({ beta }) => beta),
      rejections: rejected,
      barrier: barrierOf(rejected),
      roundTrips: trips.trips,
      evidence: logEvidence(seen, this.#plan.ladders),
      origins: kept.origins,
      jumps: this.#jumps?.tally ?? { tried: 0, accepted: 0 },
    };
  }

  /** Transitions between two looks at the caller. */
  #transitionsAtOnce(settled: boolean): number {
    const { ladders } = this.#plan;
    const gradients = this.#rungs.reduce((sum, rung) => {
      const { trajectoryLength, stepSize } = rungTuning(rung, settled);
      return sum + 1 + 0.5 * trajectoryLength / stepSize; // half of it after the jitter, on average
    }, 0);
    const most = workAtOnce(this.#engine) / (gradients * ladders * workOf(this.#target.target));
    return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(most)));
  }

  async #advance(transitions: number, settled: boolean, prior: Float64Array): Promise<TransitionBatch> {
    const tuning = this.#rungs.map((rung) => rungTuning(rung, settled));
    const batch = await this.#ensemble!.hmc(transitions, tuning, prior);
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

  #show(
    phase: SamplerProgress["phase"],
    done: number,
    total: number,
    batch: TransitionBatch,
    lineage?: Lineage,
  ): void {
    this.#divergences += batch.diverging.reduce((sum, one) => sum + one, 0);
    this.#onProgress({
      phase,
      done,
      total,
      gradients: this.#gradients,
      divergences: this.#divergences,
      batch,
      ...(lineage === undefined ? {} : { lineage }),
    });
  }
}

/** Work, in rows times curves of a gradient, between two looks at the caller: a quarter of a second on four cores. */
function workAtOnce({ name, software }: Engine): number {
  if (name === "cpu") return 1e7;
  return software ? 1.5e8 : 5e9;
}

const workOf = (target: TargetSpec): number =>
  target.kind === "hill_mixture" ? target.problems[0]!.rows * target.problems[0]!.layout.components : 1;
