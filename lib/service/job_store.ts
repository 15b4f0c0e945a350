/**
 * Jobs on the disk. A job changes its state only here, each time by one transaction that names the state and attempt
 * it expects: two that both believe to own a job cannot both win.
 */
import type { Database } from "./database.ts";
import {
  type Ending,
  hasEnded,
  type Job,
  type JobOf,
  type JobProgress,
  type JobResumePoint,
  type Kind,
  type NewJob,
  PRIORITIES,
  type State,
} from "./job.ts";

/** Which jobs of a client to list, the newest first. */
export interface JobFilter<K extends Kind = Kind> {
  readonly owner: string;
  readonly kind: K;
  readonly states: readonly State[];
  readonly method?: string | undefined;
  readonly dataset?: string | undefined;
  /** Only jobs older than this one's `seq`. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** One entry of a job's history. */
export interface JobEvent {
  /** Rises from event to event, over all jobs. */
  readonly seq: number;
  readonly type: "state" | "progress";
  /** JSON. */
  readonly data: string;
}

const DAY_MS = 24 * 3600 * 1000;

export class JobStore {
  readonly #database: Database;

  /** @param onChange told of every job that has new events, when they are stored */
  constructor(database: Database, readonly onChange: (id: string) => void = () => {}) {
    this.#database = database;
  }

