/** Which tables there are, and whose. */
import type { Database } from "./database.ts";

export interface Dataset {
  readonly seq: number;
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly string[];
  /** Size of its file. */
  readonly bytes: number;
  /** Sent by itself, to be kept; otherwise it came with a fit and goes with it. */
  readonly kept: boolean;
  /** ms since 1970. */
  readonly created: number;
}

export class DatasetStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert({ id, owner, name, rows, columns, bytes, kept, created }: Omit<Dataset, "seq">): void {
    this.#database.prepare(
      `INSERT INTO datasets (id, owner, name, rows, columns, bytes, kept, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(id, owner, name, rows, JSON.stringify(columns), bytes, Number(kept), created);
  }

  get(id: string): Dataset | undefined {
    const row = this.#database.prepare("SELECT * FROM datasets WHERE id = ?").get(id);
    return row === undefined ? undefined : datasetOf(row);
  }

  /** Those kept for a client, the newest first. @param before only those older than this one's `seq` */
  list(owner: string, before: number | undefined, limit: number): Dataset[] {
    return this.#database.prepare(
      `SELECT * FROM datasets WHERE owner = ?1 AND kept = 1 AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3`,
    ).all(owner, before ?? null, limit).map(datasetOf);
  }

  /** How many are kept for a client. */
  count(owner: string): number {
    const row = this.#database.prepare(
      "SELECT COUNT(*) AS n FROM datasets WHERE owner = ? AND kept = 1",
    ).get(owner) as { n: number };
    return row.n;
  }

  remove(id: string): void {
    this.#database.prepare("DELETE FROM datasets WHERE id = ?").run(id);
  }
}

function datasetOf({ columns, kept, ...rest }: Record<string, unknown>): Dataset {
  return { ...rest, columns: JSON.parse(columns as string), kept: kept === 1 } as Dataset;
}
