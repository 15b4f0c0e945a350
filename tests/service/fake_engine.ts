/** Stands in for the process that computes: the seed says what becomes of a fit. */
import type { Order, Report, Task, TaskEnd } from "../../lib/service/engine_protocol.ts";
import { lineOf, linesOf, readLine } from "../../lib/service/json_lines.ts";
import { writeRun } from "../../lib/runs/directory.ts";
import { fakeOutcome } from "../runs/fixture.ts";
import { Seed } from "./seeds.ts";

let onStop = () => {};

async function end({ wish, out }: Task): Promise<TaskEnd> {
  const seed = wish.seed ?? 1;
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
  await writeRun(out, { ...outcome, report: { ...outcome.report, seed, partial } });
  return { kind: "finished", verdict: outcome.report.verdict.status, partial };
}

function say(report: Report): void {
  Deno.stdout.writeSync(lineOf(report));
}

say({ type: "ready", facts: { engine: "cpu", adapter: "fake", software: true } });
for await (const line of linesOf(Deno.stdin.readable)) {
  const order = readLine<Order>(line);
  if (order?.type === "stop" || order?.type === "leave") onStop();
  if (order?.type !== "run") continue;
  const { task } = order, { id } = task;
  const progress = {
    phase: "sampling",
    done: 1,
    total: 2,
    transitionsPerSecond: 5e4,
    gradients: 1e4,
    divergences: 0,
    rhat: 1.01,
  } as const;
  say({ type: "progress", id, progress });
  if (task.wish.seed === Seed.chatters) setInterval(() => say({ type: "progress", id, progress }), 500);
  void end(task).then((end) => say({ type: "end", id, end }));
}
Deno.exit(0);
