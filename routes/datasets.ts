/** Data sets: sent once, looked at, fitted many times. */
import { Hono } from "hono";
import { z } from "zod";
import { COLUMN_OPTIONS } from "../lib/commands/data_source.ts";
import { Refusal } from "../lib/service/refusal.ts";
import { columnFields, type ColumnWish } from "../lib/service/request.ts";
import { type BodyReader, mediaType } from "./body.ts";
import type { Ctx, Env, Site } from "./context.ts";
import { page, pageFields, pageOf, QUERY, readQuery } from "./query.ts";
import { datasetView, pathOfDataset } from "./views.ts";

/** Query that says which column plays which part; lists by commas. */
export const columnsQuery = z.strictObject(columnFields);

/** Query of a CSV body. */
export const csvQuery = columnsQuery.extend({
  name: z.string().min(1).max(120).optional().describe("What to call the data (default data)."),
});

export const datasetsQuery = z.strictObject(pageFields);

export function datasets({ service }: Site, bodies: BodyReader): Hono<Env> {
  const app = new Hono<Env>();

  app.post("/", async (c) => {
    using body = await bodies.read(c, ["application/json", "text/csv"]);
    const csv = mediaType(c) === "text/csv" ? csvOf(readQuery(c, csvQuery) as Query) : null;
    if (csv === null) refuseQuery(c);
    const { dataset, review } = await service.addDataset(c.get("owner"), body.bytes, csv);
    return c.json({ ...datasetView(dataset), review }, 201, { Location: pathOfDataset(dataset.id) });
  });

  app.get("/", (c) => {
    const { limit, before } = pageOf(readQuery(c, datasetsQuery));
    return c.json(page(service.datasets(c.get("owner"), before, limit + 1), limit, datasetView));
  });

  app.get("/:id", (c) => c.json(datasetView(service.dataset(c.get("owner"), c.req.param("id")))));

  app.get("/:id/review", async (c) => {
    const columns = columnsOf(readQuery(c, columnsQuery) as Query);
    return c.json(await service.review(c.get("owner"), c.req.param("id"), columns));
  });

  app.delete("/:id", async (c) => {
    await service.removeDataset(c.get("owner"), c.req.param("id"));
    return c.body(null, 204);
  });

  return app;
}

/** A JSON body holds what a CSV body leaves to the query. */
function refuseQuery(c: Ctx): void {
  const problems = Object.keys(c.req.queries()).map((name) => ({
    where: `${QUERY}, ${name}`,
    message: "stands beside a CSV body only; a JSON body holds it.",
  }));
  if (problems.length > 0) throw new Refusal("invalid", "The query cannot be used as it is.", problems);
}

function csvOf({ name = "data", ...columns }: Query) {
  return { name, columns: columnsOf(columns) };
}

type Query = Partial<Record<keyof typeof COLUMN_OPTIONS | "name", string>>;

function columnsOf(query: Query): ColumnWish {
  return Object.fromEntries(
    Object.entries(COLUMN_OPTIONS).flatMap(([name, { kind }]) => {
      const value = query[name as keyof Query];
      return value === undefined ? [] : [[name, kind === "list" ? value.split(",") : value]];
    }),
  );
}
