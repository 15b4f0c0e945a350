/**
 * A comparison in the process that computes: a run directory for each method, and above them one comparison. Until all
 * methods are done it stands in {@link UNFINISHED_FILE}, so that `compare.json` is there only when nothing more comes.
 */
import { join } from "node:path";
import { readCompareRequest } from "../commands/compare_request.ts";
import { writeRuns } from "../commands/several_fits.ts";
import { compareMethods } from "../compare/compare.ts";
import { runName } from "../compare/contenders.ts";
import { COMPARE_FILE, type CompareReport, hasFit, readCompare, writeCompare } from "../runs/compare.ts";
import type { TaskEnd, TaskOf } from "./engine_protocol.ts";
import type { MethodState } from "./job.ts";
import { compareValuesOf, sourcesOf } from "./request.ts";
import { verdictOf } from "./results.ts";
import { tableAt, type Work } from "./run_fit.ts";

const UNFINISHED_FILE = "compare.partial.json";

/**
 * @param onFault told when a method ended with an error, after which the engine is not to be trusted
 * @throws WriteError when a run cannot be written
 * @throws what the first method threw when none gave anything to keep; the signal's reason when stopped before one did
 */
export async function runCompare(
  { request, table, out }: TaskOf<"compare">,
  { opened, onProgress, signal }: Work,
  onFault: () => void,
): Promise<TaskEnd> {
  const sources = sourcesOf(request, await tableAt(table), opened.engine.name);
  const { comparison, warnings } = await readCompareRequest(compareValuesOf(request), sources);
  const { contenders } = comparison;
  const methods: MethodState[] = contenders.map(({ name }) => ({
    method: name,
    status: "waiting",
    seconds: null,
  }));
  const steps = writeRuns({
    fits: contenders.map((contender) => ({ name: contender.name, run: runName(contender) })),
    start: ({ begin, signal }) =>
      compareMethods(
        comparison,
        { signal, begin: (contender) => begin(contenders.indexOf(contender)) },
        opened,
      ),
    path: out,
    warnings,
  }, {
    signal,
    begin(at) {
      methods[at] = { ...methods[at], status: "running" };
      return (progress) => onProgress({ ...progress, comparison: { at, methods: [...methods] } });
    },
  });
  let report: CompareReport | undefined, done = 0;
  for await (const step of steps) {
    if (step.outcome === undefined && !signal.aborted) onFault();
    methods[done] = { ...methods[done], ...stateOf(step.report, done) };
    done++;
    if (step.report === undefined) continue;
    report = step.report;
    await writeCompare(out, report, UNFINISHED_FILE);
  }
  return await publish(out, report!); // without a fit to keep there was an error
}

/** How a method ended. Only a method without a fit comes before there is a comparison. */
function stateOf(report: CompareReport | undefined, at: number): Pick<MethodState, "status" | "seconds"> {
  const row = report?.methods[at];
  return { status: row?.status ?? "error", seconds: row?.timing?.total_s ?? null };
}

async function publish(out: string, report: CompareReport): Promise<TaskEnd> {
  await Deno.rename(join(out, UNFINISHED_FILE), join(out, COMPARE_FILE));
  return finished(report);
}

const finished = (report: CompareReport): TaskEnd => ({
  kind: "finished",
  verdict: verdictOf(report),
  partial: report.partial,
});

/** Makes a result of the methods that were done when a comparison broke off; what others left is removed. */
export async function salvageCompare(out: string): Promise<TaskEnd> {
  const whole = await readCompare(out);
  if (whole !== undefined) return finished(whole);
  const report = await readCompare(out, UNFINISHED_FILE);
  if (report === undefined) return { kind: "stopped" };
  const kept = new Set(report.methods.filter(hasFit).map(({ run }) => run));
  for await (const { name, isDirectory } of Deno.readDir(out)) {
    if (isDirectory && !kept.has(name)) await Deno.remove(join(out, name), { recursive: true });
  }
  return await publish(out, report);
}
