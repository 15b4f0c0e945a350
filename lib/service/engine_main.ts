/**
 * The process that computes: an engine opened once, one task after another, told what to do by lines on stdin. A
 * process of its own, because it takes all cores (so it steps back behind the one that answers requests) and because
 * whatever kills it (a driver, the lack of memory) is to cost one job and no more.
 *
 *     deno run … lib/service/engine_main.ts auto|webgpu|cpu [ms between checkpoints]
 */
import { constants, getPriority, setPriority } from "node:os";
import { type Opened, openEngine } from "../engine/open.ts";
import { DeviceError, InputError, WriteError } from "../errors.ts";
import { type EngineChoice, ENGINES } from "../fit_types.ts";
import { CheckpointFile } from "../runs/checkpoint.ts";
import type { Order, Remains, Report, Task, TaskEnd } from "./engine_protocol.ts";
import { type JobProgress, type JobResumePoint, NOUNS } from "./job.ts";
import { lineOf, linesOf, readLine } from "./json_lines.ts";
import { runCompare, salvageCompare } from "./run_compare.ts";
import { LEAVING, runFit, salvageFit } from "./run_fit.ts";
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
    const message = error instanceof Error ? error.message : String(error);
    say({ type: "unusable", message });
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
      stopping.abort(LEAVING);
      void atWork?.checkpoint.leave(GRACE_MS).then(() => tellEnd(atWork!.task, { kind: "stopped" }));
    }
    if (order?.type === "salvage") void salvageAndTell(order.task);
    if (order?.type !== "run") continue;
    const { task } = order, { out } = task;
    stopping = new AbortController();
    atWork = { task, checkpoint: new CheckpointFile(out, everyMs) };
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
    (progress: JobProgress) => say({ type: "progress", id, progress }),
    PROGRESS_EVERY_MS,
  );
  const onResume = (at: JobResumePoint) => say({ type: "resumed", id, at });
  const work = { opened, onProgress: progress.tell, onResume, signal, checkpoint };
  let end: TaskEnd, healthy = true;
  try {
    end = task.kind === "fit"
      ? await runFit(task, work)
      : await runCompare(task, work, () => healthy = false);
  } catch (error) {
    if (signal.aborted && error === signal.reason) end = { kind: "stopped" };
    else if (error instanceof WriteError) end = failed(`The results could not be written (${error.reason}).`);
    else {
      end = failed(sentenceOf(error, task));
      healthy &&= error instanceof InputError;
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

async function salvageAndTell(task: Remains): Promise<void> {
  const { kind, out } = task;
  let end: TaskEnd;
  try {
    end = await (kind === "fit" ? salvageFit(out) : salvageCompare(out));
  } catch (error) {
    end = failed(sentenceOf(error, task));
  }
  tellEnd(task, end);
}

const failed = (message: string): TaskEnd => ({ kind: "failed", message });

const tellEnd = ({ id }: Pick<Task, "id">, end: TaskEnd) => say({ type: "end", id, end });

function say(report: Report): void {
  let bytes = lineOf(report);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

function sentenceOf(error: unknown, { kind }: Pick<Task, "kind">): string {
  if (error instanceof InputError || error instanceof DeviceError) return error.message;
  const reason = error instanceof Error ? error.message : String(error);
  return `The ${NOUNS[kind]} ended with a fault of hillmix (${reason}).`;
}

if (import.meta.main) await main(Deno.args[0], Deno.args[1]);
