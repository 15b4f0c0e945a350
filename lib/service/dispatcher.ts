/**
 * Takes jobs from the queue to the engine, one after another, and writes down how they end. A result is put in its
 * place before the job is said to have ended; {@link "./recovery.ts"} finishes what a crash leaves between the two.
 */
import { DeviceError } from "../errors.ts";
import { formatSeconds } from "../report/format.ts";
import { type EngineProcess, type EngineSettings, startEngine } from "./engine_process.ts";
import type { EngineFacts } from "./engine_protocol.ts";
import type { ServiceFiles } from "./files.ts";
import type { Task } from "./engine_protocol.ts";
import { type Ending, type Job, type Kind, MOST_CRASHES, NOUNS } from "./job.ts";
import type { JobStore } from "./job_store.ts";
import type { Limits } from "./limits.ts";
import { logError } from "./log.ts";

/** How long a fit that was told to stop gets to end in before its process is killed, in ms. */
export interface Patience {
  readonly stopMs: number;
  /** The same when the service itself is to leave within 10 s. */
  readonly closeMs: number;
}

const PATIENCE: Patience = { stopMs: 8000, closeMs: 6000 };
/** How long to wait for a disk that takes nothing. */
const RETRY_MS = 1000;

type End = Awaited<ReturnType<EngineProcess["run"]>>;
/** Back into the queue. */
interface Return {
  readonly state: "queued";
  /** Whether the engine died under it. */
  readonly crashed: boolean;
}

export class Dispatcher {
  readonly #settings: EngineSettings;
  readonly #files: ServiceFiles;
  readonly #jobs: JobStore;
  readonly #limits: Limits;
  readonly #patience: Patience;
  #engine: EngineProcess | undefined;
  #facts: EngineFacts | undefined;
  /** `told`: to stop. */
  #running:
    | { readonly job: Job; readonly timers: ReturnType<typeof setTimeout>[]; told: boolean }
    | undefined;
  #wake = Promise.withResolvers<void>();
  #closing = false;
  #loop: Promise<void> = Promise.resolve();
  /** Processes started so far. */
  started = 0;

  constructor(
    settings: EngineSettings,
    files: ServiceFiles,
    jobs: JobStore,
    limits: Limits,
    patience: Patience = PATIENCE,
  ) {
    this.#patience = patience;
    this.#settings = settings;
    this.#files = files;
    this.#jobs = jobs;
    this.#limits = limits;
  }

  /** Opens the engine. @throws DeviceError when there is no such engine */
  async open(): Promise<void> {
    await this.#openEngine();
  }

  /** Begins to work. */
  begin(): void {
    this.#loop = this.#work();
  }

  /** Makes a result of the draws that an attempt left which did not end, if they are enough, and puts it in place. */
  async salvage(job: Job): Promise<Pick<Ending, "verdict" | "partial">> {
    const { id, kind, attempt } = job, out = this.#files.work(id, attempt);
    const engine = await this.#openEngine(), end = await engine.salvage({ id, kind, out });
    if (end.kind !== "finished") return {};
    await this.#files.publish(job);
    return { verdict: end.verdict, partial: end.partial };
  }

  /** What computes; undefined when the last process died and no job has needed another yet. */
  get engine(): EngineFacts | undefined {
    return this.#engine?.alive ? this.#facts : undefined;
  }

  /** Process id of the engine, for whoever watches it. */
  get enginePid(): number | undefined {
    return this.#engine?.alive ? this.#engine.pid : undefined;
  }

