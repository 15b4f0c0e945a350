/**
 * Runs the peers that hillmix is measured against: Stan's NUTS on the same model (`stan/*.stan`), through R.
 *
 * To install it on Debian or Ubuntu, as root:
 *
 *     apt-get install r-base-core r-cran-rstan r-cran-posterior r-cran-loo r-cran-jsonlite libboost-dev
 *     mkdir -p /usr/lib/R/site-library/BH && ln -sfn /usr/include /usr/lib/R/site-library/BH/include
 *
 * rstan looks for the Boost headers in an R package BH, which Debian has only as libboost-dev: hence the link.
 * Compiling a program takes about 40 s, once; it is kept in `hillmix-stan` in the temporary folder.
 *
 * Every choice goes Stan's way: the fastest spelling of the likelihood found, -O3, standardised data, the
 * non-centred coordinates, compilation and R's start-up left out of every time.
 */
import { z } from "zod";

/** A peer's answer, or why there is none. */
export type PeerResult<T> =
  | { readonly value: T; readonly why?: undefined }
  | { readonly value: undefined; readonly why: string };

/** What to fit. Everything but `csv` and `components` may be left to `stan/fit.R`. */
export interface StanFitOptions {
  /** Path of a table with a header. */
  readonly csv: string;
  /** K. */
  readonly components: number;
  /** Column names, `spend` and `y` unless given. */
  readonly spend?: string;
  readonly target?: string;
  /** Share of the rows, from the first on, to train on; 1 unless given. */
  readonly share?: number;
  /** 4 unless given. */
  readonly chains?: number;
  /** Iterations per chain spent on adaptation; 1000 unless given. */
  readonly warmup?: number;
  /** Draws kept per chain; 1000 unless given. */
  readonly draws?: number;
  /** Target acceptance; 0.9 unless given. */
  readonly delta?: number;
  readonly seed?: number;
  /** Chains at a time; all cores unless given. */
  readonly cores?: number;
}

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
const seconds = z.number().nonnegative();
/** null where a quantity never moved, so that R-hat and ESS do not exist. */
const diagnostic = z.number().nullable();

const fitSchema = z.object({
  rows: count.describe("Training rows."),
  components: count,
  chains: count,
  warmup: count,
  draws: count.describe("Per chain."),
  delta: z.number(),
  seed: count,
  cores: count,
  rstan: z.string().describe("Version."),
  wall_s: seconds.describe(
    "Warm-up and sampling of all chains by the wall clock; well above the largest of chain_s on a busy machine.",
  ),
  chain_s: z.array(seconds).describe("The same per chain, in processor seconds by Stan's own count."),
  gradients: count.describe("Leapfrog steps of all chains, warm-up included."),
  warmup_gradients: count,
  divergences: count.describe("After warm-up."),
  max_rhat: diagnostic,
  min_ess_bulk: diagnostic,
  min_ess_tail: diagnostic,
  min_ess_bulk_per_s: diagnostic.describe("Over wall_s."),
  summary: z.array(z.object({
    name: z.string().describe("As in draws.csv: alpha, A.1, log_lik, ...; original units."),
    mean: z.number(),
    sd: z.number(),
    mcse_mean: diagnostic,
    mcse_sd: diagnostic,
    rhat: diagnostic,
    ess_bulk: diagnostic,
    ess_tail: diagnostic,
  })),
});

/** One Stan fit: times, diagnostics by R's posterior package, and a summary line per quantity. */
export type StanFit = z.output<typeof fitSchema>;

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
 * Fits the Hill mixture, preset `baseline`, with Stan.
 *
 * @param program the R script runner
 * @throws Error when R is there but the script fails, with the end of what it said
 */
export function stanFit(options: StanFitOptions, program = "Rscript"): Promise<PeerResult<StanFit>> {
  return runScript(program, "fit.R", { ...options }, fitSchema);
}

/**
 * Times Stan's gradient on simulated data, on all cores at once.
 *
 * @param program the R script runner
 * @throws Error when R is there but the script fails, with the end of what it said
 */
export function stanGradients(
  options: StanGradientOptions = {},
  program = "Rscript",
): Promise<PeerResult<StanGradients>> {
  return runScript(program, "gradients.R", { ...options }, gradientSchema);
}

// Exit status of stan/common.R when R lacks a package.
const NOT_INSTALLED = 3;
const SAID = 2000; // characters of a failed script's last words
const ADVICE = "The head of tests/bench/peers.ts says how to install it.";

async function runScript<T>(
  program: string,
  script: string,
  options: Readonly<Record<string, string | number | undefined>>,
  schema: z.ZodType<T>,
): Promise<PeerResult<T>> {
  const path = decodeURIComponent(new URL(`stan/${script}`, import.meta.url).pathname);
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args: [path, ...words], stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { value: undefined, why: `Stan was left out: there is no program ${program} here. ${ADVICE}` };
  }
  const text = new TextDecoder(), said = text.decode(output.stderr).trim();
  if (output.code === NOT_INSTALLED) {
    return { value: undefined, why: `Stan was left out: ${said} ${ADVICE}` };
  }
  if (!output.success) throw new Error(`${script} failed:\n${said.slice(-SAID)}`);
  return { value: schema.parse(JSON.parse(text.decode(output.stdout))) };
}
