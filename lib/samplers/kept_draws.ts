/** What a tempered run keeps of its transitions: every so many of them, and only every second one of those as it grows. */
import type { TransitionBatch } from "../engine/ensemble.ts";

/** What has been kept so far. */
export interface KeptState {
  readonly thin: number;
  readonly seen: number;
  readonly batches: readonly TransitionBatch[];
  readonly origins: readonly Int32Array[];
  readonly logLik: readonly Float64Array[];
}

/** Draws of the posterior, with where they descend from and the log likelihoods of every rung beside them. */
export class KeptDraws {
  readonly #ladders: number;
  #thin: number;
  /** Transitions seen. */
  #seen = 0;
  #batches: TransitionBatch[] = [];
  /** One per draw, (ladders). */
  #origins: Int32Array[] = [];
  /** One per draw, (rungs, ladders). */
  #logLik: Float64Array[] = [];

  /**
   * @param thin transitions per draw kept
   * @param from what others kept, to go on with
   */
  constructor(ladders: number, thin: number, from?: KeptState) {
    this.#ladders = ladders;
    this.#thin = from?.thin ?? thin;
    if (from === undefined) return;
    this.#seen = from.seen;
    this.#batches = [...from.batches];
    this.#origins = [...from.origins];
    this.#logLik = [...from.logLik];
  }

  /** What is kept later does not change it. */
  get state(): KeptState {
    return {
      thin: this.#thin,
      seen: this.#seen,
      batches: [...this.#batches],
      origins: [...this.#origins],
      logLik: [...this.#logLik],
    };
  }

  get seen(): number {
    return this.#seen;
  }

  /** Draws of the posterior in order, chains = ladders. */
  get batches(): readonly TransitionBatch[] {
    return this.#batches;
  }

  /** (draws, ladders) */
  get origins(): Int32Array {
    const all = new Int32Array(this.#origins.length * this.#ladders);
    this.#origins.forEach((each, i) => all.set(each, i * this.#ladders));
    return all;
  }

  /** Of `count` draws from `first` on, one each, (ladders). */
  originsOf(first: number, count: number): readonly Int32Array[] {
    return this.#origins.slice(first, first + count);
  }

  /** Draws per ladder kept. */
  get draws(): number {
    return this.#origins.length;
  }

  /** Log likelihoods of one rung, (draws, ladders). */
  logLik(rung: number): Float64Array {
    const all = new Float64Array(this.#logLik.length * this.#ladders), from = rung * this.#ladders;
    this.#logLik.forEach((each, i) => all.set(each.subarray(from, from + this.#ladders), i * this.#ladders));
    return all;
  }

  /**
   * Takes in the next transitions.
   *
   * @param origins of each transition, (ladders)
   * @returns what is kept of the posterior; no transitions where none was due
   */
  add(batch: TransitionBatch, origins: readonly Int32Array[]): TransitionBatch {
    const due: number[] = [];
    for (let i = 0; i < batch.transitions; i++) if (++this.#seen % this.#thin === 0) due.push(i);
    for (const i of due) {
      this.#origins.push(origins[i]!);
      this.#logLik.push(batch.logLik.slice(i * batch.chains, (i + 1) * batch.chains));
    }
    const kept = pickDraws(batch, due, this.#ladders);
    if (due.length > 0) this.#batches.push(kept);
    return kept;
  }

  /** Doubles the transitions per draw, of draws kept already and of those to come. */
  halve(): void {
    let before = 0;
    this.#batches = this.#batches.map((batch) => {
      const due = [...Array(batch.transitions).keys()].filter((i) => (before + i) % 2 === 1);
      before += batch.transitions;
      return pickDraws(batch, due, this.#ladders);
    }).filter(({ transitions }) => transitions > 0);
    const second = (_: unknown, draw: number) => draw % 2 === 1;
    this.#origins = this.#origins.filter(second);
    this.#logLik = this.#logLik.filter(second);
    this.#thin *= 2;
  }
}

/** Some transitions of a tempered batch's first chains, which are the posterior's. */
export function pickDraws(batch: TransitionBatch, kept: readonly number[], ladders: number): TransitionBatch {
  const { dim, chains } = batch, cohorts = batch.leapfrogs.length / batch.transitions;
  const rows = kept.flatMap((i) => Array.from({ length: ladders }, (_, l) => i * chains + l));
  const pick = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]!);
  const positions = new Float64Array(rows.length * dim);
  rows.forEach((row, at) => positions.set(batch.positions.subarray(row * dim, (row + 1) * dim), at * dim));
  return {
    transitions: kept.length,
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

/** Batches of the same chains, one after the other, as one. */
export function joinBatches(parts: readonly TransitionBatch[]): TransitionBatch {
  if (parts.length === 1) return parts[0]!;
  const join = (pick: (part: TransitionBatch) => ArrayLike<number>) => {
    const all = new Float64Array(parts.reduce((sum, part) => sum + pick(part).length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(pick(part), at);
      at += pick(part).length;
    }
    return all;
  };
  return {
    transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
    chains: parts[0]!.chains,
    dim: parts[0]!.dim,
    positions: join(({ positions }) => positions),
    logPrior: join(({ logPrior }) => logPrior),
    logLik: join(({ logLik }) => logLik),
    acceptance: join(({ acceptance }) => acceptance),
    energy: join(({ energy }) => energy),
    diverging: Uint8Array.from(join(({ diverging }) => diverging)),
    cheesGradient: join(({ cheesGradient }) => cheesGradient),
    leapfrogs: Uint32Array.from(join(({ leapfrogs }) => leapfrogs)),
    replica: Uint32Array.from(join(({ replica }) => replica)),
  };
}
