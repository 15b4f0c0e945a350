/** What fits and comparisons have in common: sent, listed, looked at, canceled, deleted. */
import { Hono } from "hono";
import { z } from "zod";
import { idPattern } from "../lib/service/ids.ts";
import { type JobOf, type Kind, NOUNS, pathOfJob, type State, STATES } from "../lib/service/job.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { JobService } from "../lib/service/service.ts";
import type { BodyReader } from "./body.ts";
import type { Ctx, Env, Site } from "./context.ts";
import type { OpenAnswers } from "./guard.ts";
import { type Page, page, pageFields, pageOf, preferredWait, readQuery } from "./query.ts";

/** Longest time that `Prefer: wait` holds an answer back, in seconds: proxies give up soon after. */
export const MOST_WAIT_SECONDS = 60;

const STATE_LIST = new RegExp(`^(${STATES.join("|")})(,(${STATES.join("|")}))*$`);

/** Query of every list of jobs. */
export const listFields = (kind: Kind) => ({
  ...pageFields,
  state: z.string().regex(STATE_LIST, `must be one or more of ${STATES.join(", ")}, by commas`).optional()
    .describe(`Only ${NOUNS[kind]}s in one of these states, by commas.`),
  dataset: z.string().regex(new RegExp(idPattern("data"))).optional().describe(
    `Only ${NOUNS[kind]}s of this data set.`,
  ),
});

/** `Idempotency-Key`: printable, quoted or not. */
export const KEY = /^[\x21-\x7e]{1,255}$/;

/** How a kind of job is shown. */
export interface Resource<K extends Kind> {
  readonly kind: K;
  /** Query of the list: {@link listFields}, and `method` where jobs have one. */
  readonly query: z.ZodObject;
  /** As it stands in lists. */
  view(service: JobService, job: JobOf<K>): unknown;
  /** By itself, with its result. */
  detail(service: JobService, job: JobOf<K>): Promise<unknown>;
}

interface ListQuery extends Page {
  readonly state?: string;
  readonly dataset?: string;
  readonly method?: string;
}

/** The routes below a resource's path. */
export function jobs<K extends Kind>(
  { service }: Site,
  bodies: BodyReader,
  open: OpenAnswers,
  { kind, query, view, detail }: Resource<K>,
): Hono<Env> {
  const app = new Hono<Env>();

  app.post("/", async (c) => {
    const key = c.req.header("Idempotency-Key");
    if (key !== undefined && !KEY.test(key)) {
      throw new Refusal(
        "malformed",
        "The Idempotency-Key is not 1 to 255 printable characters without blanks.",
      );
    }
    const owner = c.get("owner");
    using body = await bodies.read(c, ["application/json"]);
    const { job, replayed } = await service.submit(kind, owner, body.bytes, key);
    body[Symbol.dispose](); // before the wait
    const headers = {
      Location: pathOfJob(job),
      ...(replayed ? { "Idempotency-Replayed": "true" } : {}),
    };
    const wait = preferredWait(c, MOST_WAIT_SECONDS);
    if (wait === undefined) return answer(view(service, job), 202, headers);
    await waitFor(c, job.id, wait);
    const now = service.job(kind, owner, job.id), ended = now.ended !== null;
    const applied = { ...headers, "Preference-Applied": `wait=${wait}` };
    return ended
      ? answer(await detail(service, now), 200, applied)
      : answer(view(service, now), 202, applied);
  });

  app.get("/", (c) => {
    const { state, method, dataset, ...rest } = readQuery(c, query) as ListQuery;
    const { limit, before } = pageOf(rest), owner = c.get("owner");
    const states = (state?.split(",") ?? []) as State[];
    const found = service.jobs({ owner, kind, states, method, dataset, before, limit: limit + 1 });
    return c.json(page(found, limit, (job) => view(service, job)));
  });

  app.get("/:id", async (c) => {
    const owner = c.get("owner"), { id } = c.req.param();
    const wait = preferredWait(c, MOST_WAIT_SECONDS);
    if (wait !== undefined) {
      service.job(kind, owner, id);
      await waitFor(c, id, wait);
    }
    return answer(await detail(service, service.job(kind, owner, id)));
  });

  app.post("/:id/cancel", (c) => {
    const job = service.cancel(kind, c.get("owner"), c.req.param("id"));
    return answer(view(service, job), 202);
  });

  app.delete("/:id", async (c) => {
    await service.removeJob(kind, c.get("owner"), c.req.param("id"));
    return c.body(null, 204);
  });

  async function waitFor(c: Ctx, id: string, seconds: number): Promise<void> {
    using _open = open.take(c.get("owner"));
    await service.ended(id, 1000 * seconds, c.req.raw.signal);
  }

  return app;
}

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
