/** The API's description in OpenAPI 3.1, made of the same schemas that requests are checked with. */
import { z } from "zod";
import { idPattern } from "../lib/service/ids.ts";
import { datasetBodySchema, fitBodySchema } from "../lib/service/request.ts";
import { VERSION } from "../lib/version.ts";
import { columnsQuery, csvQuery, datasetsQuery } from "./datasets.ts";
import { fitsQuery, KEY, MOST_WAIT_SECONDS } from "./fits.ts";
import { problemSchema } from "./problem.ts";
import { DRAWS_FORMS, drawsQuery, summarySchema } from "./results.ts";
import { datasetSchema, fitDetailSchema, fitSchema, reviewSchema } from "./views.ts";

type Json = Record<string, unknown>;

const page = (item: z.ZodType) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable().describe("Null on the last page.") });

/** Named parts of the description. */
const SCHEMAS = {
  Fit: fitSchema,
  FitDetail: fitDetailSchema,
  FitPage: page(fitSchema),
  FitRequest: fitBodySchema,
  Summary: summarySchema,
  Dataset: datasetSchema,
  DatasetPage: page(datasetSchema),
  DatasetRequest: datasetBodySchema,
  DatasetWithReview: datasetSchema.extend({ review: reviewSchema }),
  Review: reviewSchema,
  Problem: problemSchema,
} satisfies Record<string, z.ZodType>;

type SchemaName = keyof typeof SCHEMAS;

