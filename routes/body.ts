/** Bodies of requests, read with an eye on their size and on the clock. */
import { Refusal } from "../lib/service/refusal.ts";
import type { Limits } from "../lib/service/limits.ts";
import type { Ctx } from "./context.ts";

/** The media type of a request's body, in small letters and without parameters. */
export function mediaType(c: Ctx): string {
  return (c.req.header("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
}

/**
 * Reads a whole body.
 *
 * @param accepted media types that will do
 * @throws Refusal when it is of another kind, too large, or too slow in coming
 */
export async function readBody(
  c: Ctx,
  { body_bytes, body_seconds }: Limits,
  accepted: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const given = mediaType(c), encoding = c.req.header("Content-Encoding") ?? "identity";
  if (!accepted.includes(given)) {
    const what = given === "" ? "says not what it is" : `is ${given}`;
    throw new Refusal("unsupported-media", `The body ${what}; send Content-Type: ${accepted.join(" or ")}.`);
  }
  if (encoding.toLowerCase() !== "identity") {
    throw new Refusal("unsupported-media", `The body is packed (${encoding}); send it as it is.`);
  }
  const tooLarge = new Refusal(
    "too-large",
    `The body has more than the ${body_bytes / 1e6} MB that are read.`,
  );
  if (Number(c.req.header("Content-Length") ?? 0) > body_bytes) throw tooLarge;
  const { body } = c.req.raw;
  if (body === null) return new Uint8Array();

  const reader = body.getReader(), pieces: Uint8Array[] = [];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new Refusal(
        "timeout",
        `The body took more than ${body_seconds} seconds to arrive; send it faster, or less.`,
      ),
    );
  }, 1000 * body_seconds);
  let size = 0;
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      size += value.length;
      if (size > body_bytes) throw tooLarge;
      pieces.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof Refusal) throw error;
    throw new Refusal("malformed", "The body broke off before its end.");
  } finally {
    clearTimeout(timer);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
