/** A job's events as they happen (server-sent events), taken up again where a lost connection left them. */
import { Hono } from "hono";
import { hasEnded, type JobProgress, type Kind } from "../lib/service/job.ts";
import type { JobEvent } from "../lib/service/job_store.ts";
import { compareProgressView } from "./compare.ts";
import type { Env, Site } from "./context.ts";
import type { OpenAnswers } from "./guard.ts";
import { progressView } from "./views.ts";

/** Silence after which a comment shows that the line is alive, in ms; proxies cut lines silent for 30 s or more. */
const HEARTBEAT_MS = 15_000;
/** What clients wait before they connect anew, in ms. */
const RETRY_MS = 2000;
const AT_ONCE = 100;

const PROGRESS_VIEWS: Readonly<Record<Kind, (progress: JobProgress) => unknown>> = {
  fit: progressView,
  compare: compareProgressView,
};

export function events({ service, metrics }: Site, open: OpenAnswers, kind: Kind): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/:id/events", (c) => {
    const owner = c.get("owner"), { id } = service.job(kind, owner, c.req.param("id"));
    const last = c.req.header("Last-Event-ID") ?? "";
    let after = /^\d{1,15}$/.test(last) ? Number(last) : 0;
    // 204 tells a browser that there is nothing to connect anew for.
    if (ended(id) && service.events(id, after, 1).length === 0) return c.body(null, 204);

    const headers = { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" };
    if (c.req.method === "HEAD") return c.body(null, 200, headers);

    const place = open.take(owner), gone = new AbortController();
    metrics.streams++;
    const close = () => {
      if (gone.signal.aborted) return;
      gone.abort();
      place[Symbol.dispose]();
      metrics.streams--;
    };
    const encoder = new TextEncoder();
    // Pulled, not pushed: a reader that is slow costs nothing but its connection.
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
      async pull(controller) {
        try {
          while (!gone.signal.aborted) {
            const over = ended(id), found = service.closing ? [] : service.events(id, after, AT_ONCE);
            if (found.length > 0) {
              after = found.at(-1)!.seq;
              return controller.enqueue(
                encoder.encode(found.map((event) => eventText(kind, event)).join("")),
              );
            }
            if (over) {
              close();
              return controller.close();
            }
            const told = await service.changed(id, HEARTBEAT_MS, gone.signal);
            if (!told) return controller.enqueue(encoder.encode(":\n\n"));
          }
        } catch (error) {
          close();
          controller.error(error);
        }
      },
      cancel: close,
    }, { highWaterMark: 0 });
    return c.body(stream, 200, headers);
  });

  /** Nothing more will happen: it has ended, it was deleted, or the service leaves. */
  function ended(id: string): boolean {
    if (service.closing) return true;
    const state = service.find(id)?.state;
    return state === undefined || hasEnded(state);
  }

  return app;
}

function eventText(kind: Kind, { seq, type, data }: JobEvent): string {
  const shown = type === "progress" ? JSON.stringify(PROGRESS_VIEWS[kind](JSON.parse(data))) : data;
  return `id: ${seq}\nevent: ${type}\ndata: ${shown}\n\n`;
}
