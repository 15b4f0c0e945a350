/**
 * Bearer tokens. A token is 256 random bits, so its plain SHA-256 cannot be turned back, and the file of them may be
 * read by others without harm: one line `name:hash` per client; empty lines and lines that begin with # do not count.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { InputError, type Problem } from "../errors.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const HASH = /^[0-9a-f]{64}$/;
const PREFIX = "hillmix_";

/** The tokens that are known. */
export class Tokens {
  readonly #known: readonly { readonly name: string; readonly hash: Uint8Array }[];

  constructor(known: readonly { readonly name: string; readonly hash: Uint8Array }[]) {
    this.#known = known;
  }

  /** Whose token this is. Takes as long for a wrong one as for a right one. */
  ownerOf(token: string): string | undefined {
    const hash = createHash("sha256").update(token).digest();
    let owner: string | undefined;
    for (const known of this.#known) if (timingSafeEqual(hash, known.hash)) owner = known.name;
    return owner;
  }
}

/**
 * Reads a token file's text.
 *
 * @param where what to call it in messages
 * @throws InputError with every line that is wrong, or when there is no token
 */
export function parseTokens(text: string, where: string): Tokens {
  const known = new Map<string, Uint8Array>();
  const problems: Problem[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const [name, hash] = line.trim().split(":");
    const fail = (message: string) => problems.push({ where, row: i + 1, message });
    if (!NAME.test(name) || !HASH.test(hash ?? "")) {
      fail('is not "name:hash"; make tokens with "serve --new-token NAME".');
    } else if (known.has(name)) fail(`the name ${name} occurs twice; give each token its own.`);
    else known.set(name, Uint8Array.fromHex(hash));
  });
  if (problems.length === 0 && known.size === 0) {
    problems.push({ where, message: 'holds no token; make one with "serve --new-token NAME".' });
  }
  if (problems.length > 0) throw new InputError(problems);
  return new Tokens([...known].map(([name, hash]) => ({ name, hash })));
}

/**
 * A new token, and the line for the file.
 *
 * @throws InputError if the name cannot be one
 */
export function newToken(name: string): { readonly token: string; readonly line: string } {
  if (!NAME.test(name)) {
    const message = "is no name for a token; use letters, digits, dots and dashes, 64 at most.";
    throw new InputError([{ where: "--new-token", value: name, message }]);
  }
  const token = PREFIX +
    crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
  return { token, line: `${name}:${createHash("sha256").update(token).digest("hex")}\n` };
}
