/**
 * The run directory: `draws.csv` and `fit.json`. Each is written under a temporary name and renamed, `fit.json`
 * last, so that a directory with a `fit.json` is a whole run.
 */
import { dirname, join } from "node:path";
import type { Draws } from "../diagnostics/draws.ts";
import { InputError } from "../errors.ts";
import type { FitOutcome } from "../fit_types.ts";
import { drawsCsv, readDrawsCsv } from "./draws_csv.ts";
import { type FitReport, fitReportSchema, SCHEMA_VERSION } from "./schema.ts";

export const REPORT_FILE = "fit.json";
export const DRAWS_FILE = "draws.csv";

/** `runs/20261122T104501Z-sales-k3`: where a run goes when no `--out` says otherwise. */
export function defaultRunPath(report: FitReport): string {
  return pathUnderRuns(report.created_at, report.data.name, `k${report.model.components}`);
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
      const missing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
      if (!missing || candidate === dirname(candidate)) throw error;
    }
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The first of `path`, `path-2`, `path-3` … that does not exist: two fits may end in one second. */
export async function freshPath(path: string): Promise<string> {
  for (let n = 1;; n++) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    try {
      await Deno.lstat(candidate);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return candidate;
      throw error;
    }
  }
}

/**
 * Writes a run, replacing one that is there.
 *
 * @throws InputError if the directory cannot be written: no room, no permission
 */
export async function writeRun(path: string, { report, draws }: FitOutcome): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
    // While draws.csv is replaced there must be no fit.json that speaks of other draws.
    await removeIfThere(join(path, REPORT_FILE));
    await writeFile(path, DRAWS_FILE, drawsCsv(draws));
    await writeFile(path, REPORT_FILE, [reportJson(report)]);
  } catch (error) {
    throw new InputError([{ where: path, message: `the run could not be written (${reasonOf(error)}).` }]);
  }
}

/** The text of `fit.json`, and of `--json`. NaN becomes null. */
export function reportJson(report: FitReport): string {
  return JSON.stringify(report, null, 2) + "\n";
}

/**
 * Reads a run back.
 *
 * @throws InputError if the directory or a file is missing, damaged, or of a newer hillmix
 */
export async function readRun(path: string): Promise<{ report: FitReport; draws: Draws }> {
  const report = await readReport(path);
  const drawsPath = join(path, DRAWS_FILE);
  using file = await openOrExplain(drawsPath, "it should stand beside fit.json; fit again.");
  const text = file.readable.pipeThrough(new TextDecoderStream());
  return { report, draws: await readDrawsCsv(text, drawsPath, report.sampling) };
}

async function readReport(path: string): Promise<FitReport> {
  const where = join(path, REPORT_FILE);
  using file = await openOrExplain(where, "give the directory of a finished fit, such as runs/….");
  const text = await new Response(file.readable).text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError([{ where, message: "is not valid JSON, perhaps cut short; fit again." }]);
  }
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  if (typeof version === "number" && version > SCHEMA_VERSION) {
    throw new InputError([{
      where,
      message:
        `was written by a newer hillmix (schema version ${version}; this one reads ${SCHEMA_VERSION}). ` +
        "Update hillmix, or fit again with this one.",
    }]);
  }
  const parsed = fitReportSchema.safeParse(value);
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
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new InputError([{ where: path, message: `does not exist; ${advice}` }]);
    }
    throw error;
  }
}

export async function writeFile(directory: string, name: string, pieces: Iterable<string>): Promise<void> {
  const path = join(directory, name), temporary = join(directory, `.${name}.partial`);
  const encoder = new TextEncoder();
  try {
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      for (const piece of pieces) {
        let bytes = encoder.encode(piece);
        while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
      }
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
