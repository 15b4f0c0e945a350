/**
 * A comparison in the process that computes: a run directory for each method, and above them one comparison. Until all
 * methods are done it stands in {@link UNFINISHED_FILE}. A task whose process dies is gone on with: methods that had ended
 * are not run again, and the one that was at work goes on from its checkpoint.
 */
import { join } from "node:path";
import { readCompareRequest } from "../commands/compare_request.ts";
import { writeRuns } from "../commands/several_fits.ts";
import { compareMethods, type MethodEnd } from "../compare/compare.ts";
import { optionsOf, runName } from "../compare/contenders.ts";
import {
  COMPARE_FILE,
  type CompareReport,
  hasFit,
  readCompare,
  UNFINISHED_FILE,
  writeCompare,
} from "../runs/compare.ts";
import { reasonOf } from "../runs/files.ts";
import { keyOf } from "../take_up.ts";
import type { TaskEnd, TaskOf } from "./engine_protocol.ts";
import type { MethodState } from "./job.ts";
import { keepMethod, keptMethods } from "./kept_methods.ts";
import { compareValuesOf, sourcesOf } from "./request.ts";
import { verdictOf } from "./results.ts";
import { LEAVING, tableAt, type Work } from "./run_fit.ts";

/**
 * @param onFault told when a method ended with an error, after which the engine is not to be trusted
 * @throws WriteError when a run cannot be written
 * @throws what the first method threw when none gave anything to keep; the signal's reason when stopped before one did
 */
export async function runCompare(
  { request, table, out }: TaskOf<"compare">,
  { opened, onProgress, onResume, signal, checkpoint }: Work,
  onFault: () => void,
): Promise<TaskEnd> {
  const sources = sourcesOf(request, await tableAt(table), opened.engine.name);
  const { comparison, warnings } = await readCompareRequest(compareValuesOf(request), sources);
  const { contenders, base, effort } = comparison;
  const fits = contenders.map((contender) => ({
    name: contender.name,
    run: runName(contender),
    key: keyOf(optionsOf(contender, base, effort), opened.engine),
  }));
  const earlier = await keptMethods(out, fits);
  if (earlier.length > 0) {
    const { name } = fits[earlier.length] ?? fits.at(-1)!; // all may be done, and only the end be missing
    onResume({ method: name, phase: "data", done: 0, total: 1 });
  }
  const methods: MethodState[] = fits.map(({ name }) => ({ method: name, status: "waiting", seconds: null }));
  const steps = writeRuns({
    fits,
    start: ({ begin, signal }) =>
      compareMethods(comparison, {
        signal,
        earlier,
        begin(contender) {
          return {
            ...begin(contenders.indexOf(contender)),
            checkpoints: checkpoint,
            onResume: (at) => onResume({ method: contender.name, ...at }),
          };
        },
      }, opened),
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
    const { end } = step, { run, key } = fits[done];
    methods[done] = { ...methods[done], ...stateOf(step.report, done) };
    if (done++ >= earlier.length) {
      if (end.kept === undefined && !signal.aborted) onFault();
      if (isFinal(end)) await keep(out, run, key, end);
      if (signal.reason === LEAVING) throw LEAVING;
    }
    if (step.report === undefined) continue;
    report = step.report;
    await writeCompare(out, report, UNFINISHED_FILE);
  }
  return await publish(out, report!); // without a fit to keep there was an error
}

/** Whether another attempt at a method would end no better. */
const isFinal = (end: MethodEnd) =>
  end.kept === undefined ? end.status === "error" : !end.kept.report.partial;

/** Without it a later attempt runs the method again, so that a disk which takes no more is no reason to end. */
async function keep(...method: Parameters<typeof keepMethod>): Promise<void> {
  try {
    await keepMethod(...method);
  } catch (error) {
    console.error(`What a comparison needs to go on after a crash could not be saved (${reasonOf(error)}).`);
  }
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
