/** The process that computes, as the service sees it: it takes a task, tells of its progress, and may die. */
import { fileURLToPath as fromFileUrl } from "node:url";
import { DeviceError } from "../errors.ts";
import type { EngineChoice } from "../fit_types.ts";
import type { EngineFacts, Order, Remains, Report, Task, TaskEnd } from "./engine_protocol.ts";
import type { JobProgress, JobResumePoint } from "./job.ts";
import { lineOf, linesOf, readLine } from "./json_lines.ts";

/** What was seen of a task whose process died: a sentence. */
export interface Death {
  readonly kind: "died";
  readonly message: string;
}

/** What the process needs. */
export interface EngineSettings {
  readonly engine: EngineChoice;
  /** Where data lies and runs go: all it may write to, and besides hillmix itself all it may read. */
  readonly directory: string;
  /** The script to run. */
  readonly script?: URL;
  /** Least time between two checkpoints; the engine's own when left out. */
  readonly checkpointMs?: number;
}

/** Who is told how a task fares. */
export interface TaskHooks {
  onProgress(progress: JobProgress): void;
  /** The task goes on from what an attempt before it saved. */
  onResume(at: JobResumePoint): void;
}

/** Last words kept of a process, in letters. */
const LAST_WORDS = 4000;
const ROOT = new URL("../../", import.meta.url);
const SCRIPT = new URL("./engine_main.ts", import.meta.url);

/** A running process. Made by {@link startEngine}. */
export class EngineProcess {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ready = Promise.withResolvers<EngineFacts>();
  readonly #gone: Promise<Death>;
  #task: TaskHooks & { readonly id: string; end(end: TaskEnd): void } | undefined;
  #alive = true;
  #lastWords = "";

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#orders = child.stdin.getWriter();
    this.#ready.promise.catch(() => {}); // whoever waits for it is told by the death as well
    void this.#keepLastWords();
    this.#gone = this.#listen();
  }

  /** Resolves when there is an engine. @throws DeviceError when there is none */
  get ready(): Promise<EngineFacts> {
    return this.#ready.promise;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Runs a task to its end, one at a time. Never rejects. */
  run(task: Task, hooks: TaskHooks): Promise<TaskEnd | Death> {
    return this.#carryOut({ type: "run", task }, hooks);
  }

  /** Makes a partial result of what a task that did not end left in its directory. Never rejects. */
  salvage(task: Remains): Promise<TaskEnd | Death> {
    return this.#carryOut({ type: "salvage", task }, { onProgress() {}, onResume() {} });
  }

  async #carryOut(
    order: Extract<Order, { task: unknown }>,
    hooks: TaskHooks,
  ): Promise<TaskEnd | Death> {
    const ended = Promise.withResolvers<TaskEnd>();
    this.#task = { ...hooks, id: order.task.id, end: ended.resolve };
    this.#order(order);
    try {
      return await Promise.race([ended.promise, this.#gone]);
    } finally {
      this.#task = undefined;
    }
  }

  /** Asks the task under way to end and keep what it has. */
  stop(): void {
    this.#order({ type: "stop" });
  }

  /** Asks the task under way to end and save where it is. */
  leave(): void {
    this.#order({ type: "leave" });
  }

  /** Ends the process at once. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#alive) {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It went by itself.
      }
    }
    await this.#gone;
  }

  #order(order: Order): void {
    this.#orders.write(lineOf(order)).catch(() => {}); // its death is told elsewhere
  }

  async #listen(): Promise<Death> {
    for await (const line of linesOf(this.#child.stdout)) {
      const report = readLine<Report>(line);
      if (report !== undefined) this.#hear(report);
    }
    const status = await this.#child.status;
    this.#alive = false;
    this.#orders.close().catch(() => {});
    const death: Death = { kind: "died", message: describe(status, this.#lastWords) };
    this.#ready.reject(new DeviceError(death.message));
    return death;
  }

  #hear(report: Report): void {
    if (report.type === "ready") this.#ready.resolve(report.facts);
    else if (report.type === "unusable") this.#ready.reject(new DeviceError(report.message));
    else if (report.id === this.#task?.id) {
      if (report.type === "progress") this.#task.onProgress(report.progress);
      else if (report.type === "resumed") this.#task.onResume(report.at);
      else this.#task.end(report.end);
    }
  }

  /** What it writes to stderr goes to the service's own, and its end helps to say why it died. */
  async #keepLastWords(): Promise<void> {
    for await (const line of linesOf(this.#child.stderr)) {
      this.#lastWords = `${this.#lastWords}${line}\n`.slice(-LAST_WORDS);
      console.error(`engine: ${line}`);
    }
  }
}

/** Starts a process; see {@link EngineProcess.ready}. */
export function startEngine(
  { engine, directory, script = SCRIPT, checkpointMs }: EngineSettings,
): EngineProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--cached-only",
      `--config=${fromFileUrl(new URL("deno.json", ROOT))}`,
      `--allow-read=${fromFileUrl(ROOT)},${directory}`,
      `--allow-write=${directory}`,
      "--allow-env=HILLMIX_DEBUG,XDG_RUNTIME_DIR,TMPDIR,TMP,TEMP",
      "--allow-sys=getPriority,setPriority",
      script.href,
      engine,
      ...(checkpointMs === undefined ? [] : [String(checkpointMs)]),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new EngineProcess(child);
}

function describe({ code, signal }: Deno.CommandStatus, lastWords: string): string {
  const how = signal === null ? `code ${code}` : signal;
  if (/out of memory|heap limit|allocation failed/i.test(lastWords)) {
    return `The process that computes ran out of memory (${how}); ${LESS}.`;
  }
  if (signal === "SIGKILL") {
    return "The process that computes was killed (SIGKILL), as systems do when memory runs out; " +
      `${LESS}, or try again.`;
  }
  return `The process that computes stopped (${how}); try again, and look at the service's log if it recurs.`;
}

const LESS = "ask for fewer chains or draws, or compare with less effort";
