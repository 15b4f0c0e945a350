/** A job: what was asked for, where it stands, and what became of it. */
import type { Progress, ResumePoint } from "../fit_types.ts";
import type { FitBody } from "./request.ts";

/** The last four are ends: a job that has reached one stays there. */
export const STATES = ["queued", "running", "succeeded", "failed", "canceled", "interrupted"] as const;
export type State = typeof STATES[number];
export type EndState = Exclude<State, "queued" | "running">;

export const hasEnded = (state: State): state is EndState => state !== "queued" && state !== "running";

/** Which jobs go first; clients take turns among those that are alike. */
export const PRIORITIES = ["low", "normal", "high"] as const;
export type Priority = typeof PRIORITIES[number];

/** What can be done; another kind adds itself here and to the runners of `engine_main.ts`. */
export const KINDS = ["fit"] as const;
export type Kind = typeof KINDS[number];

/** How often the service or its engine may die under a job before the job is given up: it may be the cause. */
export const MOST_CRASHES = 1;

export interface Job {
  /** Rises with every job. */
  readonly seq: number;
  readonly id: string;
  readonly kind: Kind;
  readonly state: State;
  /** The client whose job it is. */
  readonly owner: string;
  readonly priority: Priority;
  readonly label: string | null;
  /** Without its data. */
  readonly request: FitBody;
  /** Where the data is; null for the built-in example. */
  readonly dataset: string | null;
  /** ms since 1970, as all times here. */
  readonly created: number;
  /** When it last began to run. */
  readonly started: number | null;
  readonly ended: number | null;
  readonly deadline: number | null;
  /** How many times it has begun to run. */
  readonly attempt: number;
  /** How often the service or its engine died under it. */
  readonly crashes: number;
  /** Where its last attempt went on from; null where that began anew. */
  readonly resumedAt: ResumePoint | null;
  /** Time it has run for, of all attempts. */
  readonly runMs: number;
  /** Why it was told to stop, a sentence. */
  readonly stop: string | null;
  readonly progress: Progress | null;
  /** `pass`, `review` or `fail`, once there is a result. */
  readonly verdict: string | null;
  /** Whether the result is of fewer draws than were asked for; null without a result. */
  readonly partial: boolean | null;
  /** Why there is no whole result, a sentence. */
  readonly error: string | null;
}

/** A job as it comes in. */
export type NewJob = Pick<
  Job,
  "id" | "kind" | "owner" | "priority" | "label" | "request" | "dataset" | "created" | "deadline"
>;

/** How a job ended. */
export interface Ending {
  readonly state: EndState;
  readonly verdict?: string;
  readonly partial?: boolean;
  readonly error?: string;
}