  /** To be called when there is a new job. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Ends a job that waits or runs, keeping draws that are finished. @param why a sentence */
  stop(id: string, why: string): void {
    if (this.#jobs.cancelQueued(id, why, Date.now())) {
      void this.#forgetWork(id);
      return;
    }
    if (!this.#jobs.tellToStop(id, why) || this.#running?.job.id !== id) return;
    this.#running.told = true;
    this.#engine?.stop();
    this.#after(this.#patience.stopMs, () => void this.#engine?.kill());
  }

  /**
   * Takes no more jobs; the one that runs saves where it is and goes back into the queue. Resolves when nothing is at
   * work.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.wake();
    if (this.#running !== undefined) {
      if (this.#running.told) this.#engine?.stop();
      else this.#engine?.leave();
      this.#after(this.#patience.closeMs, () => void this.#engine?.kill());
    }
    await this.#loop;
    await this.#engine?.kill();
  }

  async #work(): Promise<void> {
    while (!this.#closing) {
      this.#wake = Promise.withResolvers();
      let job: Job | undefined;
      try {
        job = this.#jobs.startNext(Date.now());
      } catch (error) {
        logError("The queue cannot be read or written", error);
        await pause(RETRY_MS);
        continue;
      }
      if (job === undefined) await this.#wake.promise;
      else await this.#runJob(job);
    }
  }

  async #runJob(job: Job): Promise<void> {
    let ending: Ending | Return;
    try {
      ending = this.#endBefore(job) ?? await this.#compute(job);
    } catch (error) {
      const fault = !(error instanceof DeviceError);
      if (fault) logError(`Job ${job.id} ended with a fault`, error);
      const message = error instanceof Error ? error.message : String(error);
      ending = {
        state: "failed",
        error: fault ? `The service could not run the ${NOUNS[job.kind]} (${message}).` : message,
      };
    }
    // What an attempt left may be what fills the disk, so it goes before the end is written where there is no room.
    const clear = async () => {
      if (ending.state !== "queued") return await this.#forgetWork(job.id);
      try {
        this.#files.keepSaved(job.id, job.attempt);
      } catch (error) {
        cannotRemove(error);
      }
    };
    await this.#persist(() => {
      if (ending.state === "queued") this.#jobs.requeue(job, ending.crashed, Date.now() - job.started!);
      else this.#jobs.finish(job, ending, Date.now());
    }, clear);
    await clear();
  }

  #forgetWork(id: string): Promise<void> {
    return this.#files.removeWork(id).catch(cannotRemove);
  }

  /** Why a job is not even to begin. */
  #endBefore({ owner, deadline, started }: Job): Ending | undefined {
    if (deadline !== null && deadline <= started!) {
      return { state: "canceled", error: "Its deadline passed while it waited for its turn." };
    }
    const seconds = this.#limits.run_seconds_per_day;
    if (this.#jobs.ranInDay(owner, started!) < 1000 * seconds) return undefined;
    const error =
      `The jobs of this client have run for the ${formatSeconds(seconds)} that they may within 24 hours; ` +
      "send it again later.";
    return { state: "canceled", error };
  }

  async #compute(job: Job): Promise<Ending | Return> {
    const engine = await this.#openEngine();
    const { id, kind, attempt, deadline, dataset, request, started } = job;
    this.#running = { job, timers: [], told: false };
    const left = Math.min(this.#limits.run_seconds, this.#leftInDay(job));
    const ran = `It ran for the ${formatSeconds(left)} that it may; finished draws are kept.`;
    this.#after(1000 * left, () => this.stop(id, ran));
    if (deadline !== null) {
      this.#after(deadline - started!, () => this.stop(id, "Its deadline passed; finished draws are kept."));
    }
    try {
      this.#files.openWork(id, attempt);
      const told = this.#jobs.get(id)?.stop ?? null; // while the engine was being opened
      if (told !== null || this.#closing) {
        return told === null ? RETURN : { state: "canceled", error: told };
      }
      const table = dataset === null ? null : this.#files.dataset(dataset);
      const task = { id, kind, request, table, out: this.#files.work(id, attempt) } as Task;
      const end = await engine.run(task, {
        onProgress: (progress) => this.#note(() => this.#jobs.progress(id, progress)),
        onResume: (at) => this.#note(() => this.#jobs.resume(job, at)),
      });
      return await this.#endingOf(job, end);
    } finally {
      for (const timer of this.#running.timers) clearTimeout(timer);
      this.#running = undefined;
    }
  }

  /** Writes down how a job fares, which is not worth more than a line in the log where it cannot be. */
  #note(write: () => void): void {
    try {
      write();
    } catch (error) {
      logError("Progress cannot be stored", error);
    }
  }

  async #endingOf(job: Job, end: End): Promise<Ending | Return> {
    const { id, kind, attempt } = job, stop = this.#jobs.get(id)?.stop ?? undefined;
    const leaving = this.#closing && stop === undefined;
    if (end.kind === "finished" && !(end.partial && leaving)) {
      await this.#files.publish(job);
      return finishedEnding(end, stop);
    }
    if (end.kind !== "failed" && leaving) {
      await this.#engine?.kill(); // so that nothing is written any more
      return RETURN;
    }
    // What ran for a while may have died of something else; one that dies at once would do so again.
    const again = job.crashes < MOST_CRASHES && this.#files.hasSaved(id, attempt);
    if (end.kind === "died" && stop === undefined && again) return { ...RETURN, crashed: true };
    const kept = await this.#salvageIfThere(job);
    // A process that died after it had been told to stop was killed for taking too long.
    if (end.kind === "failed" || end.kind === "died" && stop === undefined) {
      return { state: "failed", error: end.message, ...kept };
    }
    const why = stop ?? "It was stopped.";
    const error = kept.verdict === undefined ? `${why} ${NOTHING_YET[kind]}` : why;
    return { state: "canceled", error, ...kept };
  }

  async #salvageIfThere(job: Job): Promise<Pick<Ending, "verdict" | "partial">> {
    if (this.#closing || !this.#files.hasWork(job.id, job.attempt)) return {};
    try {
      return await this.salvage(job);
    } catch (error) {
      logError("Draws cannot be salvaged", error);
      return {};
    }
  }

  #leftInDay({ owner, started }: Job): number {
    return this.#limits.run_seconds_per_day - this.#jobs.ranInDay(owner, started!) / 1000;
  }

  async #openEngine(): Promise<EngineProcess> {
    if (this.#engine?.alive) return this.#engine;
    this.#engine = startEngine(this.#settings);
    this.started++;
    this.#facts = await this.#engine.ready;
    return this.#engine;
  }

  #after(ms: number, action: () => void): void {
    // Timers end at 2^31 ms, which a month is just above.
    this.#running?.timers.push(setTimeout(action, Math.min(ms, 2 ** 31 - 1)));
  }

  /** Writes to the database, again and again while a full disk lets it not; what is on the disk outlives this. */
  async #persist(write: () => void, makeRoom: () => Promise<void>): Promise<void> {
    while (true) {
      try {
        return write();
      } catch (error) {
        logError("The end of a job cannot be stored", error);
        if (this.#closing) return;
        await makeRoom();
        await pause(RETRY_MS);
      }
    }
  }
}

const RETURN: Return = { state: "queued", crashed: false };

const cannotRemove = (error: unknown) => logError("A run cannot be removed", error);

/** How a job ended whose run is whole. @param stop why it was told to stop, if it was */
export function finishedEnding(
  { verdict, partial }: { readonly verdict: string; readonly partial: boolean },
  stop: string | undefined,
): Ending {
  if (!partial || stop === undefined) return { state: "succeeded", verdict, partial };
  return { state: "canceled", verdict, partial, error: stop };
}

const NOTHING_YET: Readonly<Record<Kind, string>> = {
  fit: "There were not yet enough draws to keep.",
  compare: "No method had given enough draws to keep yet.",
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
