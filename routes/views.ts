/** What clients see of jobs and data sets: the shapes of answers, and how they come about. */
import { z } from "zod";
import { DEFAULT_METHOD, type Glimpse, METHODS, PHASES, type Progress } from "../lib/fit_types.ts";
import type { Dataset } from "../lib/service/dataset_store.ts";
import { idPattern } from "../lib/service/ids.ts";
import {
  hasEnded,
  type Job,
  type JobOf,
  type Kind,
  NOUNS,
  pathOfJob,
  PRIORITIES,
  STATES,
} from "../lib/service/job.ts";
import type { JobService } from "../lib/service/service.ts";
import { deliverySchema } from "../lib/service/webhooks/webhook.ts";

const time = z.string().describe("ISO 8601, UTC.").meta({ format: "date-time" });
const amount = z.number().nullable();
const traces = z.array(z.array(amount));

export const progressSchema = z.object({
  phase: z.enum(PHASES),
  step: z.string().optional().describe("The method at work, where one method runs several."),
  done: z.number().describe("Steps of this phase finished."),
  total: z.number(),
  transitions_per_second: amount,
  gradients: z.number(),
  divergences: z.number(),
  elbo: amount.optional(),
  rhat: amount.optional().describe("Of the log likelihood over the draws so far."),
  ess_bulk: amount.optional().describe("Effective draws of the log likelihood so far."),
  glimpse: z.object({ log_lik: traces, alpha: traces }).optional()
    .describe("Some of the last draws of the first few chains: a list for each chain, the oldest first."),
  eta_s: amount.optional().describe("Seconds to the end of this phase."),
  phase_s: amount.optional().describe("Seconds since this phase began."),
});

/** What is said of every job. */
export const jobFields = (kind: Kind) => ({
  state: z.enum(STATES),
  phase: z.enum(PHASES).nullable().describe(`What a running ${NOUNS[kind]} is at.`),
  label: z.string().nullable(),
  priority: z.enum(PRIORITIES),
  data: z.object({
    name: z.string().nullable().describe("Null for the built-in example."),
    dataset: z.string().nullable().describe("The data set, if the data was sent before."),
  }),
  attempt: z.int().describe("How many times it has begun to run."),
  resumed: z.boolean().describe(
    "Whether it was under way when the service or its engine ended, and runs again.",
  ),
  resumed_at: z.object({
    phase: z.enum(PHASES),
    step: z.string().optional(),
    done: z.number(),
    total: z.number(),
    method: z.string().optional().describe(
      "Of a comparison: in the fit of this method. Those before it were done.",
    ),
  }).nullable().describe(
    "Where it went on from then, in the words of progress; null when it began anew. Its draws are the same either way.",
  ),
  ahead: z.int().nullable().describe(
    "While queued: waiting fits and comparisons of higher priority, or of the same and older.",
  ),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  deadline_at: time.nullable(),
  partial: z.boolean().nullable().describe("Whether the result is of fewer draws than asked for."),
  error: z.string().nullable().describe("Why there is no whole result."),
  webhook: deliverySchema.nullable().describe("How the webhook fares that was asked for, if one was."),
});

/** A fit without its result, as in lists. */
export const fitSchema = z.object({
  id: z.string().regex(new RegExp(idPattern("fit"))),
  kind: z.literal("fit"),
  ...jobFields("fit"),
  progress: progressSchema.nullable(),
  method: z.enum(Object.keys(METHODS) as [string, ...string[]]),
  components: z.int().nullable().describe("As asked for; null leaves it to the preset."),
  verdict: z.enum(["pass", "review", "fail"]).nullable().describe("Of its result, once there is one."),
  links: z.object({
    self: z.string(),
    events: z.string(),
    cancel: z.string(),
    summary: z.string().nullable(),
    draws: z.string().nullable(),
  }),
});

/** A fit by itself. */
export const fitDetailSchema = fitSchema.extend({
  request: z.record(z.string(), z.unknown()).describe("What was asked for, but the data."),
  result: z.record(z.string(), z.unknown()).nullable().describe("The fit.json object, once there is one."),
});

export type FitView = z.output<typeof fitSchema>;

export const pathOfDataset = (id: string): string => `/v1/datasets/${id}`;

type JobView = z.output<z.ZodObject<ReturnType<typeof jobFields>>>;

