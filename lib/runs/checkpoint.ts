/**
 * `checkpoint.bin`: where a fit at work is, so that another process can go on from there. One is written about every
 * ten seconds.
 */
import { join } from "node:path";
import type { Checkpoints, FitKey, Saved } from "../fit_types.ts";
import { reasonOf, removeIfThere } from "./files.ts";
import { readState, writeState } from "./state_file.ts";

export const CHECKPOINT_FILE = "checkpoint.bin";

/** Least time between two checkpoints; the fit runs for as long before its first. */
const EVERY_MS = 10_000;
/** Times that a checkpoint took until there may be another: they cost 1% of a fit at most. */
const REST = 100;

/** Keeps the checkpoints of one fit after another in a directory, where the process before may have left one. */
export class CheckpointFile implements Checkpoints {
  readonly #directory: string;
  readonly #everyMs: number;
  #key: FitKey | undefined;
  #latest: Saved | undefined;
  #written: Saved | undefined;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #onOffer = () => {};
  #leaving = false;
  #closed = false;
  #trouble: string | undefined;

  constructor(directory: string, everyMs = EVERY_MS) {
    this.#directory = directory;
    this.#everyMs = everyMs;
  }

  /** A sentence when the last checkpoint could not be written. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  async open(key: FitKey): Promise<{ readonly saved?: Saved; readonly note?: string }> {
    await this.#forget();
    this.#key = key;
    this.#dueAt = performance.now() + this.#everyMs;
    try {
      const saved = await readState(this.#path, key) as Saved | undefined;
      this.#latest = this.#written = saved;
      return saved === undefined ? {} : { saved };
    } catch (error) {
      await removeIfThere(this.#path).catch(() => {}); // the fits after this one need not hear of it
      return {
        note: `What an earlier process saved of this fit could not be used (${reasonOf(error)}), ` +
          "so it began anew, with the same seed.",
      };
    }
  }

  offer(saved: Saved): void {
    if (this.#closed) return;
    this.#latest = saved;
    this.#onOffer();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, Math.max(0, this.#dueAt - performance.now()));
  }

  /**
   * Writes the state that a fit told to end offers next, or its last one if none comes.
   *
   * @param graceMs how long to wait for it
   */
  async leave(graceMs: number): Promise<void> {
    if (this.#latest === undefined) return;
    this.#leaving = true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onOffer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await this.#write();
  }

  /** The last fit has ended. Resolves when nothing is being written, and nothing will be. */
  async close(): Promise<void> {
    this.#onOffer();
    if (this.#leaving) await this.#write();
    this.#closed = true;
    await this.#forget(); // whoever holds this may hold it for long
  }

  get #path(): string {
    return join(this.#directory, CHECKPOINT_FILE);
  }

  /** Lets go of the fit before. */
  async #forget(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    this.#latest = this.#written = undefined;
  }

  #write(): Promise<void> {
    return this.#writing = this.#writing.then(async () => {
      const saved = this.#latest;
      if (this.#closed || saved === undefined || saved === this.#written) return;
      const began = performance.now();
      try {
        await writeState(this.#directory, CHECKPOINT_FILE, this.#key!, saved);
        this.#written = saved;
        this.#trouble = undefined;
      } catch (error) {
        this.#trouble = `What a fit needs to go on after a crash could not be saved (${reasonOf(error)}).`;
      }
      const ended = performance.now();
      this.#dueAt = ended + Math.max(this.#everyMs, REST * (ended - began));
    });
  }
}
