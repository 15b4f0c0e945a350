/**
 * How fast Stan computes gradients on the same model. Every choice goes Stan's way: the fastest spelling of the
 * likelihood found, -O3, compilation and R's start-up left out.
 */
import { z } from "zod";
import { type PeerResult, runPeer } from "./peer_process.ts";
import { stanProgram } from "./peer_programs.ts";

/** What to time. Everything may be left to `stan/gradients.R`. */
export interface StanGradientOptions {
  /** T, 200 unless given. */
  readonly rows?: number;
  /** K, 3 unless given. */
  readonly components?: number;
  /** Processes at a time, one a core; all cores unless given. */
  readonly cores?: number;
  /** About how long each core is kept busy, each way; 3 unless given. */
  readonly seconds?: number;
  readonly seed?: number;
}

const count = z.int().nonnegative();

const gradientSchema = z.object({
  rows: count,
  components: count,
  cores: count,
  way: z.string().describe("How the gradients were timed."),
  gradients_per_s_per_core: z.number().positive().describe(
    "Mean over cores, all of them busy; processor seconds.",
  ),
  gradients_per_s: z.number().positive().describe("All cores together."),
  us_per_gradient: z.number().positive().describe("Microseconds on one core."),
  r_loop_gradients_per_s_per_core: z.number().positive().describe(
    "Through R's grad_log_prob, for comparison.",
  ),
  rstan: z.string(),
});

/** How fast Stan computes gradients of the log posterior. */
export type StanGradients = z.output<typeof gradientSchema>;

/**
 * Times Stan's gradient on simulated data, on all cores at once.
 *
 * @param program the R script runner
 */
export function stanGradients(
  options: StanGradientOptions = {},
  program = "Rscript",
): Promise<PeerResult<StanGradients>> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runPeer({ ...stanProgram("gradients.R", words), program }, null, gradientSchema);
}
