/** Queries, headers and pages: small things that several routes read. */
import { z } from "zod";
import type { Problem } from "../lib/errors.ts";
import { schemaProblems } from "../lib/model/schema_problems.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { Ctx } from "./context.ts";

/** What the query as a whole is called in problems. */
export const QUERY = "query";

const refuse = (problems: readonly Problem[]) =>
  new Refusal("invalid", "The query cannot be used as it is.", problems);

/** Reads a query by a schema of texts. @throws Refusal with every problem */
export function readQuery<S extends z.ZodObject>(c: Ctx, schema: S): z.output<S> {
  const all = c.req.queries();
  const twice = Object.entries(all).filter(([, values]) => values.length > 1).map(([name]) => name);
  if (twice.length > 0) {
    const problems = twice.map((where) => ({
      where: `${QUERY}, ${where}`,
      message: "is given more than once; give it once.",
    }));
    throw refuse(problems);
  }
  const query = Object.fromEntries(Object.entries(all).map(([name, [value]]) => [name, value]));
  const result = schema.safeParse(query, { reportInput: true });
  if (result.success) return result.data;
  throw refuse(schemaProblems(result.error, schema, query, QUERY));
}

/** A whole number written in a query. */
export const wholeNumber = (min: number, max: number) =>
  z.string().regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`).transform(Number).pipe(
    z.int().min(min).max(max),
  ).meta({ type: "integer", minimum: min, maximum: max });

/** Query of every list. */
export const pageFields = {
  limit: wholeNumber(1, 100).optional().describe("How many at most (default 20)."),
  cursor: z.string().regex(/^[A-Za-z0-9_-]{1,24}$/).optional().describe(
    "Where to go on: next_cursor of the page before.",
  ),
};

const PAGE = 20;

/** The part of a query that says which page is wanted. */
export interface Page {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Which page is wanted; one more than fits is fetched to see whether there is another. */
export function pageOf({ limit = PAGE, cursor }: Page) {
  return { limit, before: cursor === undefined ? undefined : readCursor(cursor) };
}

/** A page as it is sent. */
export function page<T extends { readonly seq: number }, V>(
  found: readonly T[],
  limit: number,
  view: (one: T) => V,
) {
  const items = found.slice(0, limit), last = items.at(-1);
  return {
    items: items.map(view),
    next_cursor: found.length > limit && last !== undefined ? writeCursor(last.seq) : null,
  };
}

const CURSOR = { alphabet: "base64url", omitPadding: true } as const;

const writeCursor = (seq: number): string => new TextEncoder().encode(`s${seq}`).toBase64(CURSOR);

function readCursor(cursor: string): number {
  let text = "";
  try {
    text = new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: "base64url" }));
  } catch {
    // Not one of ours, as below.
  }
  const [, seq] = /^s(\d{1,15})$/.exec(text) ?? [];
  if (seq === undefined) {
    const message = "is no next_cursor of a page; leave it out to begin with the first.";
    throw refuse([{ where: `${QUERY}, cursor`, message }]);
  }
  return Number(seq);
}

/**
 * The first of the forms on offer that the client likes best (RFC 9110, 12.5.1).
 *
 * @throws Refusal when it likes none
 */
export function negotiate<T extends string>(c: Ctx, offered: readonly T[]): T {
  const header = c.req.header("Accept") ?? "*/*";
  const ranges = header.split(",").map((part) => {
    const [range, ...parameters] = part.trim().toLowerCase().split(";").map((each) => each.trim());
    const q = parameters.find((each) => each.startsWith("q="))?.slice(2);
    return { range, q: q === undefined ? 1 : Number(q) || 0 };
  });
  const quality = (type: string) => {
    const fits = [type, `${type.split("/")[0]}/*`, "*/*"].map((range) =>
      ranges.find((each) => each.range === range)
    );
    return fits.find((each) => each !== undefined)?.q ?? 0;
  };
  const best = offered.map((type) => ({ type, q: quality(type) })).reduce((a, b) => b.q > a.q ? b : a);
  if (best.q > 0) return best.type;
  throw new Refusal("not-acceptable", `This can be had as ${offered.join(", ")}; Accept one of them.`);
}

/** Seconds of `Prefer: wait=N` (RFC 7240), at most `most`; undefined where it is not asked for. */
export function preferredWait(c: Ctx, most: number): number | undefined {
  const [, seconds] =
    /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(c.req.header("Prefer") ?? "") ?? [];
  return seconds === undefined ? undefined : Math.min(Number(seconds), most);
}
