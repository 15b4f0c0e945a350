/**
 * The job service: what clients can do, whatever they speak. Takes requests in, keeps them (see
 * {@link "./database.ts"}), has them computed one after another ({@link "./dispatcher.ts"}), and tells how they fare.
 */
import type { Review } from "../data/review.ts";
import type { EngineChoice } from "../fit_types.ts";
import type { Reach } from "./webhooks/addresses.ts";
import { type Database, openDatabase } from "./database.ts";
import { type Dataset, DatasetStore } from "./dataset_store.ts";
import { Deliveries, type WebhookSettings } from "./webhooks/deliveries.ts";
import { DeliveryStore } from "./webhooks/delivery_store.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { EngineFacts } from "./engine_protocol.ts";
import { ServiceFiles } from "./files.ts";
import { newId } from "./ids.ts";
import { Intake } from "./intake.ts";
import type { TablePackage } from "./intake_worker.ts";
import { hasEnded, type Job, type JobOf, type Kind, NOUNS, type State } from "./job.ts";
import { type JobEvent, type JobFilter, JobStore } from "./job_store.ts";
import { KeyStore } from "./key_store.ts";
import type { Limits } from "./limits.ts";
import { logError } from "./log.ts";
import { recover } from "./recovery.ts";
import { Refusal } from "./refusal.ts";
import type { ColumnWish } from "./request.ts";
import { readResult, type Result } from "./results.ts";
import { Watchers } from "./watchers.ts";
import type { DeliveryView } from "./webhooks/webhook.ts";
import { openWebhookKey } from "./webhooks/key.ts";

export interface ServiceSettings {
  readonly directory: string;
  readonly engine: EngineChoice;
  readonly limits: Limits;
  /** Stands in for the process that computes. */
  readonly engineScript?: URL;
  /** Least time between two checkpoints of a fit; ten seconds or so when left out. */
  readonly checkpointMs?: number;
  /** Left out: no webhooks are sent. */
  readonly webhooks?: WebhookSettings;
}

/** How often deadlines of waiting jobs are looked at, in ms. */
const DEADLINES_EVERY_MS = 1000;

export class JobService {
  readonly limits: Limits;
  readonly files: ServiceFiles;
  readonly dispatcher: Dispatcher;
  readonly #lock: Disposable;
  readonly #database: Database;
  readonly #jobs: JobStore;
  readonly #datasets: DatasetStore;
  readonly #keys: KeyStore;
  readonly #deliveryStore: DeliveryStore;
  readonly #reach: Reach | null;
  /** Undefined: no webhooks are sent. */
  readonly deliveries: Deliveries | undefined;
  readonly #watchers = new Watchers();
  readonly #intake = new Intake();
  #deadlines: ReturnType<typeof setInterval> | undefined;
  #closing = false;

