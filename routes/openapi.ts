/** The API's description in OpenAPI 3.1, made of the same schemas that requests are checked with. */
import { VERSION } from "../lib/version.ts";
import { columnsQuery, csvQuery, datasetsQuery } from "./datasets.ts";
import { jobPaths } from "./openapi_jobs.ts";
import { answer, idOf, type Json, json, problems, queryOf, ref, schemas } from "./openapi_parts.ts";

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
      summary: "Delete a data set that no fit or comparison refers to",
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
      summary: "Fits of the Hill-mixture marketing mix model, and comparisons of the methods that make them.",
      description: "Where the service was started with a token file, every path under /v1 needs a token.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, {}],
    paths: withUnauthorized({ ...jobPaths, ...datasetPaths, ...servicePaths }),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: schemas(),
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
