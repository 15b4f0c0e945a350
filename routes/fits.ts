/** Fits: sent, listed, looked at, canceled, deleted. */
import { Hono } from "hono";
import { z } from "zod";
import { METHODS } from "../lib/fit_types.ts";
import { idPattern } from "../lib/service/ids.ts";
import { type State, STATES } from "../lib/service/job.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { BodyReader } from "./body.ts";
import type { Ctx, Env, Site } from "./context.ts";
import type { OpenAnswers } from "./guard.ts";
import { page, pageFields, pageOf, preferredWait, readQuery } from "./query.ts";
import { fitDetail, fitView, pathOfFit } from "./views.ts";

/** Longest time that `Prefer: wait` holds an answer back, in seconds: proxies give up soon after. */
export const MOST_WAIT_SECONDS = 60;

const STATE_LIST = new RegExp(`^(${STATES.join("|")})(,(${STATES.join("|")}))*$`);

/** Query of the list. */
export const fitsQuery = z.strictObject({
  ...pageFields,
  state: z.string().regex(STATE_LIST, `must be one or more of ${STATES.join(", ")}, by commas`).optional()
    .describe("Only fits in one of these states, by commas."),
  method: z.enum(Object.keys(METHODS) as [string, ...string[]]).optional().describe(
    "Only fits asked for by this method.",
  ),
  dataset: z.string().regex(new RegExp(idPattern("data"))).optional().describe("Only fits of this data set."),
});

/** `Idempotency-Key`: printable, quoted or not. */
export const KEY = /^[\x21-\x7e]{1,255}$/;

export function fits({ service }: Site, bodies: BodyReader, open: OpenAnswers): Hono<Env> {
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
    const { job, replayed } = await service.submitFit(owner, body.bytes, key);
    body[Symbol.dispose](); // before the wait
    const headers = {
      Location: pathOfFit(job.id),
      ...(replayed ? { "Idempotency-Replayed": "true" } : {}),
    };
    const wait = preferredWait(c, MOST_WAIT_SECONDS);
    if (wait === undefined) return c.json(fitView(service, job), 202, headers);
    await waitFor(c, job.id, wait);
    const now = service.job(owner, job.id), ended = now.ended !== null;
    const applied = { ...headers, "Preference-Applied": `wait=${wait}` };
    return ended
      ? c.json(await fitDetail(service, now), 200, applied)
      : c.json(fitView(service, now), 202, applied);
  });

  app.get("/", (c) => {
    const { state, method, dataset, ...rest } = readQuery(c, fitsQuery);
    const { limit, before } = pageOf(rest);
    const states = (state?.split(",") ?? []) as State[];
    const found = service.jobs({ owner: c.get("owner"), states, method, dataset, before, limit: limit + 1 });
    return c.json(page(found, limit, (job) => fitView(service, job)));
  });

  app.get("/:id", async (c) => {
    const owner = c.get("owner"), { id } = c.req.param();
    const wait = preferredWait(c, MOST_WAIT_SECONDS);
    if (wait !== undefined) {
      service.job(owner, id);
      await waitFor(c, id, wait);
    }
    return c.json(await fitDetail(service, service.job(owner, id)));
  });

  app.post("/:id/cancel", (c) => {
    const job = service.cancel(c.get("owner"), c.req.param("id"));
    return c.json(fitView(service, job), 202);
  });

  app.delete("/:id", async (c) => {
    await service.removeJob(c.get("owner"), c.req.param("id"));
    return c.body(null, 204);
  });

  async function waitFor(c: Ctx, id: string, seconds: number): Promise<void> {
    using _open = open.take(c.get("owner"));
    await service.ended(id, 1000 * seconds, c.req.raw.signal);
  }

  return app;
}