  private constructor(
    { directory, engine, limits, engineScript, checkpointMs, webhooks }: ServiceSettings,
  ) {
    this.limits = limits;
    this.files = new ServiceFiles(directory);
    this.#lock = this.files.open();
    let key: Uint8Array | undefined;
    try {
      if (webhooks !== undefined) key = openWebhookKey(directory);
      this.#database = openDatabase(this.files.database);
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error;
    }
    this.#jobs = new JobStore(this.#database, (id) => {
      this.#watchers.tell(id);
      this.deliveries?.wake();
    });
    this.#datasets = new DatasetStore(this.#database);
    this.#keys = new KeyStore(this.#database);
    this.#deliveryStore = new DeliveryStore(this.#database);
    this.#reach = webhooks?.reach ?? null;
    if (webhooks !== undefined) {
      this.deliveries = new Deliveries(webhooks, key!, this.#deliveryStore, this.#jobs);
    }
    const settings = {
      engine,
      directory,
      ...(engineScript === undefined ? {} : { script: engineScript }),
      ...(checkpointMs === undefined ? {} : { checkpointMs }),
    };
    this.dispatcher = new Dispatcher(settings, this.files, this.#jobs, limits);
  }

  /**
   * Opens a service on its directory, picks up what an earlier one left, and begins to work.
   *
   * @throws DeviceError when there is no such engine
   * @throws InputError when another service has the directory, or a newer one had
   */
  static async open(settings: ServiceSettings): Promise<JobService> {
    const service = new JobService(settings);
    try {
      const { files, dispatcher } = service;
      await dispatcher.open();
      const stores = { jobs: service.#jobs, datasets: service.#datasets, keys: service.#keys };
      await recover({ files, dispatcher, ...stores });
      dispatcher.begin();
      service.deliveries?.begin();
    } catch (error) {
      await service.close();
      throw error;
    }
    service.#deadlines = setInterval(() => service.#endOverdue(), DEADLINES_EVERY_MS);
    return service;
  }

  /** Takes no more work, puts what runs back into the queue, and ends; within 10 s. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#watchers.tellAll();
    clearInterval(this.#deadlines);
    await Promise.all([this.dispatcher.close(), this.deliveries?.close()]);
    this.#intake[Symbol.dispose]();
    this.#database[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** What computes, if it is there. */
  get engine(): EngineFacts | undefined {
    return this.dispatcher.engine;
  }

  /**
   * Takes a fit or a comparison in.
   *
   * @param body the request as it came
   * @param key `Idempotency-Key`: the same key and body again are answered with the first one's job
   * @throws Refusal when there is no job of it
   */
  async submit<K extends Kind>(
    kind: K,
    owner: string,
    body: Uint8Array<ArrayBuffer>,
    key: string | undefined,
  ): Promise<{ readonly job: JobOf<K>; readonly replayed: boolean }> {
    this.refuseWhenClosing();
    if (key === undefined) return { job: await this.#makeJob(kind, owner, body, undefined), replayed: false };
    const state = this.#keys.take(owner, key, await hashOf(body), Date.now());
    const known = state.kind === "done" ? this.#jobs.get(state.job)! : undefined;
    if (known?.kind === kind) return { job: known as JobOf<K>, replayed: true };
    if (known !== undefined || state.kind === "other body") {
      throw new Refusal(
        "key-reused",
        "This Idempotency-Key came before with another request; use a new key for a new one.",
      );
    }
    if (state.kind === "in use") {
      throw new Refusal(
        "key-in-use",
        "The first request with this Idempotency-Key is still being read; send it again in a moment.",
        [],
        1,
      );
    }
    try {
      return { job: await this.#makeJob(kind, owner, body, key), replayed: false };
    } catch (error) {
      if (!this.#closed) this.#keys.free(owner, key);
      throw error;
    }
  }

  async #makeJob<K extends Kind>(
    kind: K,
    owner: string,
    body: Uint8Array<ArrayBuffer>,
    key: string | undefined,
  ): Promise<JobOf<K>> {
    this.#refuseFullQueue(owner);
    const { asked, data } = await this.#intake.call("readJob", kind, body, this.limits, this.#reach);
    let dataset: string | null = null;
    if (data.kind === "dataset") {
      dataset = this.dataset(owner, data.id).id;
      await this.#intake.call("checkJob", asked, this.files.dataset(dataset));
    }
    const stored = data.kind === "table" ? await this.#storeTable(data.table) : undefined;
    const id = newId(kind), created = Date.now();
    const { deadline_s, priority = "normal", label = null } = asked.request;
    try {
      this.refuseWhenClosing();
      this.#refuseFullQueue(owner);
      if (dataset !== null) this.dataset(owner, dataset); // it may have been deleted meanwhile
      this.#database.transaction(() => {
        if (data.kind === "table") this.#insertTable(stored!, owner, data.table, false, created);
        this.#jobs.insert({
          ...asked,
          id,
          owner,
          priority,
          label,
          dataset: stored ?? dataset,
          created,
          deadline: deadline_s === undefined ? null : created + Math.round(1000 * deadline_s),
        });
        if (key !== undefined) this.#keys.settle(owner, key, id);
      });
    } catch (error) {
      if (stored !== undefined) await this.files.removeDataset(stored);
      throw error;
    }
    this.dispatcher.wake();
    return this.#jobs.get(id) as JobOf<K>;
  }

  /** @throws Refusal unless the client has such a job */
  job<K extends Kind>(kind: K, owner: string, id: string): JobOf<K> {
    const job = this.#jobs.get(id);
    if (job?.owner !== owner || job.kind !== kind) {
      throw new Refusal("not-found", `There is no such ${NOUNS[kind]}.`);
    }
    return job as JobOf<K>;
  }

  /** A job, whoever's it is. */
  find(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  jobs<K extends Kind>(filter: JobFilter<K>): JobOf<K>[] {
    return this.#jobs.list(filter);
  }

  /** Waiting jobs that stand before this one, its own client's turn set aside. */
  ahead(job: Job): number {
    return this.#jobs.ahead(job);
  }

  counts(): Record<State, number> {
    return this.#jobs.counts();
  }

  /** How the webhook of a job fares; null where none was asked for. */
  delivery({ id, request }: Job): DeliveryView | null {
    if (request.webhook === undefined) return null;
    return this.#deliveryStore.get(id) ?? { state: "waiting", tries: 0, last_error: null };
  }

  /** Deliveries of all jobs that have ended, by state. */
  deliveryCounts(): ReturnType<DeliveryStore["counts"]> {
    return this.#deliveryStore.counts();
  }

  /** Ends a job that waits or runs; of a job that has ended nothing changes. */
  cancel<K extends Kind>(kind: K, owner: string, id: string): JobOf<K> {
    const { state } = this.job(kind, owner, id);
    if (!hasEnded(state)) this.dispatcher.stop(id, "It was canceled.");
    return this.job(kind, owner, id);
  }

  /** Forgets a job and its result. @throws Refusal while it waits or runs */
  async removeJob(kind: Kind, owner: string, id: string): Promise<void> {
    const { dataset } = this.job(kind, owner, id);
    if (!this.#jobs.remove(id)) {
      throw new Refusal("conflict", `The ${NOUNS[kind]} has not ended; cancel it first, then delete it.`);
    }
    this.#watchers.tell(id);
    await this.files.removeRun(id);
    if (dataset !== null && this.#datasets.get(dataset)?.kept === false) await this.#dropTable(dataset);
  }

  /** The result of a job, the `fit.json` or `compare.json` object; undefined when there is none. */
  async result({ id, kind, verdict }: Job): Promise<Result | undefined> {
    return verdict === null ? undefined : await readResult(kind, this.files.run(id));
  }

  /** A job's events after `after`, the oldest first. */
  events(id: string, after: number, limit: number): JobEvent[] {
    return this.#jobs.events(id, after, limit);
  }

  /** Resolves to true at the job's next event and when the service leaves, to false when the time is over. */
  changed(id: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    return this.#closing ? Promise.resolve(true) : this.#watchers.wait(id, ms, signal);
  }

  /** Resolves when a job has ended, when the time is over, or when the service leaves. */
  async ended(id: string, ms: number, signal: AbortSignal): Promise<void> {
    const until = Date.now() + ms;
    while (Date.now() < until && !signal.aborted && !this.#closing) {
      const state = this.#jobs.get(id)?.state;
      if (state === undefined || hasEnded(state)) return;
      await this.changed(id, until - Date.now(), signal);
    }
  }

  /**
   * Keeps a table.
   *
   * @param csv what to call the body and its columns' parts where it is CSV; null where it is JSON and says so itself
   */
  async addDataset(
    owner: string,
    body: Uint8Array<ArrayBuffer>,
    csv: { readonly name: string; readonly columns: ColumnWish } | null,
  ): Promise<{ readonly dataset: Dataset; readonly review: Review }> {
    this.refuseWhenClosing();
    this.#refuseMoreDatasets(owner);
    const { table, review } = await this.#intake.call("readDataset", body, csv, this.limits);
    const id = await this.#storeTable(table);
    try {
      this.refuseWhenClosing();
      this.#refuseMoreDatasets(owner);
      this.#insertTable(id, owner, table, true, Date.now());
    } catch (error) {
      await this.files.removeDataset(id);
      throw error;
    }
    return { dataset: this.#datasets.get(id)!, review };
  }

  /** @throws Refusal unless the client has such a data set */
  dataset(owner: string, id: string): Dataset {
    const dataset = this.#datasets.get(id);
    if (dataset?.owner !== owner || !dataset.kept) {
      throw new Refusal("not-found", "There is no such data set.");
    }
    return dataset;
  }

  /** The name of a job's data; null for the built-in example. */
  dataName({ dataset }: Job): string | null {
    return dataset === null ? null : this.#datasets.get(dataset)?.name ?? null;
  }

  /** Whether a job's data was sent by itself and can be used again. */
  keptDataset({ dataset }: Job): string | null {
    return dataset !== null && this.#datasets.get(dataset)?.kept === true ? dataset : null;
  }

  datasets(owner: string, before: number | undefined, limit: number): Dataset[] {
    return this.#datasets.list(owner, before, limit);
  }

  async review(owner: string, id: string, columns: ColumnWish): Promise<Review> {
    const dataset = this.dataset(owner, id);
    return await this.#intake.call("review", this.files.dataset(dataset.id), columns);
  }

  /** @throws Refusal while a job refers to it */
  async removeDataset(owner: string, id: string): Promise<void> {
    this.dataset(owner, id);
    if (this.#jobs.usesDataset(id)) {
      throw new Refusal("conflict", "Fits or comparisons refer to this data set; delete them first.");
    }
    await this.#dropTable(id);
  }

  /** A new table's file, which no row refers to yet. */
  async #storeTable({ text }: TablePackage): Promise<string> {
    const id = newId("data");
    await this.files.writeDataset(id, text);
    return id;
  }

  #insertTable(id: string, owner: string, table: TablePackage, kept: boolean, created: number): void {
    const { name, rows, columns, text } = table;
    this.#datasets.insert({ id, owner, name, rows, columns, bytes: text.length, kept, created });
  }

  async #dropTable(id: string): Promise<void> {
    this.#datasets.remove(id);
    await this.files.removeDataset(id);
  }

  get #closed(): boolean {
    return !this.#database.sql.isOpen;
  }

  #endOverdue(): void {
    try {
      for (const id of this.#jobs.overdue(Date.now())) {
        this.dispatcher.stop(id, "Its deadline passed while it waited for its turn.");
      }
    } catch (error) {
      logError("Deadlines cannot be looked at", error);
    }
  }

  /** @throws Refusal when the service is about to leave */
  refuseWhenClosing(): void {
    if (!this.#closing) return;
    throw new Refusal("stopping", "The service is about to leave; send the request again soon.", [], 10);
  }

  #refuseFullQueue(owner: string): void {
    if (this.#jobs.counts(owner).queued < this.limits.queued) return;
    const detail =
      `${this.limits.queued} fits and comparisons of yours are waiting, and no more may; wait for some to end.`;
    throw new Refusal("limit", detail, [], 10);
  }

  #refuseMoreDatasets(owner: string): void {
    if (this.#datasets.count(owner) < this.limits.datasets) return;
    throw new Refusal(
      "limit",
      `You keep ${this.limits.datasets} data sets, and no more may be kept; delete some.`,
    );
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
