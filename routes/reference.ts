/** The API described, for programs and for people. The page is made here and needs nothing from elsewhere. */
import { Hono } from "hono";
import type { Env } from "./context.ts";
import { openApiDocument } from "./openapi.ts";
import { referencePage, STYLE } from "./reference_page.ts";

export function reference(): Hono<Env> {
  const app = new Hono<Env>(), description = openApiDocument();
  const json = JSON.stringify(description, null, 2), html = referencePage(description);
  const fixed = { "Cache-Control": "no-cache" };
  app.get("/openapi.json", (c) => c.body(json, 200, { "Content-Type": "application/json", ...fixed }));
  app.get("/docs", (c) => c.body(html, 200, { "Content-Type": "text/html; charset=utf-8", ...fixed }));
  app.get("/docs.css", (c) => c.body(STYLE, 200, { "Content-Type": "text/css; charset=utf-8", ...fixed }));
  return app;
}
