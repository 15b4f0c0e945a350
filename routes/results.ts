/** What came out of a fit, or of one method of a comparison: the parameters in a table, and the draws. */
import { Hono } from "hono";
import { join } from "node:path";
import { z } from "zod";
import { formatCsv } from "../lib/data/csv.ts";
import { DRAWS_FILE } from "../lib/runs/directory.ts";
import { byteStream, csvText, jsonLinesText, jsonText, readDraws } from "../lib/service/draws_stream.ts";
import type { CompareReport } from "../lib/runs/compare.ts";
import { hasEnded, type JobOf, type Kind, NOUNS } from "../lib/service/job.ts";
import { Refusal } from "../lib/service/refusal.ts";
import { readResult, type Result } from "../lib/service/results.ts";
import type { JobService } from "../lib/service/service.ts";
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

/** The result of a fit. */
export function fitResults({ service }: Site): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/:id/summary", async (c) => {
    const job = finished(service, c, "fit");
    return summaryAnswer(c, job.id, (await service.result(job))!);
  });

  app.get("/:id/draws", (c) => {
    const { id } = finished(service, c, "fit");
    return drawsAnswer(c, id, service.files.run(id));
  });

  return app;
}

/** The results of a comparison's methods. */
export function methodResults({ service }: Site): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/:id/runs/:run/summary", async (c) => {
    const { id, directory } = await runOf(c);
    return summaryAnswer(c, id, (await readResult("fit", directory))!);
  });

  app.get("/:id/runs/:run/draws", async (c) => {
    const { id, run, directory } = await runOf(c);
    return await drawsAnswer(c, `${id}-${run}`, directory);
  });

  /** A run by the name that the comparison has for it, never by that of the path. */
  async function runOf(c: Ctx) {
    const job = finished(service, c, "compare"), wanted = c.req.param("run");
    const { methods } = await service.result(job) as Pick<CompareReport, "methods">;
    const run = methods.find((row) => row.run === wanted)?.run ?? null;
    if (run === null) {
      throw new Refusal("not-found", "The comparison has no such run; its runs name those that it has.");
    }
    return { id: job.id, run, directory: join(service.files.run(job.id), run) };
  }

  return app;
}

/** A job with a result. @throws Refusal when there is none (yet) */
function finished<K extends Kind>(service: JobService, c: Ctx, kind: K): JobOf<K> {
  const job = service.job(kind, c.get("owner"), c.req.param("id")!), noun = NOUNS[kind];
  if (job.verdict !== null) return job;
  throw hasEnded(job.state)
    ? new Refusal("not-found", `The ${noun} ended without a result. ${job.error ?? ""}`.trim())
    : new Refusal("conflict", `The ${noun} is ${job.state}; its result comes when it has ended.`);
}

function summaryAnswer(c: Ctx, id: string, { verdict, diagnostics, summary }: Result): Response {
  const form = negotiate(c, SUMMARY_FORMS);
  if (form === "application/json") return Response.json({ id, verdict, diagnostics, summary });
  const rows = summary as Record<string, string | number | null>[];
  const names = Object.keys(rows[0] ?? {});
  const text = formatCsv(names, rows.map((row) => names.map((name) => row[name] ?? "")));
  return c.body(text, 200, { "Content-Type": "text/csv; charset=utf-8" });
}

/** @param name of the file that a browser makes of it, to which its form is added */
async function drawsAnswer(c: Ctx, name: string, directory: string): Promise<Response> {
  const form = negotiate(c, DRAWS_FORMS);
  const { columns, thin = 1 } = readQuery(c, drawsQuery);
  const ending = { "text/csv": "csv", "application/json": "json", "application/x-ndjson": "ndjson" }[form];
  const headers = {
    "Content-Type": form === "text/csv" ? "text/csv; charset=utf-8" : form,
    "Content-Disposition": `attachment; filename="${name}-draws.${ending}"`,
  };
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  const file = await Deno.open(join(directory, DRAWS_FILE));
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
}
