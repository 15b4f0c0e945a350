/** Where the service keeps what is not in its database. All names are its own. */
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { CHECKPOINT_FILE, removeCheckpoint } from "../runs/checkpoint.ts";
import { isMissing } from "../runs/files.ts";
import { isId } from "./ids.ts";
import { type Job, KINDS } from "./job.ts";
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

  /** Of what an attempt left, keeps the checkpoint alone, for the next one. */
  keepCheckpoint(id: string, attempt: number): Promise<void> {
    return stripToCheckpoint(this.work(id, attempt));
  }

  /** Whether an attempt got as far as to save where it was. */
  hasCheckpoint(id: string, attempt: number): boolean {
    return exists(this.#checkpoint(id, attempt));
  }

  /**
   * Makes the directory of an attempt that is about to begin, with the newest checkpoint of those before it, if any. At
   * once, so that nothing happens to the job meanwhile.
   */
  openWork(id: string, attempt: number): void {
    Deno.mkdirSync(this.work(id, attempt), { recursive: true, mode: 0o700 });
    for (const earlier of this.#attempts(id).filter((one) => one < attempt)) {
      if (this.hasCheckpoint(id, earlier) && !this.hasCheckpoint(id, attempt)) {
        Deno.renameSync(this.#checkpoint(id, earlier), this.#checkpoint(id, attempt));
      }
      Deno.removeSync(this.work(id, earlier), { recursive: true });
    }
  }

  #checkpoint(id: string, attempt: number): string {
    return join(this.work(id, attempt), CHECKPOINT_FILE);
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
    await removeCheckpoint(this.work(id, attempt));
    await Deno.rename(this.work(id, attempt), this.run(id));
  }

  /** Whether an attempt left more than a checkpoint. */
  hasWork(id: string, attempt: number): boolean {
    const path = this.work(id, attempt);
    return exists(path) && [...Deno.readDirSync(path)].some(({ name }) => name !== CHECKPOINT_FILE);
  }

  /**
   * Removes what nothing refers to, which a crash between two steps leaves behind.
   *
   * @param known whether a job or a data set of that name is there
   * @param waits whether a job is to run, so that its checkpoint is wanted
   */
  async sweep(known: (id: string) => boolean, waits: (id: string) => boolean): Promise<void> {
    for (const folder of ["datasets", "runs", "work"]) {
      for await (const { name } of Deno.readDir(join(this.directory, folder))) {
        const id = name.replace(/\..*$/, "");
        const ours = [...KINDS, "data" as const].some((kind) => isId(kind, id));
        const stray = folder === "work" || name.endsWith(".partial") || !known(id);
        const path = join(this.directory, folder, name);
        if (ours && folder === "work" && waits(id)) await stripToCheckpoint(path);
        else if (ours && stray) await remove(path);
      }
    }
  }
}

/** Removes all of a directory but its checkpoint, and where there is none the directory. */
async function stripToCheckpoint(directory: string): Promise<void> {
  if (!exists(join(directory, CHECKPOINT_FILE))) return await remove(directory);
  for await (const { name } of Deno.readDir(directory)) {
    if (name !== CHECKPOINT_FILE) await remove(join(directory, name));
  }
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
