import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError, WriteError } from "../../lib/errors.ts";
import {
  COMPARE_FILE,
  compareJson,
  readCompare,
  removeCompare,
  writeCompare,
} from "../../lib/runs/compare.ts";
import { approximation, compareReport, missing, sampler } from "./compare_fixture.ts";

const REPORT = compareReport([
  sampler("chees", { holdout: null }),
  sampler("tempered"),
  approximation("advi"),
  missing("nuts", "the device was lost."),
]);

Deno.test("a comparison of methods reads back as it was written, NaN as null", async () => {
  const directory = await Deno.makeTempDir(), path = join(directory, "deep");
  await writeCompare(path, compareReport([sampler("chees")]));
  await writeCompare(path, REPORT);
  const text = await Deno.readTextFile(join(path, COMPARE_FILE));
  assert.equal(text, compareJson(REPORT));
  assert.deepEqual(await readCompare(path), REPORT);
  assert.equal(JSON.parse(text).methods[2].diagnostics.max_rhat, null);
  await removeCompare(path);
  await removeCompare(path);
  assert.equal(await readCompare(path), undefined);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("the file has the keys that others rely on, fit or no fit", () => {
  const { reference, methods, advice } = JSON.parse(compareJson(REPORT));
  assert.equal(reference, "tempered");
  assert.equal(typeof advice.method, "string");
  for (const row of methods) {
    for (const key of ["method", "status", "timing", "diagnostics", "elpd", "holdout", "gap", "business"]) {
      assert.ok(key in row, `${row.method} has no ${key}`);
    }
  }
  const { business, gap } = methods[0];
  for (const each of [business.contribution, business.roas, business.marginal_roas]) {
    assert.ok(each.q5 < each.mean && each.mean < each.q95);
  }
  assert.equal(business.curve.length, 5);
  assert.equal(gap.business.curve.length, 5);
});

Deno.test("a damaged comparison is a sentence, and so is a place that cannot be written to", async () => {
  const directory = await Deno.makeTempDir();
  for (const text of ["{", '{"schema_version": 2}', compareJson(REPORT).replace('"pass"', '"past"')]) {
    await Deno.writeTextFile(join(directory, COMPARE_FILE), text);
    await assert.rejects(
      readCompare(directory),
      (error) =>
        error instanceof InputError && /compare\.json: is damaged or .* newer hillmix/.test(error.message),
    );
  }
  await assert.rejects(
    writeCompare(join(directory, COMPARE_FILE, "below"), REPORT),
    (error) =>
      error instanceof WriteError && /^The comparison could not be written to/.test(error.message) &&
      /^[^/]+$/.test(error.reason),
  );
  await Deno.remove(directory, { recursive: true });
});
