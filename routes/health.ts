/** Whether the service is alive, whether it takes work, and its numbers. */
import { Hono } from "hono";
import { VERSION } from "../lib/version.ts";
import type { Env, Site } from "./context.ts";

export function health({ service }: Site): Hono<Env> {
  const app = new Hono<Env>();
  app.get("/healthz", (c) => c.json({ status: "ok", hillmix: VERSION }));
  app.get("/readyz", (c) => {
    if (service.closing) return c.json({ status: "leaving", engine: null }, 503);
    const { engine } = service;
    return c.json({ status: "ready", engine: engine === undefined ? null : engine });
  });
  return app;
}

export function metrics({ service, metrics }: Site): Hono<Env> {
  const app = new Hono<Env>();
  app.get("/", (c) => c.body(metrics.text(service), 200, { "Content-Type": "text/plain; version=0.0.4" }));
  return app;
}
