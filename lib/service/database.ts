/**
 * The one SQLite file of the service. Every change of state is one transaction that is on the disk when it returns
 * (WAL, synchronous=FULL); progress, which nobody misses after a power cut, does not wait for the disk.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { InputError } from "../errors.ts";

/** Raised when a table changes; a file of a newer service is refused. */
const VERSION = 3;

const DELIVERIES = `
  CREATE TABLE deliveries (          -- webhooks of jobs that have ended
    job TEXT PRIMARY KEY,
    receiver TEXT NOT NULL,          -- host and port
    state TEXT NOT NULL,             -- pending, delivered or failed
    due INTEGER NOT NULL,            -- when to try (again)
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT                  -- a sentence
  ) STRICT;
  CREATE INDEX deliveries_by_due ON deliveries (state, due);
`;

const TABLES = `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    priority INTEGER NOT NULL,
    label TEXT,
    request TEXT NOT NULL,           -- JSON, without the data
    dataset TEXT,                    -- NULL: the built-in example
    created INTEGER NOT NULL,        -- all times: ms since 1970
    started INTEGER,
    ended INTEGER,
    deadline INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    run_ms INTEGER NOT NULL DEFAULT 0,
    stop TEXT,                       -- why it was told to stop, a sentence
    progress TEXT,                   -- JSON
    verdict TEXT,
    partial INTEGER,
    error TEXT,                      -- a sentence
    resumed_at TEXT                  -- JSON; where the last attempt went on from
  ) STRICT;
  CREATE INDEX jobs_by_state ON jobs (state, priority, seq);
  CREATE INDEX jobs_by_owner ON jobs (owner, seq);
  CREATE INDEX jobs_by_dataset ON jobs (dataset);

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL               -- JSON
  ) STRICT;
  CREATE INDEX events_by_job ON events (job, seq);

  CREATE TABLE datasets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    rows INTEGER NOT NULL,
    columns TEXT NOT NULL,           -- JSON
    bytes INTEGER NOT NULL,
    kept INTEGER NOT NULL,           -- 0: came with a fit and goes with it
    created INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE keys (                -- Idempotency-Key
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL,
    job TEXT,                        -- NULL: the request is being worked on
    created INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT;

  CREATE TABLE turns (               -- when each client last had its turn
    owner TEXT PRIMARY KEY,
    turn INTEGER NOT NULL
  ) STRICT;

  ${DELIVERIES}
`;

/** What makes a file of each older version, by the version, one of the next. */
const UPDATES: Readonly<Record<number, string>> = {
  1: "ALTER TABLE jobs ADD COLUMN resumed_at TEXT;",
  2: DELIVERIES,
};

/** An open database. */
export interface Database extends Disposable {
  readonly sql: DatabaseSync;
  /** A statement, compiled once: compiled ones hold memory that only the garbage collector gives back. */
  prepare(text: string): StatementSync;
  /** Runs `work` as one transaction; nothing of it stays when it throws. */
  transaction<T>(work: () => T): T;
  /** Runs `work`, whose changes may be lost in a power cut, never in a crash. */
  relaxed<T>(work: () => T): T;
}

/**
 * @throws InputError if the file was written by a newer service
 * @throws Error if it cannot be opened
 */
export function openDatabase(path: string): Database {
  const sql = new DatabaseSync(path);
  try {
    sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
    const { user_version: version } = sql.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version > VERSION) {
      const message =
        `was written by a newer hillmix (version ${version}; this one reads ${VERSION}); update it.`;
      throw new InputError([{ where: path, message }]);
    }
    if (version === 0) sql.exec(`BEGIN; ${TABLES} PRAGMA user_version = ${VERSION}; COMMIT;`);
    for (let from = version; from > 0 && from < VERSION; from++) {
      sql.exec(`BEGIN; ${UPDATES[from]} PRAGMA user_version = ${from + 1}; COMMIT;`);
    }
  } catch (error) {
    sql.close();
    throw error;
  }
  const statements = new Map<string, StatementSync>();
  return {
    sql,
    prepare(text) {
      const known = statements.get(text) ?? sql.prepare(text);
      statements.set(text, known);
      return known;
    },
    transaction(work) {
      sql.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        sql.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have rolled it back already.
        if (sql.isTransaction) sql.exec("ROLLBACK");
        throw error;
      }
    },
    relaxed(work) {
      sql.exec("PRAGMA synchronous = NORMAL");
      try {
        return work();
      } finally {
        sql.exec("PRAGMA synchronous = FULL");
      }
    },
    [Symbol.dispose]: () => sql.close(),
  };
}
