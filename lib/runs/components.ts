/**
 * `components.json`: several numbers of curves fitted to one series and compared. It lies above the run directories
 * of the fits, which it names.
 */
import { join } from "node:path";
import { z } from "zod";
import { InputError, WriteError } from "../errors.ts";
import { prepareFile, reasonOf, removeIfThere } from "./files.ts";
import { fitReportSchema } from "./schema.ts";

export const COMPONENTS_FILE = "components.json";

/** Raised whenever an older hillmix could not read the file; additions alone do not raise it. */
export const COMPONENTS_SCHEMA_VERSION = 1;

/** As in `fit.json`: NaN in memory is null in the file. */
const real = z.number().nullable().transform((value) => value ?? NaN);
const count = z.number().int().nonnegative();
const text = z.string();
const { data, elpd, holdout, hillmix, created_at, method, engine, adapter, software, seed, inputs, verdict } =
  fitReportSchema.shape;

const comparedFit = z.object({
  /** Its run directory, below the one of this file. */
  run: text,
  /** Whether it was interrupted: fewer draws than asked for. */
  partial: z.boolean(),
  verdict: verdict.shape.status,
  max_rhat: real,
  min_ess_bulk: real,
  time_s: real,
  gradients: real,
  /** Natural log of the marginal likelihood and its standard error; null where the method estimates none. */
  log_evidence: real,
  log_evidence_error: real,
  /**
   * Posterior probability of this K among those that did not fail, equal before the data; `low` to `high` is its
   * 90% interval given the errors of the evidences. Null without evidence or with verdict `fail`.
   */
  posterior: z.object({ probability: real, low: real, high: real }).nullable(),
  /** Difference to the largest elpd among the fits that did not fail; null with verdict `fail`. */
  elpd: elpd.extend({ difference: real, difference_se: real }),
  holdout,
  /** Posterior mean and 90% interval of exp(entropy of the weights), and mean number of weights above 1%. */
  effective_components: z.object({ mean: real, q5: real, q95: real, in_use: real }),
});

const comparedRow = z.object({
  /** K. */
  components: count,
  fit: comparedFit.nullable(),
  /** Why there is no fit; null where there is one. */
  reason: text.nullable(),
});

/** zod schema of `components.json`, version 1. */
export const componentsReportSchema = z.object({
  schema_version: z.literal(COMPONENTS_SCHEMA_VERSION),
  hillmix,
  /** When the first fit ended. */
  created_at,
  /** Whether some K is yet to come, or the work was interrupted. */
  partial: z.boolean(),
  method,
  engine,
  adapter,
  software,
  seed,
  inputs,
  preset: text,
  data,
  components: z.array(comparedRow),
  choice: z.object({
    /** The K to use; null when no fit can be trusted. */
    components: count.nullable(),
    /** What to do and how sure that is, the most important first. */
    sentences: z.array(text),
  }),
});

/** The `components.json` object in memory: NaN stands where the file has null. */
export type ComponentsReport = z.output<typeof componentsReportSchema>;

/** One K of the comparison. */
export type ComparedRow = z.output<typeof comparedRow>;

/** A K that has a fit. */
export type ComparedFit = z.output<typeof comparedFit>;

/** The text of `components.json`, and of `--json`. NaN becomes null. */
export function componentsJson(report: ComponentsReport): string {
  return JSON.stringify(report, null, 2) + "\n";
}

/**
 * Writes the comparison into a directory, in place of one that is there.
 *
 * @throws WriteError if it cannot be written: no room, no permission
 */
export async function writeComponents(path: string, report: ComponentsReport): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
    await (await prepareFile(path, COMPONENTS_FILE, [componentsJson(report)])).commit();
  } catch (error) {
    const reason = reasonOf(error);
    throw new WriteError(`The comparison could not be written to ${path} (${reason}).`, reason);
  }
}

/** Takes a comparison away, so that what lies beside it is seen. */
export async function removeComponents(path: string): Promise<void> {
  await removeIfThere(join(path, COMPONENTS_FILE));
}

/**
 * Reads a comparison back; undefined where there is none.
 *
 * @throws InputError if it is damaged, or of a newer hillmix
 */
export async function readComponents(path: string): Promise<ComponentsReport | undefined> {
  const where = join(path, COMPONENTS_FILE);
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(where));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error instanceof SyntaxError ? damaged(where) : error;
  }
  const parsed = componentsReportSchema.safeParse(value);
  if (!parsed.success) throw damaged(where);
  return parsed.data;
}

function damaged(where: string): InputError {
  const message =
    "is damaged or was written by a newer hillmix; give one of the runs beside it, or fit again.";
  return new InputError([{ where, message }]);
}
