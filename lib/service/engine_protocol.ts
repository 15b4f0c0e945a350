/** What the service and the process that computes say to each other, a JSON line each. */
import type { Progress, ResumePoint } from "../fit_types.ts";
import type { Kind } from "./job.ts";
import type { FitBody } from "./request.ts";

/** One job to run. */
export interface Task {
  readonly id: string;
  readonly kind: Kind;
  readonly wish: FitBody;
  /** File of the table; null for the built-in example. */
  readonly table: string | null;
  /** Directory to write the run to; a checkpoint there is what the attempt before left. */
  readonly out: string;
}

/**
 * To the engine. `stop` ends the fit under way and keeps what it has; `leave` ends it so that another attempt can go
 * on from there; `salvage` makes a partial run of what a fit left in its directory that did not end; the end of the
 * stream ends the process.
 */
export type Order =
  | { readonly type: "run"; readonly task: Task }
  | { readonly type: "salvage"; readonly task: Pick<Task, "id" | "out"> }
  | { readonly type: "stop" }
  | { readonly type: "leave" };

/** How a task ended. */
export type TaskEnd =
  /** The run is in its directory. */
  | { readonly kind: "finished"; readonly verdict: string; readonly partial: boolean }
  /** Stopped, left, or nothing to salvage: there is no run, though there may be draws to make one of. */
  | { readonly kind: "stopped" }
  /** `message` is a sentence. */
  | { readonly kind: "failed"; readonly message: string };

/** What the engine is. */
export interface EngineFacts {
  readonly engine: "webgpu" | "cpu";
  readonly adapter: string;
  readonly software: boolean;
}

/** From the engine. */
export type Report =
  | { readonly type: "ready"; readonly facts: EngineFacts }
  /** The engine cannot be opened; the process ends. */
  | { readonly type: "unusable"; readonly message: string }
  /** The task goes on from its checkpoint. */
  | { readonly type: "resumed"; readonly id: string; readonly at: ResumePoint }
  | { readonly type: "progress"; readonly id: string; readonly progress: Progress }
  | { readonly type: "end"; readonly id: string; readonly end: TaskEnd };
