/** A fit in the process that computes: what is asked for becomes a run directory. */
import { readFitRequest } from "../commands/fit_request.ts";
import { withWarnings } from "../commands/several_fits.ts";
import type { Table } from "../data/table.ts";
import type { Opened } from "../engine/open.ts";
import { InputError } from "../errors.ts";
import { fit } from "../fit.ts";
import type { CheckpointFile } from "../runs/checkpoint.ts";
import { readRun, writeRun } from "../runs/directory.ts";
import { reasonOf } from "../runs/files.ts";
import { RunJournal } from "../runs/journal.ts";
import { salvage } from "../salvage.ts";
import type { TaskEnd, TaskOf } from "./engine_protocol.ts";
import type { JobProgress, JobResumePoint } from "./job.ts";
import { fitValuesOf, sourcesOf } from "./request.ts";

/** Why a task is stopped that another attempt is to go on with: nobody wants a result of what it has. */
export const LEAVING = new Error("The service leaves.");

/** What a task under way is given. */
export interface Work {
  /** To be used and left open. */
  readonly opened: Opened;
  onProgress(progress: JobProgress): void;
  onResume(at: JobResumePoint): void;
  readonly signal: AbortSignal;
  readonly checkpoint: CheckpointFile;
}

/**
 * @throws WriteError when the run cannot be written
 * @throws the signal's reason when stopped with too few draws to keep
 */
export async function runFit(
  { request, table, out }: TaskOf<"fit">,
  { opened, onProgress, onResume, signal, checkpoint }: Work,
): Promise<TaskEnd> {
  const sources = sourcesOf(request, await tableAt(table), opened.engine.name);
  const { fits: [options], warnings } = await readFitRequest(fitValuesOf(request), sources);
  const journal = new RunJournal(out);
  try {
    const outcome = await fit(
      options,
      { ...journal.hooks(onProgress), onResume, signal, checkpoints: checkpoint },
      opened,
    );
    await journal.finish(withWarnings(outcome, warnings));
    const { verdict, partial } = outcome.report;
    return { kind: "finished", verdict: verdict.status, partial };
  } catch (error) {
    const stopped = signal.aborted && error === signal.reason;
    journal.abandon(stopped ? "was stopped" : `ended with an error (${reasonOf(error)})`);
    throw error;
  }
}

/** Makes a partial run of the draws that a fit left which did not end. */
export async function salvageFit(out: string): Promise<TaskEnd> {
  try {
    const run = await readRun(out);
    const { report, draws } = "report" in run ? run : salvage(run, out);
    if (!("report" in run)) await writeRun(out, { report, draws, elpdPointwise: new Float64Array() }, out);
    return { kind: "finished", verdict: report.verdict.status, partial: report.partial };
  } catch (error) {
    if (error instanceof InputError) return { kind: "stopped" };
    throw error;
  }
}

/** A stored table. @param path null for the built-in example */
export async function tableAt(path: string | null): Promise<Table | undefined> {
  return path === null ? undefined : JSON.parse(await Deno.readTextFile(path)) as Table;
}
