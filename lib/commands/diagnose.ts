/** `diagnose`: reads a run back, finished or not, and judges its draws anew. */
import { join } from "node:path";
import { assess, assessApproximation } from "../assess.ts";
import { InputError } from "../errors.ts";
import { summaryText } from "../report/summary.ts";
import { readCompare } from "../runs/compare.ts";
import { readComponents } from "../runs/components.ts";
import {
  DRAWS_FILE,
  type FinishedRun,
  PARTIAL_FILE,
  readRun,
  REPORT_FILE,
  reportJson,
} from "../runs/directory.ts";
import { salvage } from "../salvage.ts";
import { evidenceOf } from "../tempering_report.ts";
import { defineCommand, Exit } from "./command.ts";
import { showCompare } from "./compare.ts";
import { showComparison } from "./fit_components.ts";

export const diagnose = defineCommand({
  name: "diagnose",
  summary: "Read a run, finished or killed, compute its convergence diagnostics anew, and print the verdict.",
  positionals: [{ name: "RUN", required: true, help: "the directory of a fit" }],
  options: {
    strict: { kind: "flag", help: "exit with 3 when the verdict is fail" },
    json: { kind: "flag", help: "print the fit.json object alone, diagnostics renewed" },
  },
  example: "diagnose runs/20261122T104501Z-sales-k3",
  async run({ values, positionals, problems }, { out }) {
    if (problems.length > 0) throw new InputError(problems);
    const [path] = positionals;
    const comparison = await readComponents(path);
    if (comparison !== undefined) return showComparison(path, comparison, values, out);
    const methods = await readCompare(path);
    if (methods !== undefined) return showCompare(path, methods, values, out);
    const run = await readRun(path);
    const { report, draws, file } = "report" in run
      ? { ...judgeAnew(run), file: DRAWS_FILE }
      : { ...salvage(run, path), file: PARTIAL_FILE };
    const files = [join(path, REPORT_FILE), join(path, file)];
    const style = { width: out.width(), paint: out.paint };
    out.write(values.json ? reportJson(report) : summaryText(report, draws, files, style));
    return values.strict && report.verdict.status === "fail" ? Exit.failedVerdict : Exit.done;
  },
});

function judgeAnew({ report, draws }: FinishedRun): FinishedRun {
  const { log_evidence = NaN, tempering, auto, two_stage, approximation } = report;
  const judged = approximation !== undefined ? assessApproximation(draws, approximation) : assess(draws, {
    components: report.model.components,
    maxSpend: report.data.max_spend,
    divergences: report.diagnostics.divergences,
    ebfmiMin: report.diagnostics.ebfmi_min,
    ...(tempering === undefined
      ? { strongerMethod: "--method tempered" }
      : { tempering: evidenceOf({ log_evidence, tempering }) }),
    ...(auto === undefined ? {} : { doubts: auto.doubts }),
    ...(two_stage === undefined ? {} : { doubts: two_stage.doubts, targets: two_stage.fits }),
  });
  return { report: { ...report, ...judged }, draws };
}
