/**
 * The shape of `fit.json`, the one file of a run that other programs rely on. One schema serves writing,
 * reading back, `--json` and the types of the code that fills it in.
 */
import { z } from "zod";
import { CARRIES } from "../fit_types.ts";
import { APPROXIMATION_STATUSES } from "../diagnostics/approximation.ts";
import { PHASES } from "../fit_types.ts";
import { businessSchema } from "./business.ts";

/** Raised whenever an older hillmix could not read the file; additions alone do not raise it. */
export const SCHEMA_VERSION = 1;

/** A number in memory, where NaN means "could not be computed"; JSON has no NaN, so it is `null` in the file. */
const real = z.number().nullable().transform((value) => value ?? NaN);
const count = z.number().int().nonnegative();
/** A count that some methods have nothing to count for. */
const optionalCount = count.nullable().transform((value) => value ?? NaN);
const text = z.string();

const verdictStatus = z.enum(["pass", "review", "fail"]);

const convergence = z.object({
  max_rhat: real,
  min_ess_bulk: real,
});

const summaryRow = z.object({
  name: text,
  mean: real,
  sd: real,
  q5: real,
  q50: real,
  q95: real,
  rhat: real,
  ess_bulk: real,
  ess_tail: real,
  mcse_mean: real,
});

const mode = z.object({
  /** Share of the draws, and its standard error from how the ladders differ. */
  weight: real,
  weight_error: real,
  /** Means over the mode. */
  log_lik: real,
  alpha: real,
  sigma: real,
  /** Ladders that entered it from the prior end, and how often all of them did, each time anew. */
  ladders: count,
  entries: count,
});

const search = z.object({
  /** Quasi-Newton ascents from all over the prior. One that finds a mode with probability p misses it (1 - p)^n times. */
  ascents: count,
  /** Of the modes found, by bridge sampling, data in original units, natural log, and its standard error. */
  log_evidence: real,
  log_evidence_error: real,
  /** Jumps between modes at the posterior, warm-up included. */
  jumps_tried: count,
  jumps_accepted: count,
  /** Heaviest first. */
  modes: z.array(z.object({
    /** Share of the evidence by bridge sampling, and its standard error. */
    weight: real,
    weight_error: real,
    /** Share of the draws that are most likely in it, and the ladders with such draws that descend from the prior. */
    share: real,
    ladders: count,
    /** Ascents that ended in it, or in another one that chains started here reach. */
    ascents: count,
    /** In the middle of the mode. */
    alpha: real,
    sigma: real,
  })),
});

const step = z.object({
  method: text,
  /** Why it was run, and what came of it. */
  why: text,
  found: text,
  /** On its own draws. */
  status: verdictStatus,
  total_s: real,
  gradients: real,
  transitions: count,
});

/** What one stage took. */
const stage = z.object({ total_s: real, gradients: real, transitions: count });

const twoStage = z.object({
  /** How stage two took over the baseline. */
  carry: z.enum(CARRIES),
  /** What stage one, a single curve on the same rows, found of the baseline. */
  baseline: z.array(z.object({ name: text, mean: real, sd: real })),
  /** Draws of stage one with a fit each in stage two, whose chains follow each other; 1 unless `cut`. */
  fits: count,
  stage_one: stage.extend({
    found: text,
    /** On its own draws. */
    status: verdictStatus,
  }),
  stage_two: stage,
  /** What keeps the verdict from `pass` though nothing in the draws does: what the result ignores, first of all. */
  doubts: z.array(text),
});

const auto = z.object({
  /** Whose draws these are. */
  answer: text,
  steps: z.array(step),
  /** What keeps the verdict from `pass` though nothing in the draws does. */
  doubts: z.array(text),
});

const approximation = z.object({
  /** What Pareto k-hat allows: see `lib/diagnostics/approximation.ts`. */
  status: z.enum(APPROXIMATION_STATUSES),
  /** Of the ratios posterior / approximation; null where no tail could be fitted. */
  k_hat: real,
  /** Draws of the approximation that k-hat was computed from. */
  proposals: count,
  /** How many equally weighted draws the weighted proposals are worth. */
  effective_size: real,
  /** Whether the draws kept were picked by importance weights; otherwise they are the approximation's own. */
  importance_weighted: z.boolean(),
  /** Evidence lower bound of the best optimum, data in original units, natural log, and its Monte Carlo error. */
  elbo: real,
  elbo_error: real,
  starts: count,
  iterations: count,
  /** Distinct solutions that the approximation mixes, heaviest first, and the starts that ended in each. */
  optima: z.array(z.object({ elbo: real, weight: real, starts: count })),
  /** Bound of the best start after each iteration, as the optimiser saw it. */
  elbo_trace: z.array(real),
});

/** What is known of a fit before it draws; every `fit.json` begins with it. */
const facts = {
  schema_version: z.literal(SCHEMA_VERSION),
  /** hillmix version that wrote the file. */
  hillmix: text,
  method: text,
  seed: count,
  /** What was asked for, as it was asked; null where it was left to hillmix. */
  inputs: z.object({
    /** Path as given; null for the built-in example. */
    file: text.nullable(),
    date: text.nullable(),
    spend: z.array(text),
    target: text.nullable(),
    controls: z.array(text),
    group: text.nullable(),
    only: text.nullable(),
    config: text.nullable(),
    holdout: z.number(),
  }),
  model: z.object({
    preset: text,
    components: count,
    /** The whole model specification after defaults, priors included. */
    spec: z.unknown(),
  }),
  data: z.object({
    name: text,
    rows: count,
    train_rows: count,
    holdout_rows: count,
    /** Columns summed into the one spend series. */
    spend: z.array(text),
    /** Spend columns left out because they are non-zero on fewer than 10% of rows. */
    left_out: z.array(text),
    target: text,
    controls: z.array(text),
    first_date: text.nullable(),
    last_date: text.nullable(),
    /** Of the training rows, per row. */
    mean_spend: real,
    max_spend: real,
  }),
};

