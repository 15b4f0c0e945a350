/**
 * Requests that may be sent again (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header): the first makes a job,
 * later ones with the same key and body are answered with it.
 */
import type { Database } from "./database.ts";

/** What a key is known for. */
export type KeyState =
  /** Not seen before; now taken until {@link KeyStore.settle} or {@link KeyStore.free}. */
  | { readonly kind: "new" }
  /** The first request is still being worked on. */
  | { readonly kind: "in use" }
  /** Known for another body. */
  | { readonly kind: "other body" }
  | { readonly kind: "done"; readonly job: string };

/** How long a key is remembered. */
const KEPT_MS = 24 * 3600 * 1000;

export class KeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param hash of the request's body */
  take(owner: string, key: string, hash: string, now: number): KeyState {
    const database = this.#database;
    return this.#database.transaction(() => {
      database.prepare("DELETE FROM keys WHERE created < ? AND job IS NOT NULL").run(now - KEPT_MS);
      const known = database.prepare("SELECT hash, job FROM keys WHERE owner = ? AND key = ?").get(
        owner,
        key,
      ) as
        | { hash: string; job: string | null }
        | undefined;
      if (known === undefined) {
        database.prepare("INSERT INTO keys (owner, key, hash, created) VALUES (?, ?, ?, ?)").run(
          owner,
          key,
          hash,
          now,
        );
        return { kind: "new" };
      }
      if (known.hash !== hash) return { kind: "other body" };
      return known.job === null ? { kind: "in use" } : { kind: "done", job: known.job };
    });
  }

  /** The request made this job. To be called in the transaction that makes it. */
  settle(owner: string, key: string, job: string): void {
    this.#database.prepare("UPDATE keys SET job = ? WHERE owner = ? AND key = ?").run(job, owner, key);
  }

  /** The request made nothing, so the key is as good as new. */
  free(owner: string, key: string): void {
    this.#database.prepare("DELETE FROM keys WHERE owner = ? AND key = ? AND job IS NULL").run(
      owner,
      key,
    );
  }

  /** Frees keys of requests that a dead service was working on. */
  freeAll(): void {
    this.#database.prepare("DELETE FROM keys WHERE job IS NULL").run();
  }
}
