/** A database with its stores, in a directory of its own. */
import { join } from "node:path";
import { type Database, openDatabase } from "../../lib/service/database.ts";
import { DatasetStore } from "../../lib/service/dataset_store.ts";
import { ServiceFiles } from "../../lib/service/files.ts";
import { newId } from "../../lib/service/ids.ts";
import type { NewJob } from "../../lib/service/job.ts";
import { JobStore } from "../../lib/service/job_store.ts";
import { KeyStore } from "../../lib/service/key_store.ts";

export interface Stores extends AsyncDisposable {
  readonly directory: string;
  readonly database: Database;
  readonly files: ServiceFiles;
  readonly jobs: JobStore;
  readonly datasets: DatasetStore;
  readonly keys: KeyStore;
  /** Puts a job into the queue. */
  add(job?: Partial<Omit<NewJob, "id">>): string;
}

export async function openStores(): Promise<Stores> {
  const directory = await Deno.makeTempDir(), files = new ServiceFiles(directory), lock = files.open();
  const database = openDatabase(join(directory, "jobs.db")), jobs = new JobStore(database);
  return {
    directory,
    database,
    files,
    jobs,
    datasets: new DatasetStore(database),
    keys: new KeyStore(database),
    add(job = {}) {
      const { kind = "fit" } = job, id = newId(kind);
      jobs.insert({
        id,
        kind,
        owner: "local",
        priority: "normal",
        label: null,
        request: {},
        dataset: null,
        created: 1000,
        deadline: null,
        ...job,
      } as NewJob);
      return id;
    },
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
      lock[Symbol.dispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Lets the database grow no more, as a full disk does, until disposed of. */
export function fillDisk({ sql }: Database): Disposable {
  const { page_count: pages } = sql.prepare("PRAGMA page_count").get() as { page_count: number };
  sql.exec(`PRAGMA max_page_count = ${pages}`);
  return { [Symbol.dispose]: () => sql.exec("PRAGMA max_page_count = 4294967294") };
}

/** Lets the database take nothing at all, until disposed of. */
export function freezeDisk({ sql }: Database): Disposable {
  sql.exec("PRAGMA query_only = ON");
  return { [Symbol.dispose]: () => sql.exec("PRAGMA query_only = OFF") };
}
