/** What a job leaves behind: the one file that says what came of it, whatever else lies beside it. */
import { join } from "node:path";
import { COMPARE_FILE, type CompareReport } from "../runs/compare.ts";
import { REPORT_FILE } from "../runs/directory.ts";
import { isMissing } from "../runs/files.ts";
import type { FitReport } from "../runs/schema.ts";
import type { Ending, Kind } from "./job.ts";

const FILES: Readonly<Record<Kind, string>> = { fit: REPORT_FILE, compare: COMPARE_FILE };

/** The `fit.json` or `compare.json` object as it is sent: null stands where it is NaN in memory. */
export type Result = Record<string, unknown>;

/** The result in a directory, if it is one of a job that has ended. */
export async function readResult(kind: Kind, directory: string): Promise<Result | undefined> {
  const result = await readJsonIfThere(join(directory, FILES[kind]));
  return result?.state === "running" ? undefined : result;
}

/** What the store keeps of a result. */
export function gistOf(kind: Kind, result: Result): Required<Pick<Ending, "verdict" | "partial">> {
  const partial = result.partial as boolean;
  return kind === "fit"
    ? { verdict: (result.verdict as FitReport["verdict"]).status, partial }
    : { verdict: verdictOf(result as Pick<CompareReport, "advice" | "methods">), partial };
}

/** The verdict on a comparison is that on the method to use, and `fail` where none can be recommended. */
export function verdictOf({ advice, methods }: Pick<CompareReport, "advice" | "methods">): string {
  return methods.find(({ method }) => method === advice.method)?.status ?? "fail";
}

async function readJsonIfThere(path: string): Promise<Result | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
