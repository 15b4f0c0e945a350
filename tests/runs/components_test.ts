import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import {
  COMPONENTS_FILE,
  componentsJson,
  componentsReportSchema,
  removeComponents,
  writeComponents,
} from "../../lib/runs/components.ts";
import { below, comparedRow, componentsReport, share } from "./compared_fixture.ts";

const REPORT = componentsReport([
  comparedRow(1, share(0.25, 0.2, 0.31)),
  comparedRow(2, { ...below(NaN, NaN), verdict: "fail", holdout: null }),
  { components: 3, fit: null, reason: "the device was lost." },
]);

Deno.test("a comparison reads back as it was written, NaN as null, in place of an older one", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "deep", "er");
  await writeComponents(path, componentsReport([comparedRow(1)]));
  await writeComponents(path, REPORT);
  const text = await Deno.readTextFile(join(path, COMPONENTS_FILE));
  assert.equal(text, componentsJson(REPORT));
  assert.deepEqual(componentsReportSchema.parse(JSON.parse(text)), REPORT);
  assert.equal(JSON.parse(text).components[1].fit.elpd.difference, null);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name), [COMPONENTS_FILE]);
  await removeComponents(path);
  await removeComponents(path);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(path)), []);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a place that cannot be written to is a sentence", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(
    writeComponents(join(file, "below"), REPORT),
    (error) => error instanceof InputError && /components\.json could not be written/.test(error.message),
  );
  await Deno.remove(file);
});
