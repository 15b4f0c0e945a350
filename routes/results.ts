/** What came out of a fit: the parameters in a table, and the draws. */
import { Hono } from "hono";
import { join } from "node:path";
import { z } from "zod";
import { formatCsv } from "../lib/data/csv.ts";
import { DRAWS_FILE } from "../lib/runs/directory.ts";
import { byteStream, csvText, jsonLinesText, jsonText, readDraws } from "../lib/service/draws_stream.ts";
import { hasEnded, type Job } from "../lib/service/job.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { Ctx, Env, Site } from "./context.ts";
import { negotiate, QUERY, readQuery, wholeNumber } from "./query.ts";

const SUMMARY_FORMS = ["application/json", "text/csv"] as const;
export const DRAWS_FORMS = ["text/csv", "application/json", "application/x-ndjson"] as const;

/** Query of the draws. */
export const drawsQuery = z.strictObject({
  columns: z.string().min(1).max(2000).optional().describe(
    "Names of columns, by commas; chain and draw are always there (default all).",
  ),
  thin: wholeNumber(1, 100_000).optional().describe("Take every n-th draw of a chain (default 1)."),
});

/** A parameter's line, and what goes with the table. */
export const summarySchema = z.object({
  id: z.string(),
  verdict: z.record(z.string(), z.unknown()),
  diagnostics: z.record(z.string(), z.unknown()),
  summary: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

export function results({ service }: Site): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/:id/summary", async (c) => {
    const job = finished(c), form = negotiate(c, SUMMARY_FORMS);
    const { verdict, diagnostics, summary } = (await service.result(job))!;
    if (form === "application/json") return c.json({ id: job.id, verdict, diagnostics, summary });
    const rows = summary as Record<string, string | number | null>[];
    const names = Object.keys(rows[0] ?? {});
    const text = formatCsv(names, rows.map((row) => names.map((name) => row[name] ?? "")));
    return c.body(text, 200, { "Content-Type": "text/csv; charset=utf-8" });
  });

  app.get("/:id/draws", async (c) => {
    const { id } = finished(c), form = negotiate(c, DRAWS_FORMS);
    const { columns, thin = 1 } = readQuery(c, drawsQuery);
    const ending = { "text/csv": "csv", "application/json": "json", "application/x-ndjson": "ndjson" }[form];
    const headers = {
      "Content-Type": form === "text/csv" ? "text/csv; charset=utf-8" : form,
      "Content-Disposition": `attachment; filename="${id}-draws.${ending}"`,
    };
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    const file = await Deno.open(join(service.files.run(id), DRAWS_FILE));
    const draws = await readDraws(file.readable, { columns: columns?.split(","), thin });
    if (draws === undefined) {
      const message = "names a column that the draws do not have; /summary lists the parameters.";
      throw new Refusal("invalid", "The query cannot be used as it is.", [{
        where: `${QUERY}, columns`,
        message,
      }]);
    }
    const texts = {
      "text/csv": csvText,
      "application/json": jsonText,
      "application/x-ndjson": jsonLinesText,
    };
    return c.body(byteStream(texts[form](draws)), 200, headers);
  });

  /** A job with a result. @throws Refusal when there is none (yet) */
  function finished(c: Ctx): Job {
    const job = service.job(c.get("owner"), c.req.param("id")!);
    if (job.verdict !== null) return job;
    throw hasEnded(job.state)
      ? new Refusal("not-found", `The fit ended without a result. ${job.error ?? ""}`.trim())
      : new Refusal("conflict", `The fit is ${job.state}; its result comes when it has ended.`);
  }

  return app;
}
