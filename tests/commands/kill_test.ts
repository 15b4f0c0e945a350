/** Two real fits ended early, one of them by force; `tests/long/kill_test.ts` ends many. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../lib/runs/directory.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { inTemporary } from "../runs/temporary.ts";
import { diagnose, endFit, says } from "./real_fit.ts";

const FIT = "--method chees --components 1 --chains 8 --warmup 40 --draws 60000".split(" ");

inTemporary("a fit killed while it draws leaves draws that diagnose judges", async (directory) => {
  const run = join(directory, "run");
  const { code } = await endFit(
    [...FIT, "--engine", "cpu", "--out", run],
    "SIGKILL",
    says("sampling 10%", 1500),
  );
  assert.equal(code, 137);
  const judged = await diagnose(run);
  assert.equal(judged.code, 0, judged.err);
  const report = fitReportSchema.parse(JSON.parse(judged.out)), { draws } = report.sampling;
  assert.ok(draws > 25 && draws < 60000, `${draws} draws are those of the first batch, or too many`);
  assert.equal(report.partial, true);
  assert.notEqual(report.verdict.status, "pass");
  assert.match(
    report.verdict.reasons[0]!,
    new RegExp(`killed in phase sampling, at ${draws} of 60000 draws`),
  );
  assert.ok(report.summary.every(({ mean, sd }) => Number.isFinite(mean) && sd >= 0));
});

inTemporary(
  "a fit interrupted while it draws judges and writes what it has, and exits with 130",
  async (directory) => {
    const run = join(directory, "run");
    const { code, out, err } = await endFit([...FIT, "--json", "--out", run], "SIGINT", says("sampling 10%"));
    assert.equal(code, 130, err);
    const kept = await readRun(run);
    assert.ok("report" in kept);
    assert.equal(kept.report.partial, true);
    assert.equal(kept.draws.draws, kept.report.sampling.draws);
    assert.deepEqual(fitReportSchema.parse(JSON.parse(out)), kept.report);
  },
);
