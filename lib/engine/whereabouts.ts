/** Where the chains of an ensemble are, kept on the caller's side: every batch brings their positions along. */
import type { DrawBatch, EnsembleState } from "./ensemble.ts";

/** Follows an ensemble from call to call. */
export class Whereabouts {
  readonly #chains: number;
  #transition = 0;
  #positions: Float64Array | undefined;
  #replica: Uint32Array;

  constructor(chains: number) {
    this.#chains = chains;
    this.#replica = identity(chains);
  }

  /** Copies, which later calls leave as they are. @throws Error before the chains have been placed */
  get state(): EnsembleState {
    if (this.#positions === undefined) throw new Error("The chains have not been placed yet");
    return { transition: this.#transition, positions: this.#positions, replica: this.#replica };
  }

  /** The chains were put somewhere. @param transition the counter, where it was set as well */
  placed(positions: Float64Array, replica?: Uint32Array, transition = this.#transition): void {
    this.#positions = positions.slice();
    this.#replica = replica?.slice() ?? identity(this.#chains);
    this.#transition = transition;
  }

  /** The chains moved. @param batch of HMC also tells which replica is where */
  moved(
    { transitions, chains, dim, positions, replica }: DrawBatch & { readonly replica?: Uint32Array },
  ): void {
    if (transitions === 0) return;
    const last = (transitions - 1) * chains;
    this.#positions = Float64Array.from(positions.subarray(last * dim));
    this.#replica = replica?.slice(last) ?? this.#replica;
    this.#transition += transitions;
  }
}

/** Replica c at chain c. */
export const identity = (chains: number): Uint32Array => Uint32Array.from({ length: chains }, (_, c) => c);
