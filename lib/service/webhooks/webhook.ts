/**
 * A webhook: what a client asks for, what the receiver is told when the job has ended, and how that is signed, as
 * Standard Webhooks 1.0.0 has it (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).
 */
import { createHmac } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { VERSION } from "../../version.ts";
import { mayReach, type Reach } from "./addresses.ts";
import { type Job, KINDS, pathOfJob, STATES } from "../job.ts";

/** A job's `webhook`. */
export const webhookSchema = z.strictObject({
  url: z.string().max(2000).describe(
    "Where to POST; https, unless the service sends webhooks into private networks.",
  ).meta({ format: "uri" }),
});
export type Webhook = z.output<typeof webhookSchema>;

/** How a delivery stands; the last two are ends. */
export const DELIVERY_STATES = ["waiting", "pending", "delivered", "failed"] as const;

/** A job's `webhook` as clients see it. */
export const deliverySchema = z.object({
  state: z.enum(DELIVERY_STATES).describe(
    "Waiting for the job to end; pending while a try is to come; failed when no more will be made.",
  ),
  tries: z.int(),
  last_error: z.string().nullable().describe("Why the last try was not taken."),
});
export type DeliveryView = z.output<typeof deliverySchema>;

/** What a receiver is sent: what became of the job, and where to ask for more; no draws, no data. */
export const messageSchema = z.object({
  type: z.enum(KINDS.map((kind) => `${kind}.ended` as const)),
  timestamp: z.string().describe("When the job ended; ISO 8601, UTC.").meta({ format: "date-time" }),
  data: z.object({
    id: z.string(),
    kind: z.enum(KINDS),
    state: z.enum(STATES).exclude(["queued", "running"]),
    verdict: z.enum(["pass", "review", "fail"]).nullable().describe("Null where there is no result."),
    partial: z.boolean().nullable().describe("Whether the result is of fewer draws than asked for."),
    links: z.object({ self: z.string().describe("Where the job is, on the service that ran it.") }),
  }),
});

/** What is wrong with a webhook's address, a sentence without its subject; undefined if nothing is. */
export function urlProblem(text: string, reach: Reach): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return "is no web address; give one such as https://example.com/hook.";
  }
  if (url.username !== "" || url.password !== "") {
    return "holds a user name or a password; leave them out, and check the signature instead.";
  }
  // Anyone on the way could read an unencrypted one.
  if (url.protocol === "http:" && reach === "public") return "is not encrypted; give one with https://.";
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayReach(host, reach)) return NOT_THERE;
  return undefined;
}

/** Said of addresses before they are tried, and of names once it is known where they lead. */
export const NOT_THERE = "leads to this machine, to a private network or to a reserved address, where this " +
  "service sends no webhooks; give another one.";

/** A name, or an address without the brackets of IPv6. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** One POST. */
export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What to send of a job that has ended. Its id, which receivers know a message sent twice by, is the job's: a job ends
 * once.
 *
 * @param key of the service, see {@link "./key.ts"}
 * @param now ms since 1970
 */
export function letterOf(job: Job, key: Uint8Array, now: number): Letter {
  const { id, kind, state, ended, verdict, partial, owner, request } = job;
  const body = JSON.stringify({
    type: `${kind}.ended`,
    timestamp: new Date(ended!).toISOString(),
    data: { id, kind, state, verdict, partial, links: { self: pathOfJob(job) } },
  });
  const seconds = Math.floor(now / 1000);
  return {
    url: request.webhook!.url,
    headers: {
      "Content-Type": "application/json",
      "User-Agent": `hillmix/${VERSION}`,
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": sign(secretOf(key, owner), id, seconds, body),
    },
    body,
  };
}

const PREFIX = "whsec_";

/** A client's secret, from the service's key: no client can make signatures of another's. */
export function secretOf(key: Uint8Array, owner: string): string {
  return PREFIX + createHmac("sha256", key).update(`webhooks of ${owner}`).digest("base64");
}

/** @param secret `whsec_` and base64 */
export function sign(secret: string, id: string, seconds: number, body: string): string {
  const key = Uint8Array.fromBase64(secret.slice(PREFIX.length));
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}
