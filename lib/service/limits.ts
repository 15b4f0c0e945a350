/** How much of the service one client can take. */
import { z } from "zod";
import { InputError } from "../errors.ts";
import { schemaProblems } from "../model/schema_problems.ts";

const count = (most: number) => z.int().min(1).max(most);

const limitsSchema = z.strictObject({
  requests_per_second: z.number().min(0.1).max(1e6).default(50).describe(
    "Requests a client may make, over time.",
  ),
  burst: count(1e6).default(200).describe("Requests a client may make at once."),
  body_bytes: count(32e6).default(20e6).describe("Largest body of a request."),
  body_seconds: z.number().min(1).max(600).default(30).describe(
    "Time in which the body must have arrived.",
  ),
  rows: count(1e6).default(100_000).describe("Rows of a table, all its series together."),
  values: count(1e7).default(2_000_000).describe("Values in a body: cells of a table, or JSON values."),
  depth: count(1000).default(32).describe("Lists and objects within one another in a JSON body."),
  datasets: count(1e5).default(200).describe("Data sets a client may keep."),
  queued: count(1e5).default(500).describe("Fits and comparisons of a client that wait for their turn."),
  streams: count(1e5).default(200).describe("Event streams and waiting requests of a client, open at once."),
  run_seconds: z.number().min(1).max(1e7).default(4 * 3600).describe(
    "Longest time one fit or comparison may run.",
  ),
  run_seconds_per_day: z.number().min(1).max(1e7).default(24 * 3600).describe(
    "Time all fits and comparisons of a client may run within 24 hours.",
  ),
});

/** Limits of one client; who has no token is the client `local`. */
export type Limits = z.output<typeof limitsSchema>;

export const DEFAULT_LIMITS: Limits = limitsSchema.parse({});

/**
 * Checks limits and fills in those that are left out.
 *
 * @param where what to call them in messages
 * @throws InputError with every problem
 */
export function parseLimits(json: unknown, where: string): Limits {
  const result = limitsSchema.safeParse(json, { reportInput: true });
  if (result.success) return result.data;
  throw new InputError(schemaProblems(result.error, limitsSchema, json, where));
}

/** Tokens that come back with time, one client each; times are in ms. */
export class TokenBuckets {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(readonly perSecond: number, readonly burst: number, readonly now: () => number = Date.now) {}

  /** Takes one token. @returns 0, or the seconds until there is one */
  take(client: string): number {
    const now = this.now(), { tokens, at } = this.#buckets.get(client) ?? { tokens: this.burst, at: now };
    const there = Math.min(this.burst, tokens + (now - at) / 1000 * this.perSecond);
    this.#buckets.set(client, { tokens: there >= 1 ? there - 1 : there, at: now });
    if (this.#buckets.size > 10_000) this.#forgetFull(now);
    return there >= 1 ? 0 : (1 - there) / this.perSecond;
  }

  /** A full bucket is as good as none. */
  #forgetFull(now: number): void {
    for (const [client, { tokens, at }] of this.#buckets) {
      if (tokens + (now - at) / 1000 * this.perSecond >= this.burst) this.#buckets.delete(client);
    }
  }
}
