/** Names of what the service keeps. They are made here, never taken from a request, and never guessed. */
import type { Kind } from "./job.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567"; // RFC 4648 base 32, in small letters
const BITS = 130;

/** What a name may start with. */
export type IdKind = Kind | "data";

/** A new name of 130 random bits, such as `fit_` and 26 letters. */
export function newId(kind: IdKind): string {
  const random = crypto.getRandomValues(new Uint8Array(BITS / 5));
  return `${kind}_${Array.from(random, (byte) => LETTERS[byte & 31]).join("")}`;
}

/** What every name of a kind looks like, as a regular expression. */
export const idPattern = (kind: IdKind): string => `^${kind}_[a-z2-7]{26}$`;

/** Whether a text can be a name of that kind. */
export const isId = (kind: IdKind, text: string): boolean => new RegExp(idPattern(kind)).test(text);
