/** What is made of a comparison that broke off, for every moment at which it can have. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { compareReportSchema, writeCompare } from "../../lib/runs/compare.ts";
import { salvageCompare } from "../../lib/service/run_compare.ts";
import { writeRun } from "../../lib/runs/directory.ts";
import { compareReport, missing, sampler } from "../runs/compare_fixture.ts";
import { fakeOutcome } from "../runs/fixture.ts";

/** Salvages a directory that `prepare` has filled; how that ended, and what is there then. */
async function salvaged(prepare: (out: string) => Promise<void>) {
  const out = await Deno.makeTempDir();
  try {
    await prepare(out);
    const end = await salvageCompare(out);
    const names = (await Array.fromAsync(Deno.readDir(out), ({ name }) => name)).sort();
    const text = names.includes("compare.json") ? await Deno.readTextFile(join(out, "compare.json")) : null;
    return { end, names, report: text === null ? null : compareReportSchema.parse(JSON.parse(text)) };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const methods = (...names: string[]) => (out: string) =>
  Promise.all(names.map((name) => writeRun(join(out, name), fakeOutcome()))).then(() => {});

Deno.test("before the first method was done there is nothing to keep", async () => {
  const { end, report } = await salvaged(methods("chees"));
  assert.deepEqual([end, report], [{ kind: "stopped" }, null]);
});

Deno.test("methods that were done are the result, and what the one at work left is removed", async () => {
  const done = compareReport([sampler("chees"), missing("nuts", "it broke.")], { partial: true });
  const { end, names, report } = await salvaged(async (out) => {
    await methods("chees", "tempered")(out);
    await writeCompare(out, done, "compare.partial.json");
  });
  assert.deepEqual(end, { kind: "finished", verdict: "pass", partial: true });
  assert.deepEqual(names, ["chees", "compare.json"]);
  assert.deepEqual(report, done);
});

Deno.test("a comparison that was whole is what it is", async () => {
  const whole = compareReport([sampler("chees", { status: "fail" })]);
  const { end, names } = await salvaged(async (out) => {
    await methods("chees")(out);
    await writeCompare(out, whole);
  });
  assert.deepEqual(end, { kind: "finished", verdict: "fail", partial: false });
  assert.deepEqual(names, ["chees", "compare.json"]);
});
