import assert from "node:assert/strict";
import { join } from "node:path";
import { componentsReportSchema } from "../../lib/runs/components.ts";
import { makePlace, type Place, readUntil } from "./cli.ts";
import { Seed } from "./fake/fit.ts";

/** The engine is real, if idle: the processor's is the one that opens anywhere. */
const RANGE = "fit --engine cpu --components 1..3";

async function comparisonOf(place: Place, name: string) {
  return componentsReportSchema.parse(
    JSON.parse(await Deno.readTextFile(join(place.directory, name, "components.json"))),
  );
}

Deno.test("a range of K writes a run for each, one comparison above them, and one table", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run(`${RANGE} --out here`);
  assert.equal(code, 0, err);
  assert.match(out, /^hillmix .*: built-in example, how many curves\?\n/);
  assert.match(out, /^K +verdict +log evidence/m);
  assert.match(err, /^K = 2 \(2 of 3\)$/m);
  assert.match(err, /^K = 2: review, /m);
  const runs = ["k1", "k2", "k3"].flatMap((run) =>
    ["draws.csv", "fit.json"].map((file) => join("here", run, file))
  );
  assert.deepEqual(await place.files(), [join("here", "components.json"), ...runs]);
  const report = await comparisonOf(place, "here");
  assert.deepEqual([report.method, report.partial], ["tempered", false]);
  assert.deepEqual(report.components.map(({ components, fit }) => [components, fit!.run]), [
    [1, "k1"],
    [2, "k2"],
    [3, "k3"],
  ]);
  assert.equal((await place.run(`diagnose ${join("here", "k2")}`)).code, 0);
  assert.deepEqual(
    await place.run("diagnose here"),
    { code: 0, out, err: "" },
    "the comparison can be seen again",
  );
});

Deno.test("one fit written over a comparison is what diagnose sees from then on", async () => {
  await using place = await makePlace();
  await place.run(`${RANGE} --quiet --out here`);
  assert.equal((await place.run("fit --quiet --out here --force")).code, 0);
  const { out } = await place.run("diagnose here");
  assert.match(out, /^Verdict: /m);
  assert.doesNotMatch(out, /how many curves/);
});

Deno.test("--json prints the comparison alone; a list of K and another method do as told", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run(
    "fit --engine cpu --components 3,1 --method chees --json --quiet --out here",
  );
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, await Deno.readTextFile(join(place.directory, "here", "components.json")));
  const report = componentsReportSchema.parse(JSON.parse(out));
  assert.equal(report.method, "chees");
  assert.deepEqual(report.components.map(({ components }) => components), [1, 3]);
  assert.match(report.choice.sentences.join(" "), /only --method tempered/);
});

Deno.test("without --out the runs share a new directory named after data and range", async () => {
  await using place = await makePlace();
  await place.run(`${RANGE} --quiet`);
  const files = await place.files();
  assert.equal(files.length, 7);
  for (const file of files) assert.match(file, /^runs\/\d{8}T\d{6}Z-built-in-example-k1-3\//);
});

Deno.test("a K whose fit breaks is a row with its reason; the others are done", async () => {
  await using place = await makePlace();
  const { code, out } = await place.run(`${RANGE} --out here --seed ${Seed.loses}`);
  assert.equal(code, 0);
  assert.match(out.replaceAll(/\s+/g, " "), /K = 2: no fit; No WebGPU adapter was found/);
  const { components } = await comparisonOf(place, "here");
  assert.deepEqual(components.map(({ fit }) => fit !== null), [true, false, true]);
  assert.ok(!(await place.files()).some((file) => file.includes("k2")));
});

Deno.test("--strict wants a K that can be recommended", async () => {
  await using place = await makePlace();
  assert.equal((await place.run(`${RANGE} --quiet --seed ${Seed.fails}`)).code, 0);
  const strict = await place.run(`${RANGE} --quiet --strict --seed ${Seed.fails}`);
  assert.equal(strict.code, 3);
  assert.match(strict.out, /^No number of curves can be recommended/m);
  assert.equal((await place.run(`${RANGE} --quiet --strict`)).code, 0);
});

Deno.test("Ctrl-C keeps the K's that are finished, and what the one under way had", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`${RANGE} --out here --seed ${Seed.waits}`);
  await readUntil(child.stderr, "K = 2 (2 of 3)");
  child.kill("SIGINT");
  const out = await new Response(child.stdout).text();
  assert.equal((await child.status).code, 130);
  assert.match(out, /how many curves\? \(interrupted\)/);
  const { components, partial } = await comparisonOf(place, "here");
  assert.equal(partial, true);
  assert.deepEqual(components.map(({ fit }) => fit?.partial), [false, true, undefined]);
  assert.match(components[2].reason!, /before its turn/);
});

Deno.test("Ctrl-C before there is anything to keep writes nothing", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --engine cpu --components 2,3 --seed ${Seed.waitsWithoutDraws}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert.equal(await new Response(child.stdout).text(), "");
  assert.deepEqual(await place.files(), []);
});
