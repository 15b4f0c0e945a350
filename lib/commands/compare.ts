/** `compare`: one series by every method, and a sentence on which to use. */
import { join } from "node:path";
import { compareMethods } from "../compare/compare.ts";
import { runName } from "../compare/contenders.ts";
import { parseTruth, truthPath } from "../data/truth.ts";
import type { Truth } from "../data/simulate.ts";
import type { Series } from "../data/series.ts";
import { formatProblem, InputError } from "../errors.ts";
import type { FitOutcome } from "../fit_types.ts";
import { compareText } from "../report/compare.ts";
import { formatFixed, formatInterval, formatSeconds } from "../report/format.ts";
import type { Sink, Terminal } from "../report/terminal.ts";
import { COMPARE_FILE, compareJson, type CompareReport, hasFit, writeCompare } from "../runs/compare.ts";
import { removeComponents } from "../runs/components.ts";
import { checkRunPath, freshPath, pathUnderRuns } from "../runs/directory.ts";
import { defineCommand, Exit } from "./command.ts";
import { COMPARE_OPTIONS, type CompareRequest, readCompareRequest } from "./compare_request.ts";
import { readBytes } from "./data_source.ts";
import { SOURCE_OPTIONS, sourcesOf } from "./fit_sources.ts";
import type { Line, OptionTable } from "./options.ts";
import { writeInTurn } from "./several_fits.ts";

const OPTIONS = {
  ...COMPARE_OPTIONS,
  truth: {
    kind: "text",
    hint: "FILE.json",
    help: "truth behind simulated data (default: DATA.truth.json if it is there)",
  },
  ...SOURCE_OPTIONS,
  out: { kind: "text", hint: "DIR", help: "directory of the comparison (default: a new one under runs/)" },
  force: { kind: "flag", help: "write into --out even if it holds files" },
  strict: { kind: "flag", help: "exit with 3 when no method can be recommended" },
  json: { kind: "flag", help: "print the compare.json object alone" },
  quiet: { kind: "flag", help: "no progress and no notes" },
} as const satisfies OptionTable;

export const compare = defineCommand({
  name: "compare",
  summary:
    "Fit one series by every method, hold the answers to each other in statistics and in money, and say which to use.",
  positionals: [{
    name: "DATA.csv",
    required: false,
    help: "the data; without it the built-in example is used",
  }],
  options: OPTIONS,
  example: "compare sales.csv --spend tv,radio --target revenue --components 2 --methods tempered,advi",
  run: runCommand,
});

async function runCommand(line: Line<typeof OPTIONS>, { out, err }: Terminal): Promise<Exit> {
  const { values } = line;
  const { comparison, notes, warnings } = await readComparison(line);
  if (!values.quiet) { for (const note of notes) err.write(`${note}\n`); }
  const { contenders, base } = comparison;
  const path = values.out ?? freshPath(
    pathUnderRuns(new Date().toISOString(), base.series.name, `k${base.spec.components}-compare`),
  );
  const report = await writeInTurn({
    fits: contenders.map((contender) => ({ name: contender.name, run: runName(contender) })),
    start: ({ begin, signal }) =>
      compareMethods(comparison, { signal, begin: (contender) => begin(contenders.indexOf(contender)) }),
    path,
    async write(path, report: CompareReport) {
      await writeCompare(path, report);
      await removeComponents(path); // --force may have put it where another comparison was
    },
    describe: resultText,
    warnings,
    quiet: values.quiet,
  }, err);
  if (report === undefined) {
    err.write("Interrupted before there were draws to keep; nothing was written.\n");
    return Exit.interrupted;
  }
  const shown = showCompare(path, report, values, out);
  return report.partial ? Exit.interrupted : shown;
}

/** Prints a comparison that lies in `path`. */
export function showCompare(
  path: string,
  report: CompareReport,
  { json, strict }: { readonly json: boolean; readonly strict: boolean },
  out: Sink,
): Exit {
  const files = [COMPARE_FILE, ...report.methods.filter(hasFit).map(({ run }) => run)].map((name) =>
    join(path, name)
  );
  const style = { width: out.width(), paint: out.paint };
  out.write(json ? compareJson(report) : compareText(report, files, style));
  return strict && report.advice.method === null ? Exit.failedVerdict : Exit.done;
}

/** Reads and checks everything before any work, so that every problem shows at once. */
async function readComparison(line: Line<typeof OPTIONS>): Promise<CompareRequest> {
  const { truth, out, force, ...values } = line.values;
  const checkPath = () => checkRunPath(out ?? "runs", force || out === undefined);
  const request = await readCompareRequest(values, sourcesOf(line, OPTIONS), line.problems, checkPath);
  const { comparison } = request;
  const { known, notes } = await findTruth(line.positionals[0], truth, comparison.base.series);
  return {
    comparison: { ...comparison, ...(known === undefined ? {} : { truth: known }) },
    notes: [...request.notes, ...notes],
    warnings: request.warnings,
  };
}

interface Found {
  readonly known?: Truth;
  readonly notes: readonly string[];
}

/** The truth named, or the one that lies beside the data. */
async function findTruth(
  file: string | undefined,
  named: string | undefined,
  series: Series,
): Promise<Found> {
  const path = named ?? (file === undefined ? undefined : truthPath(file));
  if (path === undefined || named === undefined && !(await exists(path))) return { notes: [] };
  try {
    const text = new TextDecoder().decode(await readBytes(path));
    return { known: parseTruth(text, series, path), notes: [] };
  } catch (error) {
    if (named !== undefined || !(error instanceof InputError)) throw error;
    return { notes: error.problems.map((problem) => `Left aside: ${formatProblem(problem)}`) };
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

function resultText({ report: { verdict, business, timing } }: FitOutcome): string {
  return [
    verdict.status,
    business === undefined ? "" : `contribution ${formatInterval(business.contribution)}`,
    business === undefined ? "" : `ROAS ${formatFixed(business.roas.mean, 3)}`,
    formatSeconds(timing.total_s),
  ].filter((part) => part !== "").join(", ");
}
