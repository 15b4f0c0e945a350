/**
 * The process that computes: an engine opened once, one fit after another, told what to do by lines on stdin. A
 * process of its own, because it takes all cores (so it steps back behind the one that answers requests) and because
 * whatever kills it (a driver, the lack of memory) is to cost one fit and no more.
 *
 *     deno run … lib/service/engine_main.ts auto|webgpu|cpu [ms between checkpoints]
 */
import { constants, getPriority, setPriority } from "node:os";
import { withWarnings } from "../commands/several_fits.ts";
import { readFitRequest } from "../commands/fit_request.ts";
import type { Table } from "../data/table.ts";
import { type Opened, openEngine } from "../engine/open.ts";
import { DeviceError, InputError, WriteError } from "../errors.ts";
import { fit } from "../fit.ts";
import { type EngineChoice, ENGINES, type Progress } from "../fit_types.ts";
import { CheckpointFile } from "../runs/checkpoint.ts";
import { readRun, writeRun } from "../runs/directory.ts";
import { reasonOf } from "../runs/files.ts";
import { RunJournal } from "../runs/journal.ts";
import { salvage } from "../salvage.ts";
import type { Order, Report, Task, TaskEnd } from "./engine_protocol.ts";
import type { Kind } from "./job.ts";
import { lineOf, linesOf, readLine } from "./json_lines.ts";
import { BODY, valuesOf } from "./request.ts";
import { throttle } from "./throttle.ts";

/** Twice a second is as often as anyone is told. */
const PROGRESS_EVERY_MS = 500;
/** What a batch under way gets to finish in before a fit leaves with the state it had before. */
const GRACE_MS = 2000;

async function main(choice: string, checkpointMs?: string): Promise<void> {
  if (!ENGINES.includes(choice as EngineChoice)) throw new Error(`No such engine: ${choice}`);
  stepBack();
  let opened: Opened;
  try {
    opened = await openEngine(choice as EngineChoice);
  } catch (error) {
    say({ type: "unusable", message: sentenceOf(error) });
    Deno.exit(1);
  }
  const { name, adapter, software } = opened.engine;
  say({ type: "ready", facts: { engine: name, adapter, software } });

  const everyMs = checkpointMs === undefined ? undefined : Number(checkpointMs);
  let stopping = new AbortController(), atWork: { task: Task; checkpoint: CheckpointFile } | undefined;
  for await (const line of linesOf(Deno.stdin.readable)) {
    const order = readLine<Order>(line);
    if (order?.type === "stop") stopping.abort();
    if (order?.type === "leave") {
      stopping.abort();
      void atWork?.checkpoint.leave(GRACE_MS).then(() => tellEnd(atWork!.task, { kind: "stopped" }));
    }
    if (order?.type === "salvage") void salvageAndTell(order.task);
    if (order?.type !== "run") continue;
    const { task } = order, { id, out } = task;
    stopping = new AbortController();
    atWork = { task, checkpoint: new CheckpointFile(out, (at) => say({ type: "resumed", id, at }), everyMs) };
    void runAndTell(task, opened, stopping.signal, atWork.checkpoint);
  }
  // Whoever gave the orders is gone: nobody wants what is being computed.
  Deno.exit(0);
}

/** Threads started from now on have this priority too, so it comes before the engine. */
function stepBack(): void {
  try {
    setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // Not everywhere allowed; then the system shares the cores as it sees fit.
  }
}

async function runAndTell(
  task: Task,
  opened: Opened,
  signal: AbortSignal,
  checkpoint: CheckpointFile,
): Promise<void> {
  const { id } = task;
  const progress = throttle(
    (progress: Progress) => say({ type: "progress", id, progress }),
    PROGRESS_EVERY_MS,
  );
  let end: TaskEnd, healthy = true;
  try {
    end = await RUNNERS[task.kind](task, opened, progress.tell, signal, checkpoint);
  } catch (error) {
    if (signal.aborted && error === signal.reason) end = { kind: "stopped" };
    else {
      end = { kind: "failed", message: sentenceOf(error) };
      healthy = error instanceof InputError;
      if (!(error instanceof InputError || error instanceof DeviceError)) console.error(error);
    }
  } finally {
    progress[Symbol.dispose]();
    await checkpoint.close();
    if (checkpoint.trouble !== undefined) console.error(checkpoint.trouble);
  }
  tellEnd(task, end);
  // A device that was lost stays lost, and after a fault nothing here is to be trusted.
  if (!healthy) Deno.exit(1);
}

type Runner = (
  task: Task,
  opened: Opened,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  checkpoint: CheckpointFile,
) => Promise<TaskEnd>;

const RUNNERS: Readonly<Record<Kind, Runner>> = { fit: runFit };

async function runFit(
  { wish, table, out }: Task,
  opened: Opened,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  checkpoints: CheckpointFile,
): Promise<TaskEnd> {
  const { config } = wish;
  const data = table === null ? undefined : JSON.parse(await Deno.readTextFile(table)) as Table;
  const { fits: [options], warnings } = await readFitRequest(valuesOf(wish), {
    ...(data === undefined ? {} : { data: { name: data.name, read: () => data } }),
    ...(config === undefined ? {} : { config: { name: `${BODY}, config`, read: () => config } }),
    engine: opened.engine.name,
  });
  const journal = new RunJournal(out);
  try {
    const outcome = await fit(options, { ...journal.hooks(onProgress), signal, checkpoints }, opened);
    await journal.finish(withWarnings(outcome, warnings));
    const { verdict, partial } = outcome.report;
    return { kind: "finished", verdict: verdict.status, partial };
  } catch (error) {
    const stopped = signal.aborted && error === signal.reason;
    journal.abandon(stopped ? "was stopped" : `ended with an error (${reasonOf(error)})`);
    if (error instanceof WriteError) {
      return { kind: "failed", message: `The results could not be written: ${error.message}` };
    }
    throw error;
  }
}

async function salvageAndTell({ id, out }: Pick<Task, "id" | "out">): Promise<void> {
  tellEnd({ id }, await makePartialRun(out));
}

async function makePartialRun(out: string): Promise<TaskEnd> {
  try {
    const run = await readRun(out);
    const { report, draws } = "report" in run ? run : salvage(run, out);
    if (!("report" in run)) await writeRun(out, { report, draws, elpdPointwise: new Float64Array() }, out);
    return { kind: "finished", verdict: report.verdict.status, partial: report.partial };
  } catch (error) {
    return error instanceof InputError ? { kind: "stopped" } : { kind: "failed", message: sentenceOf(error) };
  }
}

const tellEnd = ({ id }: Pick<Task, "id">, end: TaskEnd) => say({ type: "end", id, end });

function say(report: Report): void {
  let bytes = lineOf(report);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

function sentenceOf(error: unknown): string {
  if (error instanceof InputError || error instanceof DeviceError) return error.message;
  return `The fit ended with a fault of hillmix (${error instanceof Error ? error.message : String(error)}).`;
}

if (import.meta.main) await main(Deno.args[0], Deno.args[1]);
