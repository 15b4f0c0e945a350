import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError, WriteError } from "../../lib/errors.ts";
import {
  COMPONENTS_FILE,
  componentsJson,
  readComponents,
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
  assert.deepEqual(await readComponents(path), REPORT);
  assert.equal(JSON.parse(text).components[1].fit.elpd.difference, null);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name), [COMPONENTS_FILE]);
  await removeComponents(path);
  await removeComponents(path);
  assert.equal(await readComponents(path), undefined);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(path)), []);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a damaged comparison is a sentence", async () => {
  const directory = await Deno.makeTempDir();
  for (
    const text of [
      '{"schema_version": 1',
      '{"schema_version": 2}',
      componentsJson(REPORT).replace("pass", "past"),
    ]
  ) {
    await Deno.writeTextFile(join(directory, COMPONENTS_FILE), text);
    await assert.rejects(
      readComponents(directory),
      (error) =>
        error instanceof InputError && /components\.json: is damaged or .* newer hillmix/.test(error.message),
    );
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a place that cannot be written to is a sentence", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(
    writeComponents(join(file, "below"), REPORT),
    (error) => error instanceof WriteError && /comparison could not be written/.test(error.message),
  );
  await Deno.remove(file);
});
