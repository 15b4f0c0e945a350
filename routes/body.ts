/** Bodies of requests, read with an eye on their size, on the clock, and on the memory they take together. */
import type { Limits } from "../lib/service/limits.ts";
import { Refusal } from "../lib/service/refusal.ts";
import type { Ctx } from "./context.ts";

/** All bodies in memory together, in bodies of the largest size. */
const MOST_TOGETHER = 10;

/** The media type of a request's body, in small letters and without parameters. */
export function mediaType(c: Ctx): string {
  return (c.req.header("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
}

/** A body; its bytes count as held until it is disposed of. */
export interface Body extends Disposable {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads bodies within the limits, each client's and all together. */
export class BodyReader {
  readonly #limits: Limits;
  #held = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Reads a whole body.
   *
   * @param accepted media types that will do
   * @throws Refusal when it is of another kind, too large, too slow in coming, or one too many
   */
  async read(c: Ctx, accepted: readonly string[]): Promise<Body> {
    const { body_bytes: most, body_seconds: seconds } = this.#limits;
    refuseKind(c, accepted);
    const declared = Number(c.req.header("Content-Length") ?? 0);
    if (declared > most) throw tooLarge(most);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(tooSlow(seconds)), 1000 * seconds);
    const reader = c.req.raw.body?.getReader(), pieces: Uint8Array[] = [];
    let size = 0, released = false;
    const release = () => {
      if (!released) this.#held -= size;
      released = true;
    };
    try {
      while (reader !== undefined) {
        const { done, value } = await Promise.race([reader.read(), late.promise]);
        if (done) break;
        size += value.length;
        this.#held += value.length;
        if (size > most) throw tooLarge(most);
        if (this.#held > MOST_TOGETHER * most) {
          throw new Refusal(
            "limit",
            "Too many large bodies arrive at once; send it again in a moment.",
            [],
            5,
          );
        }
        pieces.push(value);
      }
    } catch (error) {
      release();
      reader?.cancel().catch(() => {});
      if (error instanceof Refusal) throw error;
      throw new Refusal("malformed", "The body broke off before its end.");
    } finally {
      clearTimeout(timer);
    }
    return { bytes: joined(pieces, size), [Symbol.dispose]: release };
  }
}

function refuseKind(c: Ctx, accepted: readonly string[]): void {
  const given = mediaType(c), encoding = c.req.header("Content-Encoding") ?? "identity";
  if (!accepted.includes(given)) {
    const what = given === "" ? "says not what it is" : `is ${given}`;
    throw new Refusal("unsupported-media", `The body ${what}; send Content-Type: ${accepted.join(" or ")}.`);
  }
  if (encoding.toLowerCase() !== "identity") {
    throw new Refusal("unsupported-media", `The body is packed (${encoding}); send it as it is.`);
  }
}

const tooLarge = (most: number) =>
  new Refusal("too-large", `The body has more than the ${most / 1e6} MB that are read.`);

const tooSlow = (seconds: number) =>
  new Refusal("timeout", `The body took more than ${seconds} seconds to arrive; send it faster, or less.`);

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
