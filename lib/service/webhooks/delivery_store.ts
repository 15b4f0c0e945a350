/**
 * Deliveries of webhooks on the disk. One comes to be in the transaction that ends its job (`job_store.ts`) and goes
 * with its job.
 */
import type { Database } from "../database.ts";
import { DELIVERY_STATES, type DeliveryView } from "./webhook.ts";

/** A delivery that is to be tried. */
export interface Delivery {
  readonly job: string;
  /** Host and port. */
  readonly receiver: string;
  /** So far. */
  readonly tries: number;
}

/** What came of a try. */
export type TryEnd =
  | { readonly state: "delivered" }
  /** `error` is a sentence. */
  | { readonly state: "failed"; readonly error: string }
  /** `due`: when to try again, ms since 1970. */
  | { readonly state: "pending"; readonly error: string; readonly due: number };

export class DeliveryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The delivery whose turn it is, of those to receivers that are not `busy`. */
  next(busy: readonly string[], now: number): Delivery | undefined {
    return this.#database.prepare(
      `SELECT job, receiver, tries FROM deliveries WHERE state = 'pending' AND due <= ?
       AND receiver NOT IN (SELECT value FROM json_each(?)) ORDER BY due LIMIT 1`,
    ).get(now, JSON.stringify(busy)) as Delivery | undefined;
  }

  /** When the next delivery after those is due, ms since 1970. */
  nextDue(busy: readonly string[]): number | undefined {
    const { due } = this.#database.prepare(
      `SELECT MIN(due) AS due FROM deliveries WHERE state = 'pending'
       AND receiver NOT IN (SELECT value FROM json_each(?))`,
    ).get(JSON.stringify(busy)) as { due: number | null };
    return due ?? undefined;
  }

  /** Writes down what came of a try. */
  record(job: string, end: TryEnd): void {
    this.#database.prepare(
      `UPDATE deliveries SET state = ?, tries = tries + 1, last_error = ?, due = COALESCE(?, due) WHERE job = ?`,
    ).run(
      end.state,
      end.state === "delivered" ? null : end.error,
      end.state === "pending" ? end.due : null,
      job,
    );
  }

  /** How a job's delivery stands; undefined while the job has not ended. */
  get(job: string): DeliveryView | undefined {
    const row = this.#database.prepare("SELECT state, tries, last_error FROM deliveries WHERE job = ?")
      .get(job);
    return row === undefined ? undefined : { ...row } as DeliveryView;
  }

  /** Deliveries of jobs that have ended, by state. */
  counts(): Record<Exclude<DeliveryView["state"], "waiting">, number> {
    const counts = Object.fromEntries(DELIVERY_STATES.slice(1).map((state) => [state, 0]));
    const rows = this.#database.prepare("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state").all();
    for (const { state, n } of rows) counts[state as string] = n as number;
    return counts as ReturnType<DeliveryStore["counts"]>;
  }
}
