/** The paths of fits and comparisons, which differ in their words and in what comes of them. */
import type { z } from "zod";
import { type Kind, NOUNS } from "../lib/service/job.ts";
import { compareQuery } from "./compare.ts";
import { fitsQuery } from "./fits.ts";
import { KEY, MOST_WAIT_SECONDS } from "./jobs.ts";
import {
  answer,
  header,
  idOf,
  inPath,
  type Json,
  json,
  problems,
  queryOf,
  type SchemaName,
  text,
} from "./openapi_parts.ts";
import { DRAWS_FORMS, drawsQuery } from "./results.ts";

/** What sets a kind's description apart. */
interface Words {
  readonly kind: Kind;
  readonly path: string;
  /** End of the operations' names: `sendFit`. */
  readonly name: "Fit" | "Comparison";
  readonly query: z.ZodObject;
  /** What the body holds. */
  readonly body: string;
  /** What a result is. */
  readonly result: string;
  /** What cancel keeps. */
  readonly kept: string;
  /** What `progress` events tell. */
  readonly progress: string;
}

const FIT: Words = {
  kind: "fit",
  path: "/v1/fits",
  name: "Fit",
  query: fitsQuery,
  body: "The names and limits of the body are those of the command line's options.",
  result: "With its result, the fit.json object of the command line, once there is one.",
  kept: "Draws that are finished are kept, if they are enough to be judged.",
  progress: "",
};

const COMPARISON: Words = {
  kind: "compare",
  path: "/v1/compare",
  name: "Comparison",
  query: compareQuery,
  body:
    "Fits the data by several methods, one after another, and holds the answers to each other. The names and limits " +
    "of the body are those of the options of `compare`.",
  result:
    "With its result, the compare.json object of the command line, and where the fit of each method is.",
  kept:
    "Methods that are done are kept, and so are the draws of the one at work, if they are enough to be judged.",
  progress: " of the method at work and of all methods",
};

/** @param words of the kind */
function pathsOf({ kind, path, name, query, body, result, kept, progress }: Words): Json {
  const noun = NOUNS[kind], schema: SchemaName = name, detail: SchemaName = `${name}Detail`;
  const wait = header(
    "Prefer",
    `wait=N holds the answer back until the ${noun} has ended, for N seconds at most (and never over ` +
      `${MOST_WAIT_SECONDS}).`,
  );
  return {
    [path]: {
      post: {
        operationId: `send${name}`,
        summary: `Send a ${noun}`,
        description:
          `Answers at once, before the ${noun} runs, unless Prefer: wait=N says otherwise. ${body}`,
        parameters: [
          header(
            "Idempotency-Key",
            `Names this request, so that it can be sent again without making a second ${noun}; kept for 24 hours.`,
            KEY.source,
          ),
          wait,
        ],
        requestBody: { required: true, content: json(`${name}Request`) },
        responses: {
          "200": answer(`The ${noun} has ended within the time of Prefer: wait.`, json(detail)),
          "202": answer(
            `The ${noun} is taken.`,
            json(schema),
            text("Location", `Where the ${noun} is.`),
          ),
          ...problems(400, 404, 408, 409, 413, 415, 422, 429, 503, 507),
        },
        callbacks: { ended: webhookOf(noun) },
      },
      get: {
        operationId: `list${name}s`,
        summary: `List ${noun}s, the newest first`,
        parameters: queryOf(query),
        responses: { "200": answer(`A page of ${noun}s.`, json(`${name}Page`)), ...problems(422, 429) },
      },
    },
    [`${path}/{id}`]: {
      parameters: [idOf(kind)],
      get: {
        operationId: `get${name}`,
        summary: `Look at a ${noun}`,
        description: result,
        parameters: [wait],
        responses: { "200": answer(`The ${noun}.`, json(detail)), ...problems(404, 429) },
      },
      delete: {
        operationId: `delete${name}`,
        summary: `Delete a ${noun} that has ended, with its result`,
        responses: { "204": answer("It is gone."), ...problems(404, 409, 429) },
      },
    },
    [`${path}/{id}/cancel`]: {
      parameters: [idOf(kind)],
      post: {
        operationId: `cancel${name}`,
        summary: `Cancel a ${noun}`,
        description: `${kept} A ${noun} that has ended stays as it is.`,
        responses: {
          "202": answer(`The ${noun}; running, it ends within seconds.`, json(schema)),
          ...problems(404, 429),
        },
      },
    },
    [`${path}/{id}/events`]: {
      parameters: [idOf(kind)],
      get: {
        operationId: `watch${name}`,
        summary: `Watch a ${noun}`,
        description:
          `Server-sent events: \`state\` at every change of state, \`progress\`${progress} at most twice a second, and ` +
          `a comment every 15 seconds of silence. The stream ends when the ${noun} has ended.`,
        parameters: [header("Last-Event-ID", "Go on after this event.")],
        responses: {
          "200": answer("Events.", { "text/event-stream": { schema: { type: "string" } } }),
          "204": answer(`The ${noun} has ended and there are no events after the last.`),
          ...problems(404, 429),
        },
      },
    },
  };
}

/** What the service sends to `webhook.url` of a request. */
const webhookOf = (noun: string): Json => ({
  "{$request.body#/webhook/url}": {
    post: {
      summary: `The ${noun} has ended`,
      description:
        "Sent until it is taken, at growing pauses, and signed with the client's secret (Standard Webhooks).",
      security: [],
      parameters: [
        header("webhook-id", `The ${noun}'s id, the same whenever it is sent again.`),
        header("webhook-timestamp", "Of this try, seconds since 1970."),
        header("webhook-signature", "v1, and the base64 HMAC-SHA256 of id.timestamp.body."),
      ],
      requestBody: { required: true, content: json("WebhookMessage") },
      responses: {
        "2XX": answer("It is taken."),
        "410": answer("It is not wanted; it is not sent again."),
        default: answer("It is sent again; redirects are not followed."),
      },
    },
  },
});

/** Summary and draws of a run. @param of as in "of a finished fit" */
function resultsOf(path: string, parameters: readonly Json[], names: string, of: string): Json {
  return {
    [`${path}/summary`]: {
      parameters,
      get: {
        operationId: `get${names}Summary`,
        summary: `The parameters ${of}, in a table`,
        responses: {
          "200": answer("The table.", { ...json("Summary"), "text/csv": { schema: { type: "string" } } }),
          ...problems(404, 406, 409, 429),
        },
      },
    },
    [`${path}/draws`]: {
      parameters,
      get: {
        operationId: `get${names}Draws`,
        summary: `The draws ${of}`,
        description: "CSV in the style of Stan's, or JSON as columns and rows, or an object a line.",
        parameters: queryOf(drawsQuery),
        responses: {
          "200": answer("The draws.", Object.fromEntries(DRAWS_FORMS.map((form) => [form, { schema: {} }]))),
          ...problems(404, 406, 409, 422, 429),
        },
      },
    },
  };
}

const RUN = inPath("run", {}, "The run's name in compare.json: `nuts-none`.");

export const jobPaths: Json = {
  ...pathsOf(FIT),
  ...resultsOf("/v1/fits/{id}", [idOf("fit")], "", "of a finished fit"),
  ...pathsOf(COMPARISON),
  ...resultsOf(
    "/v1/compare/{id}/runs/{run}",
    [idOf("compare"), RUN],
    "Method",
    "of one method of a comparison",
  ),
};
