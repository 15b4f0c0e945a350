/** Errors as `application/problem+json` (RFC 9457): every one a sentence, never a stack trace. */
import { z } from "zod";
import type { Problem } from "../lib/errors.ts";
import { logError } from "../lib/service/log.ts";
import { Refusal, type RefusalKind } from "../lib/service/refusal.ts";
import { BODY } from "../lib/service/request.ts";
import type { Ctx } from "./context.ts";
import { QUERY } from "./query.ts";

const KINDS: Readonly<Record<RefusalKind, { readonly status: number; readonly title: string }>> = {
  malformed: { status: 400, title: "The request cannot be read" },
  unauthorized: { status: 401, title: "A token is needed" },
  forbidden: { status: 403, title: "Not from there" },
  "not-found": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "Not that way" },
  "not-acceptable": { status: 406, title: "Not in that form" },
  timeout: { status: 408, title: "The request took too long to arrive" },
  conflict: { status: 409, title: "Not now" },
  "key-in-use": { status: 409, title: "The first request is still being read" },
  "too-large": { status: 413, title: "Too much" },
  "unsupported-media": { status: 415, title: "Not that kind of body" },
  invalid: { status: 422, title: "Something in the request is wrong" },
  "key-reused": { status: 422, title: "The key belongs to another request" },
  limit: { status: 429, title: "Too many" },
  stopping: { status: 503, title: "The service is about to leave" },
  storage: { status: 507, title: "The disk is full" },
};

/** The body of every error. */
export const problemSchema = z.object({
  type: z.string().describe("Stands for the kind of problem: urn:hillmix:problem: and its name."),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe("What is wrong and what to do."),
  instance: z.string().optional().describe("Names one internal error, as the service's log does."),
  errors: z.array(z.object({
    path: z.string().describe("The field: data, spend, config.priors.sigma, ..."),
    row: z.int().optional().describe(
      "Row of the table: the line of CSV text, or the place in a list of rows, from 1.",
    ),
    column: z.string().optional(),
    value: z.string().optional(),
    message: z.string(),
  })).optional(),
});

type ProblemBody = z.output<typeof problemSchema>;

/** The answer to whatever a route threw. */
export function problemResponse(error: unknown): Response {
  if (error instanceof Refusal) {
    const { kind, message, problems, retryAfter } = error, { status, title } = KINDS[kind];
    const headers: Record<string, string> = {
      ...(retryAfter === undefined ? {} : { "Retry-After": String(Math.max(1, Math.ceil(retryAfter))) }),
      ...(kind === "unauthorized" ? { "WWW-Authenticate": 'Bearer realm="hillmix"' } : {}),
    };
    const errors = problems.length === 0 ? {} : { errors: problems.map(fieldError) };
    return respond({ type: typeOf(kind), title, status, detail: message, ...errors }, headers);
  }
  if (isDiskFull(error)) {
    logError("The disk is full", error);
    const { status, title } = KINDS.storage;
    const detail =
      "The service has no room on its disk for this; free some, or delete fits that are done with.";
    return respond({ type: typeOf("storage"), title, status, detail });
  }
  const instance = `urn:uuid:${crypto.randomUUID()}`;
  logError("A request ended with a fault", error, { instance });
  return respond({
    type: typeOf("internal"),
    title: "A fault of the service",
    status: 500,
    detail:
      "This is a fault of hillmix, not of your request; its log says more under the instance given here.",
    instance,
  });
}

export const notFound = (c: Ctx): Response =>
  problemResponse(new Refusal("not-found", `There is nothing at ${new URL(c.req.url).pathname}.`));

const typeOf = (kind: RefusalKind | "internal"): string => `urn:hillmix:problem:${kind}`;

function respond(body: ProblemBody, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}

/** A problem of the command line's kind as one of a field: `--spend` is `spend`, in places and in words. */
function fieldError({ where, message, ...rest }: Problem): NonNullable<ProblemBody["errors"]>[number] {
  return { path: pathOf(where), ...rest, message: asFields(message) };
}

/** `body, config, priors.sigma` is `config.priors.sigma`; all that is of no other place is of the data. */
function pathOf(where: string): string {
  const option = /^--([a-z]+)/.exec(where)?.[1];
  if (option !== undefined) return option;
  if (where === BODY || where === "the model") return "";
  if (where.startsWith(`${QUERY}, `)) return where.replaceAll(", ", ".");
  return where.startsWith(`${BODY}, `) ? where.slice(BODY.length + 2).replaceAll(", ", ".") : "data";
}

const asFields = (message: string): string => message.replaceAll(/"?--([a-z]+)"?/g, '"$1"');

/** SQLite's and the system's ways to say it. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errcode } = error as { errcode?: number };
  return errcode === 13 || /no space left|disk is full|disk quota|file too large/i.test(error.message);
}
