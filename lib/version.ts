/** The version of hillmix, written into every run. */
import config from "../deno.json" with { type: "json" };

export const VERSION: string = config.version;
