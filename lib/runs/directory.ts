/**
 * The run directory. From the first moment on its `fit.json` says what it holds: a finished run, whose draws are in
 * `draws.csv` and how they were made in `sample_stats.csv`, or one that has not finished (see
 * {@link "./journal.ts"}), whose draws so far are in `draws.partial.csv`. Every `fit.json`, `draws.csv` and
 * `sample_stats.csv` is written under a temporary name and renamed.
 */
import { dirname, join } from "node:path";
import type { Draws } from "../diagnostics/draws.ts";
import { InputError } from "../errors.ts";
import type { FitOutcome } from "../fit_types.ts";
import { drawsCsv, readDrawsCsv } from "./draws_csv.ts";
import { isMissing, type Prepared, prepareFile, reasonOf, removeIfThere } from "./files.ts";
import { readPartialDraws } from "./partial_draws.ts";
import {
  type FitFacts,
  type FitReport,
  fitReportSchema,
  SCHEMA_VERSION,
  type UnfinishedReport,
  unfinishedSchema,
} from "./schema.ts";

export const REPORT_FILE = "fit.json";
export const DRAWS_FILE = "draws.csv";
export const PARTIAL_FILE = "draws.partial.csv";
/** For tools that look at samplers; nothing here reads it back. */
export const STATS_FILE = "sample_stats.csv";

/** `runs/20261122T104501Z-sales-k3`: where a run goes when no `--out` says otherwise. */
export function defaultRunPath(
  { started_at, data, model }: Pick<FitFacts, "started_at" | "data" | "model">,
): string {
  return pathUnderRuns(started_at, data.name, `k${model.components}`);
}

/**
 * `runs/20261122T104501Z-sales-k1-5`.
 *
 * @param time ISO 8601
 * @param dataName of the data, such as a file's
 * @param ending what is fitted to it
 */
export function pathUnderRuns(time: string, dataName: string, ending: string): string {
  const stamp = time.replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  const name = dataName.replace(/\.[a-z]+$/i, "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const short = name.slice(0, 40).replaceAll(/^-+|-+$/g, "") || "data";
  return join("runs", `${stamp}-${short}-${ending}`);
}

/**
 * Checks where a run will go before any work is done, so that no long fit ends in a place it cannot write to.
 *
 * @param where the option to blame, `--out`
 * @throws InputError if `path` holds files and `force` is false, is a file, or cannot be written
 */
export async function checkRunPath(path: string, force: boolean, where = "--out"): Promise<void> {
  const fail = (message: string): never => {
    throw new InputError([{ where, value: path, message }]);
  };
  if (path === "") fail("is empty; give a directory.");
  const existing = await nearestExisting(path);
  if (!(await Deno.stat(existing)).isDirectory) fail(`${existing} is a file; give a directory.`);
  if (existing === path && !force) {
    for await (const { name } of Deno.readDir(path)) {
      fail(`already holds files (${name}); give a new directory, or --force to write over a run there.`);
    }
  }
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: existing, prefix: ".hillmix-" }));
  } catch (error) {
    fail(`${existing} cannot be written to (${reasonOf(error)}); give another directory.`);
  }
}

/** The path itself, or the nearest directory above it that exists. */
async function nearestExisting(path: string): Promise<string> {
  for (let candidate = path;; candidate = dirname(candidate)) {
    try {
      await Deno.stat(candidate);
      return candidate;
    } catch (error) {
      if (!isMissing(error) || candidate === dirname(candidate)) throw error;
    }
  }
}

/** The first of `path`, `path-2`, `path-3` … that does not exist: two fits may begin in one second. */
export function freshPath(path: string): string {
  for (let n = 1;; n++) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    try {
      Deno.lstatSync(candidate);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return candidate;
      throw error;
    }
  }
}

/**
 * Writes a run, replacing one that is there only when all is written.
 *
 * @param journal where the fit kept its unfinished run, if it did: this directory or one inside it. Until the
 * new `fit.json` is in place the directory then tells either of the run that was there or of the unfinished one,
 * at whatever moment the process is killed.
 * @throws when the directory cannot be written: no room, no permission
 */
