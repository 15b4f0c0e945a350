/** `diagnose`: reads a finished run back and judges its draws anew. */
import { join } from "node:path";
import { assess, assessApproximation } from "../assess.ts";
import { InputError } from "../errors.ts";
import { summaryText } from "../report/summary.ts";
import { readComponents } from "../runs/components.ts";
import { DRAWS_FILE, readRun, REPORT_FILE, reportJson } from "../runs/directory.ts";
import type { FitReport } from "../runs/schema.ts";
import { defineCommand, Exit } from "./command.ts";
import { showComparison } from "./fit_components.ts";

export const diagnose = defineCommand({
  name: "diagnose",
  summary:
    "Read a finished run, compute its convergence diagnostics anew from the draws, and print the verdict.",
  positionals: [{ name: "RUN", required: true, help: "the directory of a finished fit" }],
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
    const run = await readRun(path);
    const { tempering, auto, approximation } = run.report;
    const report: FitReport = {
      ...run.report,
      ...(approximation !== undefined ? assessApproximation(run.draws, approximation) : assess(run.draws, {
        components: run.report.model.components,
        maxSpend: run.report.data.max_spend,
        divergences: run.report.diagnostics.divergences,
        ebfmiMin: run.report.diagnostics.ebfmi_min,
        ...(tempering === undefined
          ? { strongerMethod: "--method tempered" }
          : { tempering: { roundTrips: tempering.round_trips, modes: tempering.modes } }),
        ...(auto === undefined ? {} : { doubts: auto.doubts }),
      })),
    };
    const files = [join(path, REPORT_FILE), join(path, DRAWS_FILE)];
    const style = { width: out.width(), paint: out.paint };
    out.write(values.json ? reportJson(report) : summaryText(report, run.draws, files, style));
    return values.strict && report.verdict.status === "fail" ? Exit.failedVerdict : Exit.done;
  },
});
