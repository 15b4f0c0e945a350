/**
 * Where replicas have been: round trips between the posterior and the prior, and which prior draw every draw of the
 * posterior descends from.
 */

/** Where replicas have been so far. */
export interface TripState {
  readonly origin: Int32Array;
  readonly arrived: Uint8Array;
  readonly trips: Uint32Array;
  readonly visits: number;
}

/** Follows the replicas of one problem's ladders from transition to transition. */
export class RoundTrips {
  readonly #ladders: number;
  readonly #rungs: number;
  /** Of each replica: the visit to the prior that its position descends from, -1 before the first. */
  readonly #origin: Int32Array;
  /** Of each replica: whether it has been at the posterior since it left the prior. */
  readonly #arrived: Uint8Array;
  readonly #trips: Uint32Array;
  #visits = 0;

  /**
   * @param ladders each with a replica on every one of `rungs`
   * @param from where the replicas have been before
   */
  constructor(ladders: number, rungs: number, from?: TripState) {
    this.#ladders = ladders;
    this.#rungs = rungs;
    this.#origin = from?.origin.slice() ?? new Int32Array(ladders * rungs).fill(-1);
    this.#arrived = from?.arrived.slice() ?? new Uint8Array(ladders * rungs);
    this.#trips = from?.trips.slice() ?? new Uint32Array(ladders);
    this.#visits = from?.visits ?? 0;
  }

  /** A copy. */
  get state(): TripState {
    return {
      origin: this.#origin.slice(),
      arrived: this.#arrived.slice(),
      trips: this.#trips.slice(),
      visits: this.#visits,
    };
  }

  /**
   * One transition.
   *
   * @param replica at each chain, (rungs, ladders), the posterior first
   * @returns of the posterior's draws, the visit to the prior each descends from, -1 for none yet, (ladders)
   */
  follow(replica: Uint32Array): Int32Array {
    const prior = (this.#rungs - 1) * this.#ladders;
    for (let l = 0; l < this.#ladders; l++) {
      const leaving = replica[prior + l]!;
      if (this.#arrived[leaving] === 1) this.#trips[l]!++;
      this.#arrived[leaving] = 0;
      this.#origin[leaving] = this.#visits++;
      const there = replica[l]!;
      if (this.#origin[there]! >= 0) this.#arrived[there] = 1;
    }
    return Int32Array.from({ length: this.#ladders }, (_, l) => this.#origin[replica[l]!]!);
  }

  /** Completed trips prior -> posterior -> prior of each ladder so far. */
  get trips(): readonly number[] {
    return [...this.#trips];
  }
}