export async function writeRun(
  path: string,
  { report, draws, stats }: FitOutcome,
  journal?: string,
): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  const files: Prepared[] = [];
  try {
    files.push(await prepareFile(path, DRAWS_FILE, drawsCsv(draws)));
    if (stats !== undefined) files.push(await prepareFile(path, STATS_FILE, drawsCsv(stats)));
    files.push(await prepareFile(path, REPORT_FILE, [reportJson(report)]));
    if (journal === undefined) await removeIfThere(join(path, REPORT_FILE)); // it speaks of other draws
    else if (journal !== path) await raiseUnfinished(journal, path);
    if (stats === undefined) await removeIfThere(join(path, STATS_FILE));
    for (const file of files) await file.commit();
  } catch (error) {
    for (const file of files) await file.discard();
    throw error;
  }
  await removeIfThere(join(path, PARTIAL_FILE));
}

/** Puts an unfinished run in the place of the finished one above it: its draws first, which nobody reads till then. */
async function raiseUnfinished(journal: string, path: string): Promise<void> {
  await Deno.rename(join(journal, PARTIAL_FILE), join(path, PARTIAL_FILE));
  await Deno.rename(join(journal, REPORT_FILE), join(path, REPORT_FILE));
  await Deno.remove(journal);
}

/** The text of `fit.json`, and of `--json`. NaN becomes null. */
export function reportJson(report: FitReport | UnfinishedReport): string {
  return JSON.stringify(report, null, 2) + "\n";
}

/** A run that came to its end, by itself or interrupted. */
export interface FinishedRun {
  readonly report: FitReport;
  readonly draws: Draws;
}

/** A run that has not come to its end, or never will. */
export interface UnfinishedRun {
  readonly unfinished: UnfinishedReport;
  /** Undefined when there are none yet; with the columns `energy__` and `divergent__`. */
  readonly draws: Draws | undefined;
  /** Whether a fit is at work on it. */
  readonly live: boolean;
}

/**
 * Reads a run back.
 *
 * @throws InputError if the directory or a file is missing, damaged, or of a newer hillmix
 */
export async function readRun(path: string): Promise<FinishedRun | UnfinishedRun> {
  const report = await readReport(path);
  if (report.state === "running") return { unfinished: report, ...await readJournal(path) };
  const drawsPath = join(path, DRAWS_FILE);
  using file = await openOrExplain(drawsPath, "it should stand beside fit.json; fit again.");
  return { report, draws: await readDrawsCsv(textOf(file), drawsPath, report.sampling) };
}

async function readJournal(path: string): Promise<Omit<UnfinishedRun, "unfinished">> {
  const partial = join(path, PARTIAL_FILE);
  using file = await openOrExplain(partial, "it should stand beside fit.json; fit again.");
  const live = !await file.tryLock(false); // whoever writes it has locked it, and loses the lock when killed
  return { draws: await readPartialDraws(textOf(file)), live };
}

const textOf = (file: Deno.FsFile) => file.readable.pipeThrough(new TextDecoderStream());

async function readReport(path: string): Promise<FitReport | UnfinishedReport> {
  const where = join(path, REPORT_FILE);
  using file = await openOrExplain(where, "give the directory of a fit, such as runs/….");
  const text = await new Response(file.readable).text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError([{ where, message: "is not valid JSON, perhaps cut short; fit again." }]);
  }
  const { schema_version: version, state } = (value ?? {}) as { schema_version?: unknown; state?: unknown };
  if (typeof version === "number" && version > SCHEMA_VERSION) {
    throw new InputError([{
      where,
      message:
        `was written by a newer hillmix (schema version ${version}; this one reads ${SCHEMA_VERSION}). ` +
        "Update hillmix, or fit again with this one.",
    }]);
  }
  const parsed = (state === "running" ? unfinishedSchema : fitReportSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(parsed.error.issues.map((issue) => ({
    where: `${where}, ${issue.path.join(".") || "top level"}`,
    message: `${issue.message}; the file was changed or damaged, fit again.`,
  })));
}

async function openOrExplain(path: string, advice: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    if (isMissing(error)) {
      throw new InputError([{ where: path, message: `does not exist; ${advice}` }]);
    }
    throw error;
  }
}
