/** Pieces that the API's description is put together from. */
import { z } from "zod";
import { type IdKind, idPattern } from "../lib/service/ids.ts";
import { messageSchema } from "../lib/service/webhooks/webhook.ts";
import { compareBodySchema, datasetBodySchema, fitBodySchema } from "../lib/service/request.ts";
import { compareDetailSchema, compareSchema } from "./compare.ts";
import { problemSchema } from "./problem.ts";
import { summarySchema } from "./results.ts";
import { datasetSchema, fitDetailSchema, fitSchema, reviewSchema } from "./views.ts";

export type Json = Record<string, unknown>;

const page = (item: z.ZodType) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable().describe("Null on the last page.") });

/** Named shapes of the description. */
const SCHEMAS = {
  Fit: fitSchema,
  FitDetail: fitDetailSchema,
  FitPage: page(fitSchema),
  FitRequest: fitBodySchema,
  Comparison: compareSchema,
  ComparisonDetail: compareDetailSchema,
  ComparisonPage: page(compareSchema),
  ComparisonRequest: compareBodySchema,
  Summary: summarySchema,
  Dataset: datasetSchema,
  DatasetPage: page(datasetSchema),
  DatasetRequest: datasetBodySchema,
  DatasetWithReview: datasetSchema.extend({ review: reviewSchema }),
  Review: reviewSchema,
  Problem: problemSchema,
  WebhookMessage: messageSchema,
} satisfies Record<string, z.ZodType>;

export type SchemaName = keyof typeof SCHEMAS;

export const schemas = (): Json =>
  Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)]));

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}

export const ref = (name: SchemaName): Json => ({ $ref: `#/components/schemas/${name}` });
export const json = (name: SchemaName): Json => ({ "application/json": { schema: ref(name) } });

/** One answer to a request. */
export const answer = (description: string, content?: Json, headers?: Json): Json => ({
  description,
  ...(content === undefined ? {} : { content }),
  ...(headers === undefined ? {} : { headers }),
});

/** Refusals by their statuses. */
export const problems = (...statuses: number[]): Json =>
  Object.fromEntries(statuses.map((status) => [String(status), { $ref: "#/components/responses/Problem" }]));

/** A header of an answer. */
export const text = (name: string, description: string): Json => ({
  [name]: { description, schema: { type: "string" } },
});

/** The parameters that a query's schema stands for. */
export function queryOf(schema: z.ZodObject): Json[] {
  const { properties = {} } = jsonSchema(schema) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: "query",
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** A part of the path. */
export const inPath = (name: string, schema: Json, description?: string): Json => ({
  name,
  in: "path",
  required: true,
  ...(description === undefined ? {} : { description }),
  schema: { type: "string", ...schema },
});

export const idOf = (kind: IdKind): Json => inPath("id", { pattern: idPattern(kind) });

/** A header of a request. @param pattern left out where a value that is of another form is passed over */
export const header = (name: string, description: string, pattern?: string): Json => ({
  name,
  in: "header",
  description,
  schema: { type: "string", ...(pattern === undefined ? {} : { pattern }) },
});
