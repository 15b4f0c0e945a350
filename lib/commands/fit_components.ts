/** `fit --components 1..5`: a run directory for each number of curves, and above them one comparison. */
import { join } from "node:path";
import { chooseComponents } from "../choose_components.ts";
import type { FitOptions, FitOutcome } from "../fit_types.ts";
import { componentsText } from "../report/components.ts";
import { formatFixed, formatSeconds } from "../report/format.ts";
import { progressView } from "../report/progress.ts";
import type { Sink, Terminal } from "../report/terminal.ts";
import {
  COMPONENTS_FILE,
  componentsJson,
  type ComponentsReport,
  writeComponents,
} from "../runs/components.ts";
import { freshPath, pathUnderRuns } from "../runs/directory.ts";
import { RunJournal } from "../runs/journal.ts";
import { Exit } from "./command.ts";
import { watchInterrupt } from "./interrupt.ts";

/** What to fit, and sentences about the data for every report. */
interface Comparison {
  readonly fits: readonly FitOptions[];
  readonly warnings: readonly string[];
}

/** Where it goes and how it is told. */
interface Output {
  readonly out: string | undefined;
  readonly strict: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Fits, writes and prints; `--strict` wants a K that can be recommended. */
export async function compareFits(
  comparison: Comparison,
  output: Output,
  { out, err }: Terminal,
): Promise<Exit> {
  const written = await fitAndWrite(comparison, output, { out, err });
  if (written === undefined) {
    err.write("Interrupted before there were draws to keep; nothing was written.\n");
    return Exit.interrupted;
  }
  const { path, report } = written;
  const shown = showComparison(path, report, output, out);
  return report.partial ? Exit.interrupted : shown;
}

/** Prints a comparison that lies in `path`. */
export function showComparison(
  path: string,
  report: ComponentsReport,
  { json, strict }: Pick<Output, "json" | "strict">,
  out: Sink,
): Exit {
  const runs = report.components.flatMap(({ fit }) => fit === null ? [] : [join(path, fit.run)]);
  const style = { width: out.width(), paint: out.paint };
  const files = [join(path, COMPONENTS_FILE), ...runs];
  out.write(json ? componentsJson(report) : componentsText(report, files, style));
  return strict && report.choice.components === null ? Exit.failedVerdict : Exit.done;
}

interface Written {
  readonly path: string;
  readonly report: ComponentsReport;
}

/** Writes each fit as it ends, so that nothing finished is ever lost. Undefined when interrupted before that. */
async function fitAndWrite(
  { fits, warnings }: Comparison,
  { out, quiet }: Output,
  { err }: Terminal,
): Promise<Written | undefined> {
  using interrupt = watchInterrupt(err);
  const { signal } = interrupt;
  const numbers = fits.map(({ spec }) => spec.components);
  const say = (text: string) => quiet || err.write(`${text}\n`);
  const path = out ?? freshPath(
    pathUnderRuns(new Date().toISOString(), fits[0].series.name, `k${numbers[0]}-${numbers.at(-1)}`),
  );
  let view = progressView(err, quiet), journal: RunJournal | undefined, written: Written | undefined;
  const steps = chooseComponents(fits, {
    signal,
    begin(components) {
      say(`K = ${components} (${numbers.indexOf(components) + 1} of ${numbers.length})`);
      view = progressView(err, quiet);
      journal = new RunJournal(join(path, `k${components}`));
      return journal.hooks(view.show);
    },
  });
  try {
    for await (const { components, outcome, report } of steps) {
      view.close();
      if (outcome !== undefined) await journal?.finish(withWarnings(outcome, warnings));
      else journal?.abandon("gave nothing to compare");
      journal = undefined;
      say(`K = ${components}: ${outcome === undefined ? "no fit" : resultText(outcome)}`);
      if (report === undefined) continue;
      await writeComponents(path, report);
      written = { path, report };
    }
    return written;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  } finally {
    view.close();
  }
}

function resultText({ report: { verdict, log_evidence, elpd, timing } }: FitOutcome): string {
  return [
    verdict.status,
    log_evidence === undefined ? "" : `log evidence ${formatFixed(log_evidence, 2)}`,
    `LOO elpd ${formatFixed(elpd.loo, 1)}`,
    formatSeconds(timing.total_s),
  ].filter((part) => part !== "").join(", ");
}

/** A fit whose report says first what is odd about the data. */
export function withWarnings(outcome: FitOutcome, warnings: readonly string[]): FitOutcome {
  const { report } = outcome;
  return { ...outcome, report: { ...report, warnings: [...warnings, ...report.warnings] } };
}
