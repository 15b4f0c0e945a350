/** What the service and the process that computes say to each other, a JSON line each. */
import type { Asked, JobProgress, JobResumePoint, Kind } from "./job.ts";

/** One job to run. */
export type Task = Asked & {
  readonly id: string;
  /** File of the table; null for the built-in example. */
  readonly table: string | null;
  /** Directory to write the result to; what is there already, the attempt before saved. */
  readonly out: string;
};
export type TaskOf<K extends Kind> = Extract<Task, { readonly kind: K }>;

/** A task that did not end, and left something in its directory. */
export type Remains = Pick<Task, "id" | "kind" | "out">;

/**
 * To the engine. `stop` ends the task under way and keeps what it has; `leave` ends it so that another attempt can go
 * on from there; `salvage` makes a partial result of what a task left; the end of the stream ends the process.
 */
export type Order =
  | { readonly type: "run"; readonly task: Task }
  | { readonly type: "salvage"; readonly task: Remains }
  | { readonly type: "stop" }
  | { readonly type: "leave" };

/** How a task ended. */
export type TaskEnd =
  /** The result is in its directory. */
  | { readonly kind: "finished"; readonly verdict: string; readonly partial: boolean }
  /** Stopped, left, or nothing to salvage: there is no result, though there may be something to make one of. */
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
  /** The task goes on from what an attempt before it saved. */
  | { readonly type: "resumed"; readonly id: string; readonly at: JobResumePoint }
  | { readonly type: "progress"; readonly id: string; readonly progress: JobProgress }
  | { readonly type: "end"; readonly id: string; readonly end: TaskEnd };
