/**
 * Non-reversible parallel tempering from start to finish on any engine: an annealed start that also measures the
 * barrier, rounds of adaptation, draws. Decisions depend on draws alone, never on the clock.
 */
import type { Engine, Ensemble, TransitionBatch } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { annealPath, MOST_TRANSITIONS } from "./anneal_path.ts";
import { logEvidence } from "./evidence.ts";
import { barrierOf, rejections } from "./ladder.ts";
import { joinBatches, KeptDraws, pickDraws } from "./kept_draws.ts";
import { LadderJumps } from "./ladder_jumps.ts";
import { RoundTrips } from "./round_trips.ts";
import { type Continuation, type Lineage, type SamplerProgress, unlessStopped } from "./run.ts";
import type {
  Extension,
  Placed,
  TemperedCheckpoint,
  TemperedPlan,
  TemperedRun,
  TemperedStage,
  TemperedTarget,
  TemperingReport,
} from "./tempered_run.ts";
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
import { gradientsOf, transitionsAtOnce } from "./tempered_work.ts";

/** Transitions between two adaptation steps: few in short rounds, more in long ones, where a read-back costs as much. */
const SHORT_BATCH = 8, LONG_BATCH = 32, BATCHES_PER_ROUND = 64;
/** Transitions between two jumps: of all that could be done at once a few parts, since jumps interrupt the engine. */
const LEAST_TO_JUMP = 4, MOST_TO_JUMP = 64, JUMPS_AT_ONCE = 2;
/** Annealed chains per ladder: neighbouring rungs of a ladder start from different ones. */
const ANNEALED_PER_LADDER = 4;
/** Batches at whose draws the gradients for a metric are taken. */
const GRADIENT_BATCHES = 4;

const AS_PLANNED: Extension = { doublings: 0, enough: () => true };

/**
 * Runs annealing, adaptation and sampling.
 *
 * @param onProgress called after every batch, with the posterior's draws
 * @param signal ends the run after the batch under way
 * @param extension goes on with the same chains, without another warm-up; by default the run ends as planned
 * @param continuation offered the state after every batch once there is a ladder
 */
