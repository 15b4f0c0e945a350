/** What every route works with. */
import type { Context } from "hono";
import type { JobService } from "../lib/service/service.ts";
import type { Tokens } from "../lib/service/tokens.ts";
import type { Metrics } from "./metrics.ts";

/** Types of hono's context here. */
export interface Env {
  Bindings: { readonly remote: string };
  Variables: { owner: string };
}

export type Ctx = Context<Env>;

/** What the routes are over. */
export interface Site {
  readonly service: JobService;
  /** Undefined: nobody needs one, and every client is `local`. */
  readonly tokens: Tokens | undefined;
  /** Whether only this machine can reach the service. */
  readonly loopback: boolean;
  readonly metrics: Metrics;
}
