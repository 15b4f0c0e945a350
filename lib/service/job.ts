/** A job: what was asked for, where it stands, and what became of it. */
import type { Progress, ResumePoint } from "../fit_types.ts";
import type { CompareRow } from "../runs/compare.ts";
import type { CompareBody, FitBody } from "./request.ts";

/** The last four are ends: a job that has reached one stays there. */
export const STATES = ["queued", "running", "succeeded", "failed", "canceled", "interrupted"] as const;
export type State = typeof STATES[number];
export type EndState = Exclude<State, "queued" | "running">;

export const hasEnded = (state: State): state is EndState => state !== "queued" && state !== "running";

/** Which jobs go first; clients take turns among those that are alike. */
export const PRIORITIES = ["low", "normal", "high"] as const;
export type Priority = typeof PRIORITIES[number];

/** What can be done: one fit, or one series fitted by several methods. */
export const KINDS = ["fit", "compare"] as const;
export type Kind = typeof KINDS[number];

/** How often the service or its engine may die under a job before the job is given up: it may be the cause. */
export const MOST_CRASHES = 1;

/** What a job of each kind is called in sentences. */
export const NOUNS: Readonly<Record<Kind, string>> = { fit: "fit", compare: "comparison" };

const PATHS: Readonly<Record<Kind, string>> = { fit: "/v1/fits", compare: "/v1/compare" };

/** Where clients find a job. */
export const pathOfJob = ({ kind, id }: Pick<Job, "kind" | "id">): string => `${PATHS[kind]}/${id}`;

/** What is asked for, without its data. */
export type Asked =
  | { readonly kind: "fit"; readonly request: FitBody }
  | { readonly kind: "compare"; readonly request: CompareBody };

export type Job = JobFacts & Asked;
export type JobOf<K extends Kind> = JobFacts & Extract<Asked, { readonly kind: K }>;

interface JobFacts {
  /** Rises with every job. */
  readonly seq: number;
  readonly id: string;
  readonly state: State;
  /** The client whose job it is. */
  readonly owner: string;
  readonly priority: Priority;
  readonly label: string | null;
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
  readonly resumedAt: JobResumePoint | null;
  /** Time it has run for, of all attempts. */
  readonly runMs: number;
  /** Why it was told to stop, a sentence. */
  readonly stop: string | null;
  readonly progress: JobProgress | null;
  /** `pass`, `review` or `fail`, once there is a result; of a comparison see `verdictOf` in `results.ts`. */
  readonly verdict: string | null;
  /** Whether the result is of fewer draws than were asked for; null without a result. */
  readonly partial: boolean | null;
  /** Why there is no whole result, a sentence. */
  readonly error: string | null;
}

/** A job as it comes in. */
export type NewJob =
  & Pick<JobFacts, "id" | "owner" | "priority" | "label" | "dataset" | "created" | "deadline">
  & Asked;

/** How far a job has come; of a comparison how far the method at work has, and how all of them stand. */
export interface JobProgress extends Progress {
  readonly comparison?: {
    /** Its place in `methods`. */
    readonly at: number;
    readonly methods: readonly MethodState[];
  };
}

/** Where an attempt went on from; of a comparison, where in the fit of the method that was at work. */
export interface JobResumePoint extends ResumePoint {
  readonly method?: string;
}

/** One method of a comparison under way. */
export interface MethodState {
  readonly method: string;
  /** As in `compare.json` once it is done. */
  readonly status: "waiting" | "running" | CompareRow["status"];
  /** What it took; null where it took nothing or is not done. */
  readonly seconds: number | null;
}

/** How a job ended. */
export interface Ending {
  readonly state: EndState;
  readonly verdict?: string;
  readonly partial?: boolean;
  readonly error?: string;
}