/** What is said of every job. */
export function jobView(service: JobService, job: Job): JobView {
  const { state, label, priority, attempt, resumedAt, created, started, ended, deadline } = job;
  return {
    state,
    phase: state === "running" ? job.progress?.phase ?? null : null,
    label,
    priority,
    data: { name: service.dataName(job), dataset: service.keptDataset(job) },
    attempt,
    resumed: attempt > 1,
    resumed_at: resumedAt,
    ahead: state === "queued" ? service.ahead(job) : null,
    created_at: isoTime(created),
    started_at: isoTime(started),
    ended_at: isoTime(ended),
    deadline_at: isoTime(deadline),
    partial: job.partial,
    error: job.error,
    webhook: service.delivery(job),
  };
}

/** A fit as it stands in lists. */
export function fitView(service: JobService, job: JobOf<"fit">): FitView {
  const { id, kind, state, request, progress } = job;
  const self = pathOfJob(job), hasResult = job.verdict !== null;
  return {
    id,
    kind,
    ...jobView(service, job),
    progress: state === "running" && progress !== null ? progressView(progress) : null,
    method: request.method ?? DEFAULT_METHOD,
    components: request.components ?? null,
    verdict: job.verdict as FitView["verdict"],
    links: {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      summary: hasResult ? `${self}/summary` : null,
      draws: hasResult ? `${self}/draws` : null,
    },
  };
}

/** A fit by itself, with its result. */
export async function fitDetail(
  service: JobService,
  job: JobOf<"fit">,
): Promise<z.output<typeof fitDetailSchema>> {
  const result = hasEnded(job.state) ? await service.result(job) ?? null : null;
  return { ...fitView(service, job), request: { ...job.request }, result };
}

/** Progress in the words of the API. */
export function progressView(progress: Progress): z.output<typeof progressSchema> {
  const {
    phase,
    step,
    done,
    total,
    transitionsPerSecond,
    gradients,
    divergences,
    elbo,
    rhat,
    essBulk,
    glimpse,
    etaSeconds,
    phaseSeconds,
  } = progress;
  return {
    phase,
    ...(step === undefined ? {} : { step }),
    done,
    total,
    transitions_per_second: transitionsPerSecond,
    gradients,
    divergences,
    ...(elbo === undefined ? {} : { elbo }),
    ...(rhat === undefined ? {} : { rhat }),
    ...(essBulk === undefined ? {} : { ess_bulk: essBulk }),
    ...(glimpse === undefined ? {} : { glimpse: glimpseView(glimpse) }),
    ...(etaSeconds === undefined ? {} : { eta_s: etaSeconds }),
    ...(phaseSeconds === undefined ? {} : { phase_s: phaseSeconds }),
  };
}

/** Copies, because zod's lists are not read-only. */
const glimpseView = ({ logLik, alpha }: Glimpse) => ({
  log_lik: logLik.map((chain) => [...chain]),
  alpha: alpha.map((chain) => [...chain]),
});

export const datasetSchema = z.object({
  id: z.string().regex(new RegExp(idPattern("data"))),
  name: z.string(),
  rows: z.int(),
  columns: z.array(z.string()),
  created_at: time,
  links: z.object({ self: z.string(), review: z.string() }),
});

export function datasetView({ id, name, rows, columns, created }: Dataset): z.output<typeof datasetSchema> {
  const self = pathOfDataset(id);
  return {
    id,
    name,
    rows,
    columns: [...columns],
    created_at: isoTime(created),
    links: { self, review: `${self}/review` },
  };
}

/** What a look at the data says; the shape of `check --json`. */
export const reviewSchema = z.object({
  usable: z.boolean().describe("Whether it can be fitted with these columns."),
  findings: z.array(z.object({
    severity: z.enum(["FAIL", "REVIEW", "INFO"]),
    where: z.string().optional(),
    row: z.int().optional(),
    column: z.string().optional(),
    value: z.string().optional(),
    message: z.string(),
  })).describe("The worst first."),
  series: z.object({
    name: z.string(),
    rows: z.int(),
    cadence: z.string().nullable(),
    first_date: z.string().nullable(),
    last_date: z.string().nullable(),
    spend: z.array(z.string()),
    target: z.string(),
    controls: z.array(z.string()),
    channels: z.array(z.object({
      name: z.string(),
      kept: z.boolean(),
      spend_share: z.number(),
      active_share: z.number(),
      mean: z.number(),
      max: z.number(),
      correlation: z.number().nullable(),
    })),
    curves: z.int().describe("Response curves that the rows can carry."),
  }).nullable(),
});

function isoTime(ms: number): string;
function isoTime(ms: number | null): string | null;
function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
