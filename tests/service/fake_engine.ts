/** Stands in for the process that computes: the seed says what becomes of a job. */
import { join } from "node:path";
import { contendersOf } from "../../lib/compare/contenders.ts";
import { type CompareReport, writeCompare } from "../../lib/runs/compare.ts";
import { writeRun } from "../../lib/runs/directory.ts";
import type { Order, Report, Task, TaskEnd, TaskOf } from "../../lib/service/engine_protocol.ts";
import type { JobProgress } from "../../lib/service/job.ts";
import { lineOf, linesOf, readLine } from "../../lib/service/json_lines.ts";
import { verdictOf } from "../../lib/service/results.ts";
import { approximation, compareReport, missing, sampler } from "../runs/compare_fixture.ts";
import { fakeOutcome } from "../runs/fixture.ts";
import { Seed } from "./seeds.ts";

let onStop = () => {};

async function end(task: Task): Promise<TaskEnd> {
  const seed = task.request.seed ?? 1;
  if (seed === Seed.fails) return { kind: "failed", message: "The device was lost." };
  if (seed === Seed.exits) Deno.exit(7);
  if (seed === Seed.outOfMemory) {
    console.error("Fatal JavaScript out of memory: Reached heap limit");
    Deno.exit(133);
  }
  const waits: readonly number[] = [
    Seed.waits,
    Seed.waitsWithoutDraws,
    Seed.finishesThoughStopped,
    Seed.hangs,
  ];
  if (waits.includes(seed)) {
    await new Promise<void>((resolve) => onStop = seed === Seed.hangs ? () => {} : resolve);
    if (seed === Seed.waitsWithoutDraws) return { kind: "stopped" };
  }
  const outcome = fakeOutcome(), partial = seed === Seed.waits;
  const run = { ...outcome, report: { ...outcome.report, seed, partial } };
  if (task.kind === "compare") return await endComparison(task, run, partial);
  await writeRun(task.out, run);
  return { kind: "finished", verdict: outcome.report.verdict.status, partial };
}

/** Every method gives the same; of one that is partial the last method gave nothing. */
async function endComparison(
  { request, out }: TaskOf<"compare">,
  run: ReturnType<typeof fakeOutcome>,
  partial: boolean,
): Promise<TaskEnd> {
  const report: CompareReport = compareReport(
    methodsOf(request).map(({ name, exact }, i, { length }) =>
      partial && i === length - 1
        ? missing(name, "it was interrupted before there were draws to keep.")
        : exact
        ? sampler(name)
        : approximation(name)
    ),
    { partial, seed: run.report.seed },
  );
  for (const { run: name } of report.methods) if (name !== null) await writeRun(join(out, name), run);
  await writeCompare(out, report);
  return { kind: "finished", verdict: verdictOf(report), partial };
}

const methodsOf = ({ methods = ["tempered", "advi"] }: TaskOf<"compare">["request"]) => contendersOf(methods);

function say(report: Report): void {
  Deno.stdout.writeSync(lineOf(report));
}

say({ type: "ready", facts: { engine: "cpu", adapter: "fake", software: true } });
for await (const line of linesOf(Deno.stdin.readable)) {
  const order = readLine<Order>(line);
  if (order?.type === "stop" || order?.type === "leave") onStop();
  if (order?.type !== "run") continue;
  const { task } = order, { id } = task;
  const progress: JobProgress = {
    phase: "sampling",
    done: 1,
    total: 2,
    transitionsPerSecond: 5e4,
    gradients: 1e4,
    divergences: 0,
    rhat: 1.01,
    ...(task.kind === "fit" ? {} : {
      comparison: {
        at: 1,
        methods: methodsOf(task.request).map(({ name }, i) =>
          i === 0
            ? { method: name, status: "pass", seconds: 2.5 }
            : { method: name, status: i === 1 ? "running" : "waiting", seconds: null }
        ),
      },
    }),
  };
  say({ type: "progress", id, progress });
  if (task.request.seed === Seed.chatters) setInterval(() => say({ type: "progress", id, progress }), 500);
  void end(task).then((end) => say({ type: "end", id, end }));
}
Deno.exit(0);
