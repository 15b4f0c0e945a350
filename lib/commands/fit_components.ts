/** `fit --components 1..5`: a run directory for each number of curves, and above them one comparison. */
import { join } from "node:path";
import { chooseComponents } from "../choose_components.ts";
import type { FitOptions, FitOutcome } from "../fit_types.ts";
import { componentsText } from "../report/components.ts";
import { formatFixed, formatSeconds } from "../report/format.ts";
import type { Sink, Terminal } from "../report/terminal.ts";
import {
  COMPONENTS_FILE,
  componentsJson,
  type ComponentsReport,
  writeComponents,
} from "../runs/components.ts";
import { removeCompare } from "../runs/compare.ts";
import { freshPath, pathUnderRuns } from "../runs/directory.ts";
import { Exit } from "./command.ts";
import { writeInTurn } from "./several_fits.ts";

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

/** Undefined when interrupted before there was anything to keep. */
async function fitAndWrite(
  { fits, warnings }: Comparison,
  { out, quiet }: Output,
  { err }: Terminal,
): Promise<Written | undefined> {
  const numbers = fits.map(({ spec }) => spec.components);
  const path = out ?? freshPath(
    pathUnderRuns(new Date().toISOString(), fits[0].series.name, `k${numbers[0]}-${numbers.at(-1)}`),
  );
  const report = await writeInTurn({
    fits: numbers.map((components) => ({ name: `K = ${components}`, run: `k${components}` })),
    start: ({ begin, signal }) =>
      chooseComponents(fits, { signal, begin: (components) => begin(numbers.indexOf(components)) }),
    path,
    async write(path, report: ComponentsReport) {
      await writeComponents(path, report);
      await removeCompare(path); // --force may have put it where another comparison was
    },
    describe: resultText,
    warnings,
    quiet,
  }, err);
  return report && { path, report };
}

function resultText({ report: { verdict, log_evidence, elpd, timing } }: FitOutcome): string {
  return [
    verdict.status,
    log_evidence === undefined ? "" : `log evidence ${formatFixed(log_evidence, 2)}`,
    `LOO elpd ${formatFixed(elpd.loo, 1)}`,
    formatSeconds(timing.total_s),
  ].filter((part) => part !== "").join(", ");
}
