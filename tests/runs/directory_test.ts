import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import {
  checkRunPath,
  defaultRunPath,
  freshPath,
  readRun,
  reportJson,
  writeRun,
} from "../../lib/runs/directory.ts";
import { fitReportSchema, SCHEMA_VERSION } from "../../lib/runs/schema.ts";
import { fakeFacts, fakeOutcome, keptOf } from "./fixture.ts";
import { inTemporary, names } from "./temporary.ts";

const sentence = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof InputError, String(error));
  assert.match(error.message, pattern);
  return true;
};

inTemporary(
  "a run reads back as it was written, NaN included, and leaves no temporary files",
  async (directory) => {
    const outcome = fakeOutcome({
      elpd: { loo: NaN, se: NaN, p_loo: NaN, bad_k: 0 },
      holdout: null,
      log_evidence: -123.5,
      partial: true,
    });
    outcome.draws.columns.get("sigma")![7] = NaN;
    const path = join(directory, "a", "b");
    await writeRun(path, outcome);
    assert.deepEqual(await readRun(path), keptOf(outcome));
    assert.deepEqual(await names(path), ["draws.csv", "fit.json"]);
  },
);

inTemporary("writing over a run replaces both files", async (directory) => {
  await writeRun(directory, fakeOutcome({ seed: 1 }, 8, 20));
  const second = fakeOutcome({ seed: 2 }, 2, 10);
  await writeRun(directory, second);
  assert.deepEqual(await readRun(directory), keptOf(second));
});

inTemporary("statistics of transitions stand beside the draws, and go with them", async (directory) => {
  const energy = Float64Array.of(1, 2.5, 3, -4);
  const stats = { chains: 2, draws: 2, columns: new Map([["energy", energy]]) };
  await writeRun(directory, { ...fakeOutcome({}, 2, 2), stats });
  assert.deepEqual(await names(directory), ["draws.csv", "fit.json", "sample_stats.csv"]);
  const text = await Deno.readTextFile(join(directory, "sample_stats.csv"));
  assert.equal(text, "chain,draw,energy\n1,1,1\n1,2,2.5\n2,1,3\n2,2,-4\n");
  await writeRun(directory, fakeOutcome({}, 2, 2));
  assert.deepEqual(await names(directory), ["draws.csv", "fit.json"]);
});

inTemporary("a run that cannot be written leaves the one that was there", async (directory) => {
  const first = fakeOutcome({ seed: 1 });
  await writeRun(directory, first);
  const inTheWay = join(directory, ".fit.json.partial", "x");
  await Deno.mkdir(inTheWay, { recursive: true });
  await assert.rejects(writeRun(directory, fakeOutcome({ seed: 2 })));
  await Deno.remove(join(directory, ".fit.json.partial"), { recursive: true });
  assert.deepEqual(await readRun(directory), keptOf(first));
  assert.deepEqual(await names(directory), ["draws.csv", "fit.json"]);
});

Deno.test("JSON has null where a number is not finite, and every number is plain", () => {
  const { report } = fakeOutcome({ waic: { elpd: NaN, se: Infinity, p_waic: 1 } });
  const value = JSON.parse(reportJson(report));
  assert.deepEqual(value.waic, { elpd: null, se: null, p_waic: 1 });
  assert.ok(Number.isNaN(fitReportSchema.parse(value).waic.se));
});

Deno.test("fit.json has the keys that others rely on", () => {
  const value = JSON.parse(reportJson(fakeOutcome({ log_evidence: -1 }).report));
  const promised = {
    model: ["preset", "components"],
    data: ["rows", "train_rows", "holdout_rows", "spend", "target"],
    timing: ["total_s", "warmup_s", "sampling_s", "gradients", "transitions"],
    diagnostics: [
      "max_rhat",
      "min_ess_bulk",
      "min_ess_tail",
      "divergences",
      "ebfmi_min",
      "label_invariant",
      "relabelled",
    ],
    verdict: ["status", "handover", "strict", "reasons"],
    elpd: ["loo", "se", "p_loo", "bad_k"],
    holdout: ["rmse", "crps", "coverage_90"],
  };
  for (const [part, keys] of Object.entries(promised)) {
    for (const key of keys) assert.ok(key in value[part], `${part}.${key}`);
    const { [part]: _gone, ...without } = value;
    assert.equal(fitReportSchema.safeParse(without).success, false, `${part} is required`);
  }
  for (const key of ["method", "engine", "seed", "log_evidence", "schema_version"]) {
    assert.ok(key in value, key);
  }
  assert.deepEqual(Object.keys(value.summary[0]), [
    "name",
    "mean",
    "sd",
    "q5",
    "q50",
    "q95",
    "rhat",
    "ess_bulk",
    "ess_tail",
    "mcse_mean",
  ]);
});

inTemporary("what is no whole run is refused with a sentence", async (directory) => {
  const report = join(directory, "fit.json");
  const text = reportJson(fakeOutcome().report);
  await assert.rejects(
    readRun(join(directory, "nowhere")),
    sentence(/fit\.json: does not exist; give the directory/),
  );
  await Deno.writeTextFile(report, text.slice(0, 300));
  await assert.rejects(readRun(directory), sentence(/not valid JSON, perhaps cut short/));
  await Deno.writeTextFile(report, "null");
  await assert.rejects(readRun(directory), sentence(/top level/));
  await Deno.writeTextFile(report, text.replace('"seed": 42', '"seed": "many"'));
  await assert.rejects(readRun(directory), sentence(/fit\.json, seed: .*fit again/));
  const newer = text.replace(
    `"schema_version": ${SCHEMA_VERSION}`,
    `"schema_version": ${SCHEMA_VERSION + 1}`,
  );
  await Deno.writeTextFile(report, newer);
  await assert.rejects(readRun(directory), sentence(/newer hillmix \(schema version 2; this one reads 1\)/));
  await Deno.writeTextFile(report, text);
  await assert.rejects(readRun(directory), sentence(/draws\.csv: does not exist/));
  await assert.rejects(readRun(report), sentence(/does not exist/));
});

inTemporary("a place for a run is checked before the work", async (directory) => {
  await checkRunPath(join(directory, "new", "deep"), false);
  await checkRunPath(directory, false);
  assert.deepEqual(await names(directory), [], "checking leaves nothing behind");
  await Deno.writeTextFile(join(directory, "notes.txt"), "");
  await assert.rejects(
    checkRunPath(directory, false),
    sentence(/already holds files \(notes.txt\).*--force/),
  );
  await checkRunPath(directory, true);
  await assert.rejects(checkRunPath(join(directory, "notes.txt"), true), sentence(/is a file/));
  await assert.rejects(checkRunPath(join(directory, "notes.txt", "x"), false), sentence(/is a file/));
  await assert.rejects(checkRunPath("", false), sentence(/is empty/));
  assert.deepEqual(await names(directory), ["notes.txt"]);
});

inTemporary(
  "a run's own name says when, what and how many curves, and is never reused",
  async (directory) => {
    const facts = fakeFacts();
    assert.equal(defaultRunPath(facts), join("runs", "20261122T104501Z-weekly-sales-k2"));
    const odd = { ...facts, data: { ...facts.data, name: "../../Ünï – ¿?" } };
    assert.equal(defaultRunPath(odd), join("runs", "20261122T104501Z-n-k2"));
    const path = join(directory, "run");
    assert.equal(freshPath(path), path);
    await Deno.mkdir(path);
    assert.equal(freshPath(path), `${path}-2`);
  },
);
