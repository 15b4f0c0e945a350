/** Who may ask, from where, and how often; and the headers that tell browsers to be careful with the answers. */
import type { MiddlewareHandler } from "hono";
import { type Limits, TokenBuckets } from "../lib/service/limits.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { Ctx, Env, Site } from "./context.ts";

/** The only client where nobody needs a token. */
export const LOCAL = "local";
/** Wrong tokens that one address may try. */
const WRONG_PER_SECOND = 1, WRONG_BURST = 20;

/** Nothing from elsewhere: neither scripts nor styles nor connections. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Headers of every answer. What is computed for one client is for no cache. */
export const securityHeaders: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Turns away what other web pages send through a visitor's browser: a name of theirs that leads to this machine (DNS
 * rebinding), and requests of theirs that change something.
 */
export function sameSite({ loopback }: Pick<Site, "loopback">): MiddlewareHandler<Env> {
  return async (c, next) => {
    const host = c.req.header("Host") ?? new URL(c.req.url).host, origin = c.req.header("Origin");
    if (loopback && !LOOPBACK_HOST.test(host)) {
      throw new Refusal("forbidden", "This service answers to localhost only; ask it under that name.");
    }
    const site = c.req.header("Sec-Fetch-Site") ?? "none";
    const foreign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
    const safe = c.req.method === "GET" || c.req.method === "HEAD";
    if (!safe && (foreign || !["none", "same-origin"].includes(site))) {
      throw new Refusal("forbidden", "Requests from other web pages are not answered.");
    }
    await next();
  };
}

/** Finds out whose request it is, and holds each client to its rate. */
export function clients({ tokens }: Pick<Site, "tokens">, limits: Limits): MiddlewareHandler<Env> {
  const rates = new TokenBuckets(limits.requests_per_second, limits.burst);
  const wrong = new TokenBuckets(WRONG_PER_SECOND, WRONG_BURST);
  return async (c, next) => {
    let owner: string | undefined = LOCAL;
    if (tokens !== undefined) {
      const token = bearer(c);
      owner = token === undefined ? undefined : tokens.ownerOf(token);
      if (owner === undefined) {
        const seconds = wrong.take(c.env.remote);
        if (seconds > 0) throw new Refusal("limit", "Too many requests without a valid token.", [], seconds);
        throw new Refusal("unauthorized", "Send a valid token: Authorization: Bearer <token>.");
      }
    }
    const seconds = rates.take(owner);
    if (seconds > 0) {
      const detail = `More than ${limits.requests_per_second} requests a second; send them more slowly.`;
      throw new Refusal("limit", detail, [], seconds);
    }
    c.set("owner", owner);
    await next();
  };
}

function bearer(c: Ctx): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(c.req.header("Authorization") ?? "")?.[1];
}

/** Lets each client hold only so many answers open. */
export class OpenAnswers {
  readonly #open = new Map<string, number>();

  constructor(readonly most: number) {}

  /** @throws Refusal when there is no room; dispose of what it returns when the answer is through */
  take(owner: string): Disposable {
    const open = this.#open.get(owner) ?? 0;
    if (open >= this.most) {
      throw new Refusal(
        "limit",
        `${open} event streams and waiting requests of yours are open; close some.`,
        [],
        5,
      );
    }
    this.#open.set(owner, open + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const left = this.#open.get(owner)! - 1;
        if (left > 0) this.#open.set(owner, left);
        else this.#open.delete(owner);
      },
    };
  }
}
