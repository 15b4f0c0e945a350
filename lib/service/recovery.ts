/** What a service does with the jobs that it finds running when it starts: the one before it died under them. */
import type { DatasetStore } from "./dataset_store.ts";
import { type Dispatcher, finishedEnding } from "./dispatcher.ts";
import type { ServiceFiles } from "./files.ts";
import { type Job, type Kind, MOST_CRASHES, NOUNS } from "./job.ts";
import type { JobStore } from "./job_store.ts";
import type { KeyStore } from "./key_store.ts";
import { gistOf, readResult } from "./results.ts";

interface Stores {
  readonly dispatcher: Dispatcher;
  readonly files: ServiceFiles;
  readonly jobs: JobStore;
  readonly datasets: DatasetStore;
  readonly keys: KeyStore;
}

/**
 * A job whose run is whole has ended, and now that is written down. Any other goes back into the queue, once, to go on
 * from its last checkpoint, or to begin anew with its seed where there is none; the second time it is given up. What
 * nothing refers to is removed.
 */
export async function recover({ dispatcher, files, jobs, datasets, keys }: Stores): Promise<void> {
  keys.freeAll();
  for (const job of jobs.inState("running")) await recoverJob(job, files, jobs, dispatcher);
  const known = (id: string) => jobs.get(id) !== undefined || datasets.get(id) !== undefined;
  await files.sweep(known, (id) => jobs.get(id)?.state === "queued");
}

async function recoverJob(
  job: Job,
  files: ServiceFiles,
  jobs: JobStore,
  dispatcher: Dispatcher,
): Promise<void> {
  const { kind, crashes, stop } = job;
  const result = await findResult(files, job);
  // A run cut short that nobody asked to cut short is of a service that was leaving.
  if (result !== undefined && (stop !== null || !result.partial)) {
    await files.publish(job);
    jobs.finish(job, finishedEnding(result, stop ?? undefined), Date.now());
  } else if (stop === null && (result !== undefined || crashes < MOST_CRASHES)) {
    jobs.requeue(job, result === undefined, 0);
  } else {
    const state = stop === null ? "interrupted" : "canceled";
    const kept = await dispatcher.salvage(job), error = stop ?? givenUp(kind);
    jobs.finish(job, { state, error, ...kept }, Date.now());
  }
}

async function findResult(files: ServiceFiles, { id, kind, attempt }: Job) {
  const result = await readResult(kind, files.run(id)) ?? await readResult(kind, files.work(id, attempt));
  return result === undefined ? undefined : gistOf(kind, result);
}

const givenUp = (kind: Kind) =>
  `The service, or the process that computes, ended twice while this ${
    NOUNS[kind]
  } ran, so it was not begun a third ` +
  "time; draws that were enough to be judged are kept.";
