/** Comparisons: one series by several methods, held to each other. */
import { z } from "zod";
import { CONTENDERS } from "../lib/compare/contenders.ts";
import type { CompareReport } from "../lib/runs/compare.ts";
import { idPattern } from "../lib/service/ids.ts";
import { hasEnded, type JobOf, type JobProgress, pathOfJob } from "../lib/service/job.ts";
import type { JobService } from "../lib/service/service.ts";
import { listFields, type Resource } from "./jobs.ts";
import { jobFields, jobView, progressSchema, progressView } from "./views.ts";

/** Query of the list. */
export const compareQuery = z.strictObject(listFields("compare"));

const methodName = z.enum(CONTENDERS.map(({ name }) => name) as [string, ...string[]]);

const compareProgressSchema = progressSchema.extend({
  method: methodName.describe("The one at work; all that stands beside it is of its fit."),
  methods_done: z.int(),
  methods: z.array(z.object({
    method: methodName,
    status: z.enum(["waiting", "running", "pass", "review", "fail", "error", "interrupted"])
      .describe("Of a method that is done, its verdict, or why there is none."),
    total_s: z.number().nullable(),
  })).describe("All methods, in the order of the work."),
});

/** A comparison without its result, as in lists. */
export const compareSchema = z.object({
  id: z.string().regex(new RegExp(idPattern("compare"))),
  kind: z.literal("compare"),
  ...jobFields("compare"),
  progress: compareProgressSchema.nullable(),
  methods: z.array(methodName).nullable().describe("As asked for; null: all that make sense for the model."),
  components: z.int().nullable().describe("As asked for; null leaves it to the preset."),
  effort: z.number(),
  verdict: z.enum(["pass", "review", "fail"]).nullable().describe(
    "Once there is a result: of the method to use, and fail where none can be recommended.",
  ),
  links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
});

const runSchema = z.object({ method: methodName, summary: z.string(), draws: z.string() });

/** A comparison by itself. */
export const compareDetailSchema = compareSchema.extend({
  request: z.record(z.string(), z.unknown()).describe("What was asked for, but the data."),
  result: z.record(z.string(), z.unknown()).nullable().describe(
    "The compare.json object, once there is one; after cancel, of the methods that were done.",
  ),
  runs: z.array(runSchema).describe("Where the fit of each method is that has one."),
});

type CompareJob = JobOf<"compare">;
type CompareView = z.output<typeof compareSchema>;

/** A comparison as it stands in lists. */
function compareView(service: JobService, job: CompareJob): CompareView {
  const { request } = job, self = pathOfJob(job);
  return {
    id: job.id,
    kind: job.kind,
    ...jobView(service, job),
    progress: job.state === "running" && job.progress !== null ? compareProgressView(job.progress) : null,
    methods: request.methods === undefined ? null : [...request.methods],
    components: request.components ?? null,
    effort: request.effort ?? 1,
    verdict: job.verdict as CompareView["verdict"],
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

/** A comparison by itself, with its result. */
async function compareDetail(
  service: JobService,
  job: CompareJob,
): Promise<z.output<typeof compareDetailSchema>> {
  const result = hasEnded(job.state) ? await service.result(job) ?? null : null;
  return {
    ...compareView(service, job),
    request: { ...job.request },
    result,
    runs: result === null ? [] : runsOf(pathOfJob(job), result.methods as CompareReport["methods"]),
  };
}

function runsOf(self: string, methods: CompareReport["methods"]): z.output<typeof runSchema>[] {
  return methods.flatMap(({ method, run }) => {
    const path = `${self}/runs/${run}`;
    return run === null ? [] : [{ method, summary: `${path}/summary`, draws: `${path}/draws` }];
  });
}

/** Progress in the words of the API. */
export function compareProgressView(progress: JobProgress): z.output<typeof compareProgressSchema> {
  const { at, methods } = progress.comparison!;
  return {
    ...progressView(progress),
    method: methods[at].method,
    methods_done: methods.filter(({ status }) => status !== "waiting" && status !== "running").length,
    methods: methods.map(({ method, status, seconds }) => ({ method, status, total_s: seconds })),
  };
}

export const COMPARISONS: Resource<"compare"> = {
  kind: "compare",
  query: compareQuery,
  view: compareView,
  detail: compareDetail,
};