export async function runTempered(
  engine: Engine,
  target: TemperedTarget,
  seed: number,
  plan: TemperedPlan,
  onProgress: (progress: SamplerProgress) => void = () => {},
  signal?: AbortSignal,
  extension: Extension = AS_PLANNED,
  continuation?: Continuation<TemperedCheckpoint>,
): Promise<TemperedRun> {
  const given = { engine, target, seed, plan, onProgress, signal, extension, continuation };
  const run = new TemperedSampler(given);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

/** What {@link runTempered} is given. */
interface Given {
  readonly engine: Engine;
  readonly target: TemperedTarget;
  readonly seed: number;
  readonly plan: TemperedPlan;
  readonly onProgress: (progress: SamplerProgress) => void;
  readonly signal: AbortSignal | undefined;
  readonly extension: Extension;
  readonly continuation: Continuation<TemperedCheckpoint> | undefined;
}

/** Owns the ensemble of the moment: a ladder of another length needs another one. */
class TemperedSampler {
  readonly #given: Given;
  /** Prior draws of each ladder. */
  readonly #priors: readonly RandomStream[];
  readonly #jumps: LadderJumps | undefined;
  #ensemble: Ensemble | undefined;
  #ensembles = 0;
  #rungs: readonly RungState[] = [];
  /** The last few batches of this ladder, newest last. */
  #recent: readonly Placed[] = [];
  #gradients: number;
  #transitions: number;
  #divergences: number;

  constructor(given: Given) {
    this.#given = given;
    const { seed, plan: { ladders }, target: { modes = [] }, continuation } = given,
      from = continuation?.from;
    this.#priors = Array.from(
      { length: ladders },
      (_, ladder) => new RandomStream(seed, Purpose.reference, ladder, from?.priors[ladder]),
    );
    this.#jumps = modes.length > 1 ? new LadderJumps(modes, ladders, seed, from?.jumps) : undefined;
    this.#gradients = from?.gradients ?? 0;
    this.#transitions = from?.transitions ?? 0;
    this.#divergences = from?.divergences ?? 0;
  }

  async close(): Promise<void> {
    await this.#ensemble?.close();
    this.#ensemble = undefined;
  }

  async run(): Promise<TemperedRun> {
    const from = this.#given.continuation?.from;
    if (from !== undefined) await this.#goOn(from);
    const laid = from !== undefined || await this.#layLadder();
    if (from?.stage === "sampling") return await this.#sample(from);
    return laid && await this.#warmUp(from) ? await this.#sample() : this.#outcome(undefined, undefined);
  }

  /** Takes up the ladder of a run before this one. */
  async #goOn({ ensembles, ensemble, rungs }: TemperedCheckpoint): Promise<void> {
    this.#ensembles = ensembles - 1;
    await (await this.#open(this.#given.plan.ladders, rungs.length)).restore(ensemble);
    this.#climbTo(rungs);
  }

  /** @param priors how far prior draws have been read, those prepared for the next batch left out */
  #offer(stage: TemperedStage, priors = this.#priors.map(({ state }) => state)): void {
    this.#given.continuation?.offer({
      ...stage,
      ensemble: this.#ensemble!.state(),
      gradients: this.#gradients,
      divergences: this.#divergences,
      transitions: this.#transitions,
      ensembles: this.#ensembles,
      rungs: this.#rungs,
      priors,
      jumps: this.#jumps?.state,
    });
  }

  get #stopped(): boolean {
    return this.#given.signal?.aborted === true;
  }

  async #open(chainsPerProblem: number, rungs?: number): Promise<Ensemble> {
    await this.close();
    this.#recent = [];
    this.#ensemble = await this.#given.engine.ensemble({
      target: this.#given.target.target,
      chainsPerProblem,
      // A key of its own for each ensemble, because each counts its transitions from zero.
      seed: (this.#given.seed + 2 ** 40 * this.#ensembles++) % 2 ** 53,
      ...(rungs === undefined ? {} : { rungs }),
    });
    return this.#ensemble;
  }

  /** Anneals a population and lays the first ladder along the way it went. @returns false when stopped */
  async #layLadder(): Promise<boolean> {
    const { ladders, warmup } = this.#given.plan, chains = ladders * ANNEALED_PER_LADDER;
    let annealed = 0;
    const path = await annealPath(
      await this.#open(chains),
      (stream) => this.#given.target.prior(stream),
      this.#given.seed,
      (batch) => {
        this.#count(batch);
        this.#show("warm-up", annealed += batch.transitions, MOST_TRANSITIONS + warmup, batch);
      },
      this.#given.signal,
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
  async #warmUp(from?: Extract<TemperedStage, { readonly stage: "warm-up" }>): Promise<boolean> {
    const { warmup } = this.#given.plan, { rounds, settle } = planRounds(warmup);
    let { done, recent } = from ?? { done: 0, recent: [] };
    this.#recent = recent;
    if (from === undefined) this.#offer({ stage: "warm-up", done, recent });
    let end = 0;
    for (const length of [...rounds, settle]) {
      const each = Math.min(LONG_BATCH, Math.max(SHORT_BATCH, Math.floor(length / BATCHES_PER_ROUND)));
      for (end += length; done < end;) {
        const batch = await this.#warmUpBatch(Math.min(each, end - done));
        if (batch === undefined) return false;
        this.#rungs = stepRungs(this.#rungs, batch, this.#jumps?.withinModes(batch));
        await this.#jump(batch);
        const { positions, transitions, chains, dim } = batch;
        this.#recent = [...this.#recent, { positions, transitions, chains, dim }].slice(-GRADIENT_BATCHES);
        done += transitions;
        const all = [...Array(transitions).keys()];
        const cold = pickDraws(batch, all, this.#given.plan.ladders);
        this.#show("warm-up", MOST_TRANSITIONS + done, MOST_TRANSITIONS + warmup, cold);
        if (done === end && done < warmup && !await this.#renew()) return false;
        this.#offer({ stage: "warm-up", done, recent: this.#recent });
      }
    }
    this.#recent = [];
    this.#rungs = this.#rungs.map((rung) => ({ ...rung, logLik: [] })); // rounds are over
    return !this.#stopped;
  }

  /** Transitions at one tuning, stopped between parts of them. */
  async #warmUpBatch(transitions: number): Promise<TransitionBatch | undefined> {
    const atOnce = this.#atOnce(false), parts: TransitionBatch[] = [];
    for (let done = 0; done < transitions; done += parts.at(-1)!.transitions) {
      if (this.#stopped) return undefined;
      const part = Math.min(atOnce, transitions - done);
      parts.push(await this.#advance(part, false, this.#priorDraws(part)));
    }
    return joinBatches(parts);
  }

  /**
   * After a round: metrics, then the ladder, whose chains go on from the nearest rungs of the old one.
   *
   * @returns false when stopped on the way
   */
  async #renew(): Promise<boolean> {
    const renewed: RungState[] = [];
    for (const [r, rung] of this.#rungs.entries()) {
      if (this.#stopped) return false;
      renewed.push(knowsMetric(rung) ? withMetric(rung, await this.#slopes(r, rung.beta)) : rung);
    }
    const { rungs, from } = relay(renewed);
    const { ladders } = this.#given.plan, last = this.#recent.at(-1)!, { dim, chains } = last;
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
    return true;
  }

  #climbTo(rungs: readonly RungState[]): void {
    this.#rungs = rungs;
    this.#jumps?.aim(rungs.map(({ beta }) => beta));
  }

  /** @returns true once every jump is made or not */
  async #jump(batch: TransitionBatch): Promise<true> {
    this.#gradients += await this.#jumps?.step(this.#ensemble!, batch) ?? 0;
    return true;
  }

  /** Gradients at the last draws of one rung, (draws, D). */
  async #slopes(rung: number, beta: number): Promise<Float64Array> {
    const { ladders } = this.#given.plan;
    const positions = this.#recent.flatMap((batch) =>
      rowsOf(batch, rung * ladders, ladders)
        .flatMap((row) => [...batch.positions.subarray(row * batch.dim, (row + 1) * batch.dim)])
    );
    return (await this.#ensemble!.evaluate(Float64Array.from(positions), beta)).gradient;
  }

  /** Draws as planned; then as many again, and again, while there are too few and there may be more. */
  async #sample(from?: Extract<TemperedStage, { readonly stage: "sampling" }>): Promise<TemperedRun> {
    const { ladders, draws, thin } = this.#given.plan, { doublings, enough } = this.#given.extension;
    const kept = new KeptDraws(ladders, thin, from?.kept);
    const trips = new RoundTrips(ladders, this.#rungs.length, from?.trips);
    let doubled = from?.doubled ?? 0;
    if (from === undefined) this.#divergences = 0;
    else this.#showAgain(kept, trips, draws * 2 ** doubled);
    for (;; doubled++) {
      await this.#sampleUntil(doubled, kept, trips);
      const run = this.#outcome(kept, trips);
      if (run.interrupted || doubled >= doublings || await enough(run)) return run;
      kept.halve();
    }
  }

  #showAgain(kept: KeptDraws, { trips: roundTrips }: RoundTrips, total: number): void {
    const { batches, thin } = kept.state, divergences = this.#divergences, gradients = this.#gradients;
    let first = 0;
    for (const batch of batches) {
      const lineage = { origins: kept.originsOf(first, batch.transitions), roundTrips };
      first += batch.transitions;
      const done = first * thin / this.#given.plan.thin;
      this.#given.onProgress({
        phase: "sampling",
        done,
        total,
        gradients,
        divergences,
        batch,
        lineage,
        again: true,
      });
    }
  }

  async #sampleUntil(doubled: number, kept: KeptDraws, trips: RoundTrips): Promise<void> {
    const { thin, draws } = this.#given.plan, planned = draws * thin * 2 ** doubled;
    const atOnce = this.#atOnce(true);
    const toJump = this.#jumps === undefined
      ? Infinity
      : Math.min(MOST_TO_JUMP, Math.max(LEAST_TO_JUMP, Math.floor(atOnce / JUMPS_AT_ONCE)));
    // Jumps come after the same transitions however long the run gets.
    const size = (done: number) => Math.min(atOnce, planned - done, toJump - done % toJump);
    let prepared = this.#priorDraws(size(kept.seen));
    while (kept.seen < planned && !this.#stopped) {
      const transitions = size(kept.seen), running = this.#advance(transitions, true, prepared);
      const priors = this.#priors.map(({ state }) => state);
      prepared = this.#priorDraws(size(kept.seen + transitions)); // while the engine is at work
      const batch = await unlessStopped(running, this.#given.signal);
      if (batch === undefined) return;
      const origins = Array.from(
        { length: transitions },
        (_, i) => trips.follow(batch.replica.subarray(i * batch.chains, (i + 1) * batch.chains)),
      );
      const cold = kept.add(batch, origins);
      if (cold.transitions > 0) {
        const { transitions: count } = cold;
        const lineage = { origins: kept.originsOf(kept.draws - count, count), roundTrips: trips.trips };
        this.#show("sampling", Math.floor(kept.seen / thin), planned / thin, cold, lineage);
      }
      if (kept.seen % toJump === 0 && !await unlessStopped(this.#jump(batch), this.#given.signal)) return;
      this.#offer({ stage: "sampling", doubled, kept: kept.state, trips: trips.state }, priors);
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
      evidence: logEvidence(seen, this.#given.plan.ladders),
      origins: kept.origins,
      jumps: this.#jumps?.tally ?? { tried: 0, accepted: 0 },
    };
  }

  /** Transitions between two looks at the caller. */
  #atOnce(settled: boolean): number {
    const tuning = this.#rungs.map((rung) => rungTuning(rung, settled));
    return transitionsAtOnce(this.#given.engine, this.#given.target.target, tuning, this.#given.plan.ladders);
  }

  async #advance(transitions: number, settled: boolean, prior: Float64Array): Promise<TransitionBatch> {
    const tuning = this.#rungs.map((rung) => rungTuning(rung, settled));
    const batch = await this.#ensemble!.hmc(transitions, tuning, prior);
    this.#count(batch);
    return batch;
  }

  /** Prior draws for the last rung, (transitions, ladders, D). */
  #priorDraws(transitions: number): Float64Array {
    const { ladders } = this.#given.plan, { dim } = this.#ensemble!;
    const all = new Float64Array(transitions * ladders * dim);
    for (let i = 0; i < transitions; i++) {
      this.#priors.forEach((stream, l) => all.set(this.#given.target.prior(stream), (i * ladders + l) * dim));
    }
    return all;
  }

  #count(batch: TransitionBatch): void {
    this.#gradients += gradientsOf(batch);
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
    this.#given.onProgress({
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
