/**
 * `checkpoint.bin`: where a fit at work is, so that another process can go on from there. One is written about every
 * ten seconds, under a temporary name, and then renamed: at every moment the file is whole or not there.
 *
 *     <SHA-256 of all that follows, 64 hexadecimal digits>\n
 *     <a JSON line: what the checkpoint is of, and where the fit was>\n
 *     <the state, as node:v8 serialises plain data: every bit of a number comes back>
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { CheckpointKey, Checkpoints, ResumePoint, Saved } from "../fit_types.ts";
import { isMissing, prepareFile, reasonOf, removeIfThere } from "./files.ts";

export const CHECKPOINT_FILE = "checkpoint.bin";

/** Raised whenever a state of any method changes its form or its meaning. */
const FORM = 1;
/** Least time between two checkpoints; the fit runs for as long before its first. */
const EVERY_MS = 10_000;
/** Times that a checkpoint took until there may be another: they cost 1% of a fit at most. */
const REST = 100;

/** The JSON line. */
interface Heading {
  readonly form: number;
  readonly of: CheckpointKey;
  readonly at: ResumePoint;
}

/** Keeps a fit's checkpoints in a directory, where the process before it may have left one. */
export class CheckpointFile implements Checkpoints {
  readonly #directory: string;
  readonly #everyMs: number;
  readonly #onResume: (at: ResumePoint) => void;
  #key: CheckpointKey | undefined;
  #latest: Saved | undefined;
  #written: Saved | undefined;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #onOffer = () => {};
  #leaving = false;
  #closed = false;
  #trouble: string | undefined;

  /** @param onResume told when the fit goes on from the checkpoint that was there */
  constructor(directory: string, onResume: (at: ResumePoint) => void = () => {}, everyMs = EVERY_MS) {
    this.#directory = directory;
    this.#onResume = onResume;
    this.#everyMs = everyMs;
  }

  /** A sentence when the last checkpoint could not be written. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  async open(key: CheckpointKey): Promise<{ readonly saved?: Saved; readonly note?: string }> {
    this.#key = key;
    this.#dueAt = performance.now() + this.#everyMs;
    try {
      const saved = await readCheckpoint(join(this.#directory, CHECKPOINT_FILE), key);
      if (saved === undefined) return {};
      this.#latest = this.#written = saved;
      this.#onResume(saved.at);
      return { saved };
    } catch (error) {
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

  /** The fit has ended. Resolves when nothing is being written, and nothing will be. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#onOffer();
    if (this.#leaving) await this.#write();
    this.#closed = true;
    await this.#writing;
    this.#latest = this.#written = undefined; // whoever holds this may hold it for long
  }

  #write(): Promise<void> {
    return this.#writing = this.#writing.then(async () => {
      const saved = this.#latest;
      if (this.#closed || saved === undefined || saved === this.#written) return;
      const began = performance.now();
      try {
        await writeCheckpoint(this.#directory, this.#key!, saved);
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

async function writeCheckpoint(directory: string, of: CheckpointKey, { at, state }: Saved): Promise<void> {
  const heading: Heading = { form: FORM, of, at }, line = JSON.stringify(heading) + "\n";
  const body = serialize(state), hash = hashOf(line, body);
  const file = await prepareFile(directory, CHECKPOINT_FILE, [`${hash}\n`, line, body]);
  await file.commit();
}

/**
 * Reads a checkpoint back.
 *
 * @returns undefined when there is none
 * @throws Error, with the end of a sentence, when it is damaged or of anything else than `key` says
 */
async function readCheckpoint(path: string, key: CheckpointKey): Promise<Saved | undefined> {
  let file: Uint8Array;
  try {
    file = await Deno.readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const first = file.indexOf(NEW_LINE), second = file.indexOf(NEW_LINE, first + 1);
  const hash = textOf(file.subarray(0, first)), line = file.subarray(first + 1, second + 1);
  const body = file.subarray(second + 1);
  if (first < 0 || hash !== hashOf(line, body)) throw new Error("the file is damaged");
  const { form, of, at } = JSON.parse(textOf(line)) as Heading;
  const other = (Object.keys(key) as (keyof CheckpointKey)[]).find((name) => of[name] !== key[name]);
  if (other === "engine" || other === "adapter") {
    throw new Error(`it is of another device: ${of.engine} on ${of.adapter}`);
  }
  if (other === "hillmix" || form !== FORM) throw new Error("it is of another version of hillmix");
  if (other !== undefined) throw new Error("it is of another fit");
  return { at, state: detached(deserialize(body)) };
}

/** A copy whose arrays have memory of their own: views of the file would be sent to the engine with all of it. */
function detached(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  if (Array.isArray(value)) return value.map(detached);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, detached(one)]));
}

const NEW_LINE = 10;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function hashOf(line: string | Uint8Array, body: Uint8Array): string {
  return createHash("sha256").update(line).update(body).digest("hex");
}

/** Removes the checkpoint of a fit that needs it no more. */
export const removeCheckpoint = (directory: string): Promise<void> =>
  removeIfThere(join(directory, CHECKPOINT_FILE));
