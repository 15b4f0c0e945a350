/** What the service declines to do, and why, in words for the client. */
import type { Problem } from "../errors.ts";

/** Kinds of refusal: HTTP makes a status and a title of each. */
export type RefusalKind =
  | "malformed"
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "method-not-allowed"
  | "not-acceptable"
  | "timeout"
  | "conflict"
  | "key-in-use"
  | "key-reused"
  | "too-large"
  | "unsupported-media"
  | "limit"
  | "stopping"
  | "storage";

/** Something the client asked for and does not get. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /**
   * @param detail one or two sentences: what is wrong, what to do
   * @param problems everything wrong with the input, where that is the reason
   * @param retryAfter seconds after which the same request may succeed
   */
  constructor(
    readonly kind: RefusalKind,
    detail: string,
    readonly problems: readonly Problem[] = [],
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
}
