/**
 * `compare.json`: several methods run on one series and compared. It lies above the run directories of the fits, which
 * it names.
 */
import { join } from "node:path";
import { z } from "zod";
import { APPROXIMATION_STATUSES } from "../diagnostics/approximation.ts";
import { InputError, WriteError } from "../errors.ts";
import { businessSchema } from "./business.ts";
import { isMissing, prepareFile, reasonOf, removeIfThere } from "./files.ts";
import { fitReportSchema } from "./schema.ts";

export const COMPARE_FILE = "compare.json";
/** What a comparison that may yet go on is kept in, so that {@link COMPARE_FILE} is there only when nothing more comes. */
export const UNFINISHED_FILE = "compare.partial.json";

/** Raised whenever an older hillmix could not read the file; additions alone do not raise it. */
export const COMPARE_SCHEMA_VERSION = 1;

/** As in `fit.json`: NaN in memory is null in the file. */
const real = z.number().nullable().transform((value) => value ?? NaN);
const count = z.number().int().nonnegative();
const text = z.string();
const fit = fitReportSchema.shape;

/** A quantity by name, and how far it is off. */
const named = z.object({ name: text, value: real });

const businessGap = z.object({
  /** Difference of means in standard deviations of the reference; positive where the method says more. */
  mean: real,
  /** Standard deviation over the reference's. */
  sd_ratio: real,
  /** Share of the reference's draws outside the method's 90% interval: 0.1 if the two agree. */
  missed: real,
});

const gap = z.object({
  /** Over all parameters and fitted means at chosen rows: the largest difference of means, as above. */
  mean: named.extend({
    /** Its Monte Carlo standard error, in the same unit. */
    error: real,
  }),
  /** Smallest and largest ratio of standard deviations. */
  sd_low: named,
  sd_high: named,
  business: z.object({
    contribution: businessGap,
    roas: businessGap,
    marginal_roas: businessGap,
    curve: z.array(businessGap),
  }),
});

const recovery = z.object({
  quantities: z.array(z.object({
    name: text,
    truth: real,
    mean: real,
    q5: real,
    q95: real,
    /** Whether the truth lies in the 90% interval. */
    covered: z.boolean(),
  })),
  covered: count,
  /** Where the mean is farthest from the truth, in the method's own standard deviations. */
  farthest: named,
});

/** Methods by whatever name; `exact` says whether draws are, in the limit, draws of the posterior. */
const contender = z.object({ method: text, exact: z.boolean() });

const comparedMethod = contender.extend({
  /** The verdict of its fit. */
  status: fit.verdict.shape.status,
  /** Sentences of the verdict. */
  reasons: z.array(text),
  /** Its run directory, below the one of this file. */
  run: text,
  /** Whether it was interrupted: fewer draws than asked for. */
  partial: z.boolean(),
  timing: fit.timing.extend({
    /** Smallest bulk ESS of a parameter per second in all, and per thousand gradients. Null without chains. */
    ess_per_s: real,
    ess_per_1000_gradients: real,
  }),
  diagnostics: fit.diagnostics.extend({
    /** Pareto k-hat of an approximation and what it allows; null where there are chains. */
    k_hat: real,
    approximation: z.enum(APPROXIMATION_STATUSES).nullable(),
  }),
  /** The difference is to the reference, negative where the method predicts worse. */
  elpd: fit.elpd.extend({ difference: real, difference_se: real }),
  holdout: fit.holdout,
  /** Distance to the reference; null for the reference, and without one. */
  gap: gap.nullable(),
  business: businessSchema,
  /** Null where the truth is not known. */
  recovery: recovery.nullable(),
});

const missingMethod = contender.extend({
  status: z.enum(["error", "interrupted"]),
  reasons: z.array(text),
  run: z.null(),
  partial: z.boolean(),
  timing: z.null(),
  diagnostics: z.null(),
  elpd: z.null(),
  holdout: z.null(),
  gap: z.null(),
  business: z.null(),
  recovery: z.null(),
});

/** zod schema of `compare.json`, version 1. */
export const compareReportSchema = z.object({
  schema_version: z.literal(COMPARE_SCHEMA_VERSION),
  hillmix: fit.hillmix,
  /** When the first fit ended. */
  created_at: fit.created_at,
  /** Whether some method is yet to come, or the work was interrupted. */
  partial: z.boolean(),
  engine: fit.engine,
  adapter: fit.adapter,
  software: fit.software,
  seed: fit.seed,
  /** What warm-up and draws of every method were multiplied by. */
  effort: z.number(),
  inputs: fit.inputs,
  model: fit.model,
  data: fit.data,
  /** Business numbers of the curves that made the data, where those are known; intervals have no width. */
  truth: businessSchema.nullable(),
  /** The method all others are held to; null when none can be trusted that far. */
  reference: text.nullable(),
  /** Why this one, or why none. */
  reference_reason: text,
  methods: z.array(z.discriminatedUnion("status", [comparedMethod, missingMethod])),
  advice: z.object({
    /** The method to use here; null when none can be recommended. */
    method: text.nullable(),
    /** Which and why, and what the others cost, the most important first. */
    sentences: z.array(text),
  }),
});

/** The `compare.json` object in memory: NaN stands where the file has null. */
export type CompareReport = z.output<typeof compareReportSchema>;

/** A method with a fit. */
export type ComparedMethod = z.output<typeof comparedMethod>;

/** Any row of the comparison. */
export type CompareRow = CompareReport["methods"][number];

/** How far a method is from the reference. */
export type GapReport = z.output<typeof gap>;
export type BusinessGap = z.output<typeof businessGap>;

/** How a method does against the truth. */
export type RecoveryReport = z.output<typeof recovery>;

/** Whether a row has a fit. */
export function hasFit(row: CompareRow): row is ComparedMethod {
  return row.run !== null;
}

/** The text of `compare.json`, and of `--json`. NaN becomes null. */
export function compareJson(report: CompareReport): string {
  return JSON.stringify(report, null, 2) + "\n";
}

/**
 * Writes the comparison into a directory, in place of one that is there.
 *
 * @param name of the file
 * @throws WriteError if it cannot be written: no room, no permission
 */
export async function writeCompare(path: string, report: CompareReport, name = COMPARE_FILE): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
    await (await prepareFile(path, name, [compareJson(report)])).commit();
  } catch (error) {
    const reason = reasonOf(error);
    throw new WriteError(`The comparison could not be written to ${path} (${reason}).`, reason);
  }
}

/** Takes a comparison away, so that what lies beside it is seen. */
export async function removeCompare(path: string): Promise<void> {
  await removeIfThere(join(path, COMPARE_FILE));
}

/**
 * Reads a comparison back; undefined where there is none.
 *
 * @param name of the file
 * @throws InputError if it is damaged, or of a newer hillmix
 */
export async function readCompare(path: string, name = COMPARE_FILE): Promise<CompareReport | undefined> {
  const where = join(path, name);
  try {
    return compareReportSchema.parse(JSON.parse(await Deno.readTextFile(where)));
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    const message =
      "is damaged or was written by a newer hillmix; give one of the runs beside it, or compare again.";
    throw new InputError([{ where, message }]);
  }
}