  insert(job: NewJob): void {
    const { id, kind, owner, priority, label, request, dataset, created, deadline } = job;
    this.#changing(id, () => {
      this.#run(
        `INSERT INTO jobs (id, kind, state, owner, priority, label, request, dataset, created, deadline)
         VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)`,
        id,
        kind,
        owner,
        PRIORITIES.indexOf(priority),
        label,
        JSON.stringify(request),
        dataset,
        created,
        deadline,
      );
      this.#tellState(id);
    });
  }

  get(id: string): Job | undefined {
    const row = this.#database.prepare("SELECT * FROM jobs WHERE id = ?").get(id);
    return row === undefined ? undefined : jobOf(row);
  }

  list<K extends Kind>({ owner, kind, states, method, dataset, before, limit }: JobFilter<K>): JobOf<K>[] {
    const rows = this.#database.prepare(
      `SELECT * FROM jobs WHERE owner = ?1 AND kind = ?7
       AND (json_array_length(?2) = 0 OR state IN (SELECT value FROM json_each(?2)))
       AND (?3 IS NULL OR json_extract(request, '$.method') = ?3)
       AND (?4 IS NULL OR dataset = ?4) AND (?5 IS NULL OR seq < ?5)
       ORDER BY seq DESC LIMIT ?6`,
    ).all(owner, JSON.stringify(states), method ?? null, dataset ?? null, before ?? null, limit, kind);
    return rows.map((row) => jobOf(row) as JobOf<K>);
  }

  /** Every job that is in one of the states, the oldest first. */
  inState(...states: State[]): Job[] {
    return this.#database.prepare(
      "SELECT * FROM jobs WHERE state IN (SELECT value FROM json_each(?)) ORDER BY seq",
    ).all(JSON.stringify(states)).map(jobOf);
  }

  /** Waiting jobs whose deadline has passed. */
  overdue(now: number): string[] {
    return this.#database.prepare("SELECT id FROM jobs WHERE state = 'queued' AND deadline <= ?").all(now)
      .map(({ id }) => id as string);
  }

  /** Jobs by state, of one client or of all. */
  counts(owner?: string): Record<State, number> {
    const counts = { queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, interrupted: 0 };
    const rows = this.#database.prepare(
      "SELECT state, COUNT(*) AS n FROM jobs WHERE ?1 IS NULL OR owner = ?1 GROUP BY state",
    ).all(owner ?? null) as { state: State; n: number }[];
    for (const { state, n } of rows) counts[state] = n;
    return counts;
  }

  /** Waiting jobs of higher priority, or of the same and older. */
  ahead({ seq, priority }: Job): number {
    const row = this.#database.prepare(
      `SELECT COUNT(*) AS n FROM jobs WHERE state = 'queued' AND (priority > ?1 OR priority = ?1 AND seq < ?2)`,
    ).get(PRIORITIES.indexOf(priority), seq) as { n: number };
    return row.n;
  }

  /** Time that jobs of a client ran in the last 24 hours, in ms. */
  ranInDay(owner: string, now: number): number {
    const row = this.#database.prepare(
      "SELECT COALESCE(SUM(run_ms), 0) AS ms FROM jobs WHERE owner = ? AND (ended IS NULL OR ended > ?)",
    ).get(owner, now - DAY_MS) as { ms: number };
    return row.ms;
  }

  usesDataset(dataset: string): boolean {
    return this.#database.prepare("SELECT 1 FROM jobs WHERE dataset = ? LIMIT 1").get(dataset) !==
      undefined;
  }

  /** Begins the job whose turn it is: highest priority, then the client whose last turn is longest ago, then age. */
  startNext(now: number): Job | undefined {
    const job = this.#database.transaction(() => {
      const row = this.#database.prepare(
        `SELECT jobs.id, jobs.owner FROM jobs LEFT JOIN turns ON turns.owner = jobs.owner
         WHERE state = 'queued' ORDER BY priority DESC, COALESCE(turn, 0), seq LIMIT 1`,
      ).get() as { id: string; owner: string } | undefined;
      if (row === undefined) return undefined;
      this.#run(
        `INSERT INTO turns (owner, turn) VALUES (?, (SELECT COALESCE(MAX(turn), 0) + 1 FROM turns))
         ON CONFLICT (owner) DO UPDATE SET turn = excluded.turn`,
        row.owner,
      );
      this.#run(
        `UPDATE jobs SET state = 'running', attempt = attempt + 1, started = ?, progress = NULL, stop = NULL,
         resumed_at = NULL WHERE id = ? AND state = 'queued'`,
        now,
        row.id,
      );
      this.#tellState(row.id);
      return this.get(row.id);
    });
    if (job !== undefined) this.onChange(job.id);
    return job;
  }

  /** Ends a running job. @returns whether this attempt was the one that runs */
  finish({ id, attempt }: Pick<Job, "id" | "attempt">, ending: Ending, now: number): boolean {
    const { state, verdict = null, partial = null, error = null } = ending;
    return this.#changing(id, () => {
      const changed = this.#run(
        `UPDATE jobs SET state = ?, verdict = ?, partial = ?, error = ?, ended = ?,
         run_ms = run_ms + MAX(0, ? - started) WHERE id = ? AND state = 'running' AND attempt = ?`,
        state,
        verdict,
        partial === null ? null : Number(partial),
        error,
        now,
        now,
        id,
        attempt,
      );
      if (changed) this.#close(id);
      return changed;
    });
  }

  /** Ends a job that waits. @returns whether it did */
  cancelQueued(id: string, why: string, now: number): boolean {
    return this.#changing(id, () => {
      const changed = this.#run(
        "UPDATE jobs SET state = 'canceled', stop = ?, error = ?, ended = ? WHERE id = ? AND state = 'queued'",
        why,
        why,
        now,
        id,
      );
      if (changed) this.#close(id);
      return changed;
    });
  }

  /** Notes that a running job is to stop. @returns whether it runs and was not told before */
  tellToStop(id: string, why: string): boolean {
    return this.#run("UPDATE jobs SET stop = ? WHERE id = ? AND state = 'running' AND stop IS NULL", why, id);
  }

  /** Notes that an attempt goes on where one before it was. */
  resume({ id, attempt }: Pick<Job, "id" | "attempt">, at: JobResumePoint): void {
    this.#changing(id, () => {
      const sql = "UPDATE jobs SET resumed_at = ? WHERE id = ? AND state = 'running' AND attempt = ?";
      if (this.#run(sql, JSON.stringify(at), id, attempt)) this.#tellState(id);
    });
  }

  /** Puts a running job back into the queue. @param crashed whether the service or its engine died under it */
  requeue({ id, attempt }: Pick<Job, "id" | "attempt">, crashed: boolean, ranMs: number): boolean {
    return this.#changing(id, () => {
      const changed = this.#run(
        `UPDATE jobs SET state = 'queued', crashes = crashes + ?, run_ms = run_ms + ?, progress = NULL, stop = NULL
         WHERE id = ? AND state = 'running' AND attempt = ?`,
        Number(crashed),
        Math.max(0, Math.round(ranMs)),
        id,
        attempt,
      );
      if (changed) this.#tellState(id);
      return changed;
    });
  }

  /** Forgets a job that has ended. @returns whether it had */
  remove(id: string): boolean {
    return this.#changing(id, () => {
      const changed = this.#run("DELETE FROM jobs WHERE id = ? AND state NOT IN ('queued', 'running')", id);
      if (changed) {
        this.#run("DELETE FROM events WHERE job = ?", id);
        this.#run("DELETE FROM keys WHERE job = ?", id);
        this.#run("DELETE FROM deliveries WHERE job = ?", id);
      }
      return changed;
    });
  }

  /** Stores how far a running job has come. */
  progress(id: string, progress: JobProgress): void {
    const data = JSON.stringify(progress);
    this.#database.relaxed(() =>
      this.#changing(id, () => {
        if (this.#run("UPDATE jobs SET progress = ? WHERE id = ? AND state = 'running'", data, id)) {
          this.#tell(id, "progress", data);
        }
      })
    );
  }

  /** A job's events after `after`, the oldest first. */
  events(id: string, after: number, limit: number): JobEvent[] {
    return this.#database.prepare(
      "SELECT seq, type, data FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
    ).all(id, after, limit) as unknown as JobEvent[];
  }

  /** Of progress only the last is worth keeping when all is over; whoever asked for it is to be told. */
  #close(id: string): void {
    const { request: { webhook }, ended } = this.get(id)!;
    if (webhook !== undefined) {
      const sql = "INSERT INTO deliveries (job, receiver, state, due) VALUES (?, ?, 'pending', ?)";
      this.#run(sql, id, new URL(webhook.url).host, ended);
    }
    this.#run(
      `DELETE FROM events WHERE job = ?1 AND type = 'progress'
       AND seq < (SELECT MAX(seq) FROM events WHERE job = ?1 AND type = 'progress')`,
      id,
    );
    this.#tellState(id);
  }

  #tellState(id: string): void {
    const { state, attempt, resumedAt, verdict, partial, error } = this.get(id)!;
    this.#tell(
      id,
      "state",
      JSON.stringify({
        state,
        attempt,
        resumed: attempt > 1,
        resumed_at: resumedAt,
        ...(hasEnded(state) ? { verdict, partial, error } : {}),
      }),
    );
  }

  #tell(id: string, type: JobEvent["type"], data: string): void {
    this.#run("INSERT INTO events (job, type, data) VALUES (?, ?, ?)", id, type, data);
  }

  #changing<T>(id: string, work: () => T): T {
    const { sql } = this.#database;
    const result = sql.isTransaction ? work() : this.#database.transaction(work);
    this.onChange(id);
    return result;
  }

  #run(sql: string, ...values: (string | number | null)[]): boolean {
    return this.#database.prepare(sql).run(...values).changes > 0;
  }
}

function jobOf(row: Record<string, unknown>): Job {
  const { run_ms, priority, request, progress, partial, resumed_at, ...rest } = row;
  return {
    ...rest,
    runMs: run_ms,
    priority: PRIORITIES[priority as number],
    request: JSON.parse(request as string),
    progress: progress === null ? null : JSON.parse(progress as string),
    resumedAt: resumed_at === null ? null : JSON.parse(resumed_at as string),
    partial: partial === null ? null : partial === 1,
  } as Job;
}
