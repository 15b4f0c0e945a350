/** One POST to whoever a client named: where it goes is checked, and nothing that comes back is believed or kept. */
import { lookup } from "node:dns";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { hostOf, type Letter, NOT_THERE } from "./webhook.ts";

/** What came of a POST: the answer's status, or a sentence that says why there is none. */
export type Answer = { readonly status: number } | { readonly error: string };

/** How names become addresses; all of a name's at once. */
export type Resolver = (
  name: string,
  options: { all: true },
  callback: (error: Error | null, addresses: { address: string; family: number }[]) => void,
) => void;

/** What a test puts in the place of the world. */
export interface World {
  readonly resolve?: Resolver;
  /** Certificates of authorities, PEM, instead of the known ones. */
  readonly ca?: string;
}

/**
 * Sends a letter; follows no redirect, reads no more than the head of the answer. Never rejects.
 *
 * @param allowed whether an address may be connected to. A name is resolved once, and the connection goes to an address
 *   that was checked, so that it does not matter what the name leads to a moment later; its certificate is still held
 *   to the name.
 * @param limitMs time for all of it
 */
export async function post(
  { url, headers, body }: Letter,
  allowed: (address: string) => boolean,
  limitMs: number,
  { resolve = lookup, ca }: World = {},
): Promise<Answer> {
  const target = new URL(url), host = hostOf(target);
  if (isIP(host) !== 0 && !allowed(host)) return FORBIDDEN; // no look-up is made of it
  const { promise, resolve: end } = Promise.withResolvers<Answer>();
  let request: http.ClientRequest | undefined;
  const late = setTimeout(() => {
    end({ error: `The receiver did not answer within ${limitMs / 1000} seconds.` });
    request?.destroy();
  }, limitMs);
  try {
    request = (target.protocol === "https:" ? https : http).request(target, {
      method: "POST",
      headers: { ...headers, "Content-Length": new TextEncoder().encode(body).length },
      agent: false, // a connection of its own
      rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
      lookup: checked(resolve, allowed),
      ...(ca === undefined ? {} : { ca }),
    }, (response) => {
      end({ status: response.statusCode! });
      response.destroy();
    });
    request.on("error", (error) => end(unreached(error)));
    request.on("close", () => end({ error: "The receiver closed the connection without an answer." }));
    request.end(body);
    return await promise;
  } catch (error) {
    return unreached(error);
  } finally {
    clearTimeout(late);
  }
}

/** A look-up whose answer holds allowed addresses alone. */
function checked(resolve: Resolver, allowed: (address: string) => boolean): LookupFunction {
  return (name, { all }, callback) =>
    resolve(name, { all: true }, (error, found) => {
      const usable = error === null ? found.filter(({ address }) => allowed(address)) : [];
      if (error !== null) callback(error, []);
      else if (usable.length === 0) callback(new Forbidden(), []);
      else if (all) callback(null, usable);
      else callback(null, usable[0].address, usable[0].family);
    });
}

class Forbidden extends Error {}

const FORBIDDEN: Answer = { error: `The address ${NOT_THERE}` };

function unreached(error: unknown): Answer {
  if (error instanceof Forbidden) return FORBIDDEN;
  const { code, message } = error as NodeJS.ErrnoException;
  return { error: `The receiver could not be reached (${code ?? message}).` };
}
