/** `fit`: from a CSV file to a run directory and a verdict. */
import { dirname } from "node:path";
import { WriteError } from "../errors.ts";
import { fit as runFit } from "../fit.ts";
import type { FitOutcome } from "../fit_types.ts";
import { progressView } from "../report/progress.ts";
import { summaryText } from "../report/summary.ts";
import type { Terminal } from "../report/terminal.ts";
import { removeCompare } from "../runs/compare.ts";
import { removeComponents } from "../runs/components.ts";
import { checkRunPath, reportJson } from "../runs/directory.ts";
import { reasonOf } from "../runs/files.ts";
import { keptSentence, RunJournal } from "../runs/journal.ts";
import { defineCommand, Exit } from "./command.ts";
import { compareFits } from "./fit_components.ts";
import { FIT_OPTIONS, type FitRequest, readFitRequest } from "./fit_request.ts";
import { SOURCE_OPTIONS, sourcesOf } from "./fit_sources.ts";
import { watchInterrupt } from "./interrupt.ts";
import type { Line, OptionTable } from "./options.ts";
import { withWarnings } from "./several_fits.ts";

const OPTIONS = {
  ...FIT_OPTIONS,
  ...SOURCE_OPTIONS,
  out: { kind: "text", hint: "DIR", help: "run directory (default: a new one under runs/)" },
  force: { kind: "flag", help: "write into --out even if it holds files" },
  strict: { kind: "flag", help: "exit with 3 when the verdict is fail, or no K can be recommended" },
  json: { kind: "flag", help: "print the fit.json object alone; of several K, components.json" },
  quiet: { kind: "flag", help: "no progress and no notes" },
} as const satisfies OptionTable;

export const fit = defineCommand({
  name: "fit",
  summary:
    "Fit the Hill-mixture model to a CSV file, or to the built-in example, and say whether to trust it.",
  positionals: [{
    name: "DATA.csv",
    required: false,
    help: "the data; without it the built-in example is fitted",
  }],
  options: OPTIONS,
  example: "fit sales.csv --date week --spend tv,radio --target revenue --components 2 --holdout 0.2",
  run: runCommand,
});

async function runCommand(line: Line<typeof OPTIONS>, terminal: Terminal): Promise<Exit> {
  const { values } = line;
  const request = await readRequest(line);
  if (!values.quiet) { for (const note of request.notes) terminal.err.write(`${note}\n`); }

  if (request.fits.length > 1) return await compareFits(request, values, terminal);
  const journal = new RunJournal(values.out);
  const outcome = await sample(request, journal, values.quiet, terminal);
  if (outcome === undefined) return Exit.interrupted;
  const { report, draws } = outcome;
  const { files, problem } = await keep(outcome, journal);
  if (problem !== undefined) terminal.err.write(terminal.err.paint("red", "error: ") + problem + "\n");
  else if (journal.trouble !== undefined && !values.quiet) terminal.err.write(`${journal.trouble}\n`);
  const style = { width: terminal.out.width(), paint: terminal.out.paint };
  terminal.out.write(values.json ? reportJson(report) : summaryText(report, draws, files, style));
  if (problem !== undefined) return Exit.internal;
  if (report.partial) return Exit.interrupted;
  return values.strict && report.verdict.status === "fail" ? Exit.failedVerdict : Exit.done;
}

/** The files of the run, or why there are none: then the results on the terminal are all there is. */
async function keep(
  outcome: FitOutcome,
  journal: RunJournal,
): Promise<{ readonly files: readonly string[]; readonly problem?: string }> {
  try {
    const files = await journal.finish(outcome);
    // --force may have put the run where a comparison was.
    await removeComponents(dirname(files[0]!));
    await removeCompare(dirname(files[0]!));
    return { files };
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    return { files: [], problem: error.message };
  }
}

/** Undefined when interrupted before there was a result; says what is kept. */
async function sample(
  request: FitRequest,
  journal: RunJournal,
  quiet: boolean,
  terminal: Terminal,
): Promise<FitOutcome | undefined> {
  using interrupt = watchInterrupt(terminal.err);
  const { signal } = interrupt;
  const view = progressView(terminal.err, quiet);
  try {
    const outcome = await runFit(request.fits[0], { ...journal.hooks(view.show), signal });
    return withWarnings(outcome, request.warnings);
  } catch (error) {
    const interrupted = signal.aborted && error === signal.reason;
    const kept = journal.abandon(
      interrupted ? "was interrupted" : `ended with an error (${reasonOf(error)})`,
    );
    view.close();
    if (kept !== undefined) {
      terminal.err.write(`${interrupted ? "Interrupted; " : ""}${keptSentence(kept)}.\n`);
    } else if (interrupted) {
      terminal.err.write("Interrupted before there were draws to keep; nothing was written.\n");
    }
    if (interrupted) return undefined;
    throw error;
  } finally {
    view.close();
  }
}

/** Reads and checks everything before any work, so that every problem shows at once. */
function readRequest(line: Line<typeof OPTIONS>): Promise<FitRequest> {
  const { values: { out, force, ...values }, problems } = line;
  // A default directory gets its name from the finished fit, but its place can be checked now.
  const checkPath = () => checkRunPath(out ?? "runs", force || out === undefined);
  return readFitRequest(values, sourcesOf(line, OPTIONS), problems, checkPath);
}
