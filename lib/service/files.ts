/** Where the service keeps what is not in its database. All names are its own. */
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { CHECKPOINT_FILE } from "../runs/checkpoint.ts";
import { UNFINISHED_FILE } from "../runs/compare.ts";
import { isMissing } from "../runs/files.ts";
import { isId } from "./ids.ts";
import { type Job, KINDS } from "./job.ts";
import { KEPT_SUFFIX } from "./kept_methods.ts";
import { readResult } from "./results.ts";

/** The directory of a service. */
export class ServiceFiles {
  constructor(readonly directory: string) {}

  get database(): string {
    return join(this.directory, "jobs.db");
  }

  get #lock(): string {
    return join(this.directory, "lock");
  }

  /** A table. */
  dataset(id: string): string {
    return join(this.directory, "datasets", `${id}.json`);
  }

  /** A finished run; of a comparison the directory of all its runs. */
  run(id: string): string {
    return join(this.directory, "runs", id);
  }

  /** A run being written, of one attempt alone: a process that should be dead cannot write into another's. */
  work(id: string, attempt: number): string {
    return join(this.directory, "work", `${id}.${attempt}`);
  }

  /** Makes the directories, and takes possession. @throws InputError when another service has it */
  open(): Disposable {
    for (const name of ["datasets", "runs", "work"]) {
      Deno.mkdirSync(join(this.directory, name), { recursive: true, mode: 0o700 }); // what clients send is theirs
    }
    const lock = Deno.openSync(this.#lock, { write: true, create: true });
    if (lock.tryLockSync(true)) return lock;
    lock.close();
    const message = "another service is at work there; give another directory.";
    throw new InputError([{ where: "--data", value: this.directory, message }]);
  }

  /** Writes a table, which is there whole or not at all. */
  async writeDataset(id: string, text: Uint8Array): Promise<void> {
    const path = this.dataset(id), temporary = `${path}.partial`;
    try {
      {
        using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
        for (let rest = text; rest.length > 0;) rest = rest.subarray(await file.write(rest));
        await file.syncData();
      }
      await Deno.rename(temporary, path);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
  }

  removeDataset(id: string): Promise<void> {
    return remove(this.dataset(id));
  }

  removeRun(id: string): Promise<void> {
    return remove(this.run(id));
  }

  /** Removes what all attempts at a job left. */
  async removeWork(id: string): Promise<void> {
    for (const attempt of this.#attempts(id)) await remove(this.work(id, attempt));
  }

  /** Of what an attempt left, keeps only what the next one can go on from. */
  keepSaved(id: string, attempt: number): void {
    stripToSaved(this.work(id, attempt));
  }

  /** Whether an attempt got as far as to save where it was. */
  hasSaved(id: string, attempt: number): boolean {
    const path = this.work(id, attempt);
    return exists(path) && [...Deno.readDirSync(path)].some(({ name }) => isState(name));
  }

  /**
   * Makes the directory of an attempt that is about to begin, out of what the last one before it saved, if anything. At
   * once, so that nothing happens to the job meanwhile. Under its new name first, where a process that should be dead
   * adds nothing any more.
   */
  openWork(id: string, attempt: number): void {
    const [last, ...others] = this.#attempts(id);
    for (const earlier of others) Deno.removeSync(this.work(id, earlier), { recursive: true });
    const work = this.work(id, attempt);
    if (last !== undefined) {
      Deno.renameSync(this.work(id, last), work);
      stripToSaved(work);
    }
    Deno.mkdirSync(work, { recursive: true, mode: 0o700 });
  }

  /** Attempts that left something, the last one first. */
  #attempts(id: string): number[] {
    return Array.from(Deno.readDirSync(join(this.directory, "work")), ({ name }) => name)
      .filter((name) => name.startsWith(`${id}.`))
      .map((name) => Number(name.slice(id.length + 1)))
      .sort((a, b) => b - a);
  }

  /** Puts a run that is whole in its place; nothing happens when it is there already. */
  async publish({ id, kind, attempt }: Pick<Job, "id" | "kind" | "attempt">): Promise<void> {
    if (await readResult(kind, this.run(id)) !== undefined) return;
    await remove(this.run(id));
    const work = this.work(id, attempt);
    for await (const { name } of Deno.readDir(work)) if (isState(name)) await remove(join(work, name));
    await Deno.rename(work, this.run(id));
  }

  /** Whether an attempt left anything that a result might be made of. */
  hasWork(id: string, attempt: number): boolean {
    const path = this.work(id, attempt);
    return exists(path) && [...Deno.readDirSync(path)].some(({ name }) => !isState(name));
  }

  /**
   * Removes what nothing refers to, which a crash between two steps leaves behind.
   *
   * @param known whether a job or a data set of that name is there
   * @param waits whether a job is to run, so that what it saved is wanted
   */
  async sweep(known: (id: string) => boolean, waits: (id: string) => boolean): Promise<void> {
    for (const folder of ["datasets", "runs", "work"]) {
      for await (const { name } of Deno.readDir(join(this.directory, folder))) {
        const id = name.replace(/\..*$/, "");
        const ours = [...KINDS, "data" as const].some((kind) => isId(kind, id));
        const stray = folder === "work" || name.endsWith(".partial") || !known(id);
        const path = join(this.directory, folder, name);
        if (ours && folder === "work" && waits(id)) stripToSaved(path);
        else if (ours && stray) await remove(path);
      }
    }
  }
}

/** Whether a file is of use to a later attempt alone: how far a fit is, or how a method of a comparison ended. */
const isState = (name: string) => name === CHECKPOINT_FILE || name.endsWith(KEPT_SUFFIX);

/**
 * Removes all of a directory but the states of fits, the runs of methods that have ended and what they say together;
 * without a state the directory.
 */
function stripToSaved(directory: string): void {
  if (!exists(directory)) return;
  const names = Array.from(Deno.readDirSync(directory), ({ name }) => name);
  if (!names.some(isState)) return Deno.removeSync(directory, { recursive: true });
  const saved = (name: string) =>
    isState(name) || name === UNFINISHED_FILE || names.includes(`${name}${KEPT_SUFFIX}`);
  for (const name of names) if (!saved(name)) Deno.removeSync(join(directory, name), { recursive: true });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