function jsonSchema(schema: z.ZodType, io: "input" | "output" = "input"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

const ref = (name: SchemaName): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (name: SchemaName): Json => ({ "application/json": { schema: ref(name) } });
const answer = (description: string, content?: Json, headers?: Json): Json => ({
  description,
  ...(content === undefined ? {} : { content }),
  ...(headers === undefined ? {} : { headers }),
});
const problems = (...statuses: number[]): Json =>
  Object.fromEntries(statuses.map((status) => [String(status), { $ref: "#/components/responses/Problem" }]));
const text = (name: string, description: string): Json => ({
  [name]: { description, schema: { type: "string" } },
});

function queryOf(schema: z.ZodObject): Json[] {
  const { properties = {} } = jsonSchema(schema) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: "query",
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

const idOf = (kind: "fit" | "data"): Json => ({
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string", pattern: idPattern(kind) },
});

/** @param pattern left out where a value that is of another form is passed over */
const header = (name: string, description: string, pattern?: string): Json => ({
  name,
  in: "header",
  description,
  schema: { type: "string", ...(pattern === undefined ? {} : { pattern }) },
});

const WAIT = header(
  "Prefer",
  `wait=N holds the answer back until the fit has ended, for N seconds at most (and never over ${MOST_WAIT_SECONDS}).`,
);

const fitPaths: Json = {
  "/v1/fits": {
    post: {
      operationId: "sendFit",
      summary: "Send a fit",
      description:
        "Answers at once, before the fit runs, unless Prefer: wait=N says otherwise. The names and limits " +
        "of the body are those of the command line's options.",
      parameters: [
        header(
          "Idempotency-Key",
          "Names this request, so that it can be sent again without making a second fit; kept for 24 hours.",
          KEY.source,
        ),
        WAIT,
      ],
      requestBody: { required: true, content: json("FitRequest") },
      responses: {
        "200": answer("The fit has ended within the time of Prefer: wait.", json("FitDetail")),
        "202": answer("The fit is taken.", json("Fit"), text("Location", "Where the fit is.")),
        ...problems(400, 404, 408, 409, 413, 415, 422, 429, 503, 507),
      },
    },
    get: {
      operationId: "listFits",
      summary: "List fits, the newest first",
      parameters: queryOf(fitsQuery),
      responses: { "200": answer("A page of fits.", json("FitPage")), ...problems(422, 429) },
    },
  },
  "/v1/fits/{id}": {
    parameters: [idOf("fit")],
    get: {
      operationId: "getFit",
      summary: "Look at a fit",
      description: "With its result, the fit.json object of the command line, once there is one.",
      parameters: [WAIT],
      responses: { "200": answer("The fit.", json("FitDetail")), ...problems(404, 429) },
    },
    delete: {
      operationId: "deleteFit",
      summary: "Delete a fit that has ended, with its result",
      responses: { "204": answer("It is gone."), ...problems(404, 409, 429) },
    },
  },
  "/v1/fits/{id}/cancel": {
    parameters: [idOf("fit")],
    post: {
      operationId: "cancelFit",
      summary: "Cancel a fit",
      description:
        "Draws that are finished are kept, if they are enough to be judged. A fit that has ended stays as " +
        "it is.",
      responses: {
        "202": answer("The fit; running, it ends within seconds.", json("Fit")),
        ...problems(404, 429),
      },
    },
  },
  "/v1/fits/{id}/events": {
    parameters: [idOf("fit")],
    get: {
      operationId: "watchFit",
      summary: "Watch a fit",
      description:
        "Server-sent events: `state` at every change of state, `progress` at most twice a second, and a " +
        "comment every 15 seconds of silence. The stream ends when the fit has ended.",
      parameters: [header("Last-Event-ID", "Go on after this event.")],
      responses: {
        "200": answer("Events.", { "text/event-stream": { schema: { type: "string" } } }),
        "204": answer("The fit has ended and there are no events after the last."),
        ...problems(404, 429),
      },
    },
  },
  "/v1/fits/{id}/summary": {
    parameters: [idOf("fit")],
    get: {
      operationId: "getSummary",
      summary: "The parameters of a finished fit, in a table",
      responses: {
        "200": answer("The table.", { ...json("Summary"), "text/csv": { schema: { type: "string" } } }),
        ...problems(404, 406, 409, 429),
      },
    },
  },
  "/v1/fits/{id}/draws": {
    parameters: [idOf("fit")],
    get: {
      operationId: "getDraws",
      summary: "The draws of a finished fit",
      description: "CSV in the style of Stan's, or JSON as columns and rows, or an object a line.",
      parameters: queryOf(drawsQuery),
      responses: {
        "200": answer("The draws.", Object.fromEntries(DRAWS_FORMS.map((form) => [form, { schema: {} }]))),
        ...problems(404, 406, 409, 422, 429),
      },
    },
  },
};

const datasetPaths: Json = {
  "/v1/datasets": {
    post: {
      operationId: "sendDataset",
      summary: "Send a data set, to be looked at and fitted",
      description: "A CSV body takes the columns' parts from the query, a JSON body holds them itself.",
      parameters: queryOf(csvQuery),
      requestBody: {
        required: true,
        content: { ...json("DatasetRequest"), "text/csv": { schema: { type: "string" } } },
      },
      responses: {
        "201": answer("The data set, and what a look at it says.", json("DatasetWithReview")),
        ...problems(400, 408, 413, 415, 422, 429, 503, 507),
      },
    },
    get: {
      operationId: "listDatasets",
      summary: "List data sets, the newest first",
      parameters: queryOf(datasetsQuery),
      responses: { "200": answer("A page of data sets.", json("DatasetPage")), ...problems(422, 429) },
    },
  },
  "/v1/datasets/{id}": {
    parameters: [idOf("data")],
    get: {
      operationId: "getDataset",
      summary: "Look at a data set",
      responses: { "200": answer("The data set.", json("Dataset")), ...problems(404, 429) },
    },
    delete: {
      operationId: "deleteDataset",
      summary: "Delete a data set that no fit refers to",
      responses: { "204": answer("It is gone."), ...problems(404, 409, 429) },
    },
  },
  "/v1/datasets/{id}/review": {
    parameters: [idOf("data")],
    get: {
      operationId: "reviewDataset",
      summary: "What a look at a data set says",
      parameters: queryOf(columnsQuery),
      responses: { "200": answer("The review.", json("Review")), ...problems(404, 422, 429) },
    },
  },
};

const open = (summary: string, type: string, schema: Json): Json => ({
  get: { summary, security: [], responses: { "200": answer(summary, { [type]: { schema } }) } },
});

const servicePaths: Json = {
  "/healthz": open("Whether the service is alive", "application/json", { type: "object" }),
  "/readyz": {
    get: {
      summary: "Whether the service takes work",
      security: [],
      responses: {
        "200": answer("It does.", { "application/json": { schema: { type: "object" } } }),
        "503": answer("It is about to leave.", { "application/json": { schema: { type: "object" } } }),
      },
    },
  },
  "/metrics": {
    get: {
      summary: "Numbers for Prometheus",
      responses: {
        "200": answer("Numbers.", { "text/plain": { schema: { type: "string" } } }),
        ...problems(429),
      },
    },
  },
  "/openapi.json": open("This description", "application/json", { type: "object" }),
  "/docs": open("This description for people", "text/html", { type: "string" }),
};

/** The description; plain JSON. */
export function openApiDocument(): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "hillmix",
      version: VERSION,
      summary: "Fits of the Hill-mixture marketing mix model.",
      description: "Where the service was started with a token file, every path under /v1 needs a token.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, {}],
    paths: withUnauthorized({ ...fitPaths, ...datasetPaths, ...servicePaths }),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)]),
      ),
      responses: {
        Problem: answer("What is wrong and what to do (RFC 9457).", {
          "application/problem+json": { schema: ref("Problem") },
        }),
      },
    },
  };
}

/** Every operation that can ask for a token may also refuse one, and requests of other web pages. */
function withUnauthorized(paths: Json): Json {
  return Object.fromEntries(
    Object.entries(paths as Record<string, Record<string, Json>>).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [
          method,
          method === "parameters" || Array.isArray(operation.security)
            ? operation
            : { ...operation, responses: { ...operation.responses as Json, ...problems(401, 403) } },
        ]),
      ),
    ]),
  );
}