const engineFacts = z.object({
  engine: z.enum(["webgpu", "cpu"]),
  adapter: text,
  /** Whether WebGPU ran on a software adapter, on the processor's own cores. */
  software: z.boolean(),
});

/** zod schema of `fit.json` while the fit runs, and for good when it was killed. */
export const unfinishedSchema = z.object({
  ...facts,
  state: z.literal("running"),
  /** ISO 8601, UTC. */
  started_at: text,
  /** Where the fit was when the file was written, which is at the start of every phase. */
  phase: z.enum(PHASES),
  /** Null until one is open. */
  engine: engineFacts.nullable(),
  /** Per chain; the draws are those that there are to be. */
  sampling: z.object({ warmup: count, draws: count }),
  /** What became of the fit, as in "The fit was interrupted"; null while it runs and when it was killed. */
  end: text.nullable(),
});

/** zod schema of `fit.json`, version 1. Lengths of time are in seconds, quantities in the data's own units. */
export const fitReportSchema = z.object({
  ...facts,
  ...engineFacts.shape,
  state: z.literal("finished").default("finished"),
  /** ISO 8601, UTC. */
  started_at: text.optional(),
  created_at: text,
  /** Whether the fit was interrupted: fewer draws than asked for. */
  partial: z.boolean(),
  sampling: z.object({
    chains: count,
    warmup: count,
    /** Draws kept per chain. */
    draws: count,
    step_size: real,
    /** Leapfrog steps of an average transition. */
    mean_leapfrogs: real,
    acceptance: real,
    /** Of `nuts` only: doublings of an average trajectory, trajectories at the limit, what chains share. */
    mean_tree_depth: real.optional(),
    tree_depth_hits: count.optional(),
    pooling: text.optional(),
  }),
  timing: z.object({
    total_s: real,
    warmup_s: real,
    sampling_s: real,
    gradients: real,
    transitions: count,
  }),
  /** Null throughout for approximate methods, whose draws no chain made; see `approximation`. */
  diagnostics: convergence.extend({
    min_ess_tail: real,
    divergences: optionalCount,
    ebfmi_min: real,
    label_invariant: convergence,
    relabelled: convergence,
  }),
  verdict: z.object({
    /** Of an approximate method `review` where its draws may be used and `fail` where not, never `pass`. */
    status: verdictStatus,
    /** R-hat <= 1.05 and bulk ESS >= 100. */
    handover: z.boolean(),
    /** R-hat <= 1.01, bulk and tail ESS >= 400, divergences <= 0.1% of transitions, E-BFMI >= 0.3. */
    strict: z.boolean(),
    /** One sentence per failing line. */
    reasons: z.array(text),
  }),
  elpd: z.object({
    loo: real,
    se: real,
    p_loo: real,
    /** Training rows whose Pareto k-hat is too large for their term to be trusted. */
    bad_k: count,
  }),
  waic: z.object({ elpd: real, se: real, p_waic: real }),
  /** Null when no rows were held out. */
  holdout: z.object({ rmse: real, crps: real, coverage_90: real }).nullable(),
  /** Natural log of the marginal likelihood of the data in original units; methods that estimate it only. */
  log_evidence: real.optional(),
  /** How tempering went while draws were kept; tempered methods only. */
  tempering: z.object({
    log_evidence_error: real,
    /** Global communication barrier, the sum of the swap rejections along the ladder. */
    barrier: real,
    rungs: count,
    /** Inverse temperatures, from 1 (posterior) to 0 (prior). */
    betas: z.array(real),
    min_swap_rate: real,
    /** Prior to posterior and back, per ladder. */
    round_trips: z.array(count),
    /** Groups of draws that label-invariant quantities tell apart, heaviest first. */
    modes: z.array(mode),
    /** What a search before the ladders found; absent where it found nothing of any volume. */
    search: search.optional(),
  }).optional(),
  /** What `auto` did; absent from fits by a named method. */
  auto: auto.optional(),
  /** What `two-stage` carried from one stage to the other; absent from fits by other methods. */
  two_stage: twoStage.optional(),
  /** Approximate methods only. */
  approximation: approximation.optional(),
  /** Contribution, ROAS, marginal ROAS and response curve; absent from runs of hillmix before it had them. */
  business: businessSchema.optional(),
  warnings: z.array(text),
  summary: z.array(summaryRow),
});

/** The `fit.json` object in memory: NaN stands where the file has null. */
export type FitReport = z.output<typeof fitReportSchema>;

/** The `fit.json` object of a fit that has not finished. */
export type UnfinishedReport = z.output<typeof unfinishedSchema>;

/** What a fit says of itself as soon as its data are checked, and again when its engine is open. */
export type FitFacts = Omit<UnfinishedReport, "state" | "phase" | "end">;

/** One parameter's line in the summary. */
export type SummaryRow = z.output<typeof summaryRow>;

/** What method `auto` did. */
export type AutoReport = z.output<typeof auto>;

/** How the two stages of `two-stage` went. */
export type TwoStageReport = z.output<typeof twoStage>;

/** One mode of a tempered run. */
export type ModeReport = z.output<typeof mode>;

/** What a search for modes before a tempered run found. */
export type SearchReport = z.output<typeof search>;

/** How an approximation was found and how far it can be used. */
export type ApproximationReport = z.output<typeof approximation>;

/** What was asked for, as recorded in the run. */
export type FitInputs = FitReport["inputs"];
