/** Jumps between modes on every rung of tempered ladders, between batches of transitions. */
import type { Ensemble, TransitionBatch } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { accepts, type Jump, type JumpModes, logMembership, proposeJump } from "./mode_jump.ts";
import { type TemperedMode, temperModes } from "./temper_modes.ts";

/** Jumps at the posterior. */
export interface Tally {
  readonly tried: number;
  readonly accepted: number;
}

/** How far jumps have come: all but where they aim, which the ladder says. */
export interface JumpState extends Tally {
  readonly steps: number;
}

/** Jumps of the ladders' own chains among modes that stay as they were found. */
export class LadderJumps {
  readonly #modes: readonly TemperedMode[];
  readonly #seed: number;
  readonly #ladders: number;
  #betas: readonly number[] = [];
  #rungs: readonly JumpModes[] = [];
  #steps = 0;
  #tried = 0;
  #accepted = 0;

  /**
   * @param modes at least two
   * @param from where other jumps were, to go on from there
   */
  constructor(modes: readonly TemperedMode[], ladders: number, seed: number, from?: JumpState) {
    this.#modes = modes;
    this.#ladders = ladders;
    this.#seed = seed;
    if (from === undefined) return;
    ({ steps: this.#steps, tried: this.#tried, accepted: this.#accepted } = from);
  }

  get state(): JumpState {
    return { ...this.tally, steps: this.#steps };
  }

  get tally(): Tally {
    return { tried: this.#tried, accepted: this.#accepted };
  }

  /** Aims at a ladder. @param betas from the posterior, 1, down to the prior, 0, where nothing jumps */
  aim(betas: readonly number[]): void {
    this.#betas = betas.slice(0, -1);
    this.#rungs = this.#betas.map((beta) => temperModes(this.#modes, beta));
  }

  /** Positions of a batch, each from the mean of the mode it is most likely in: what is left is spread within modes. */
  withinModes({ positions, dim, chains }: TransitionBatch): Float64Array {
    const within = Float64Array.from(positions);
    for (let at = 0; at < within.length; at += dim) {
      const modes = this.#modesOf(at / dim % chains);
      if (modes === undefined) continue; // prior draws
      const membership = logMembership(modes, positions, at);
      const { mean } = modes.fits[membership.indexOf(Math.max(...membership))]!;
      for (let i = 0; i < dim; i++) within[at + i]! -= mean[i]!;
    }
    return within;
  }

  #modesOf(chain: number): JumpModes | undefined {
    return this.#rungs[Math.floor(chain / this.#ladders)];
  }

  /**
   * Every chain tries one jump from where a batch left it.
   *
   * @returns gradients spent
   */
  async step(ensemble: Ensemble, batch: TransitionBatch): Promise<number> {
    const { dim, chains } = batch, last = (batch.transitions - 1) * chains;
    const stream = new RandomStream(this.#seed, Purpose.jump, this.#steps++);
    const proposed = new Float64Array(this.#rungs.length * this.#ladders * dim);
    const jumps = Array.from({ length: proposed.length / dim }, (_, chain): Jump => {
      const uniforms = [stream.uniform(), stream.uniform()] as const;
      const jump = proposeJump(this.#modesOf(chain)!, batch.positions, (last + chain) * dim, uniforms);
      proposed.set(jump.position, chain * dim);
      return jump;
    });
    const { logPrior, logLik } = await ensemble.evaluate(proposed);
    const positions = Float64Array.from(batch.positions.subarray(last * dim));
    let made = 0;
    jumps.forEach((jump, chain) => {
      const beta = this.#betas[Math.floor(chain / this.#ladders)]!, from = last + chain;
      const gain = logPrior[chain]! - batch.logPrior[from]! + beta * (logLik[chain]! - batch.logLik[from]!);
      if (!accepts(jump, gain, stream.uniform())) return;
      positions.set(jump.position, chain * dim);
      made++;
      if (chain < this.#ladders) this.#accepted++;
    });
    this.#tried += this.#ladders;
    if (made > 0) await ensemble.setPositions(positions, batch.replica.slice(last));
    return jumps.length;
  }
}
