import assert from "node:assert/strict";
import { join } from "node:path";
import { USUAL_CONTENDERS } from "../../lib/compare/contenders.ts";
import { METHODS } from "../../lib/fit_types.ts";
import { compareReportSchema } from "../../lib/runs/compare.ts";
import { makePlace, type Place, readUntil } from "./cli.ts";
import { Seed } from "./fake/fit.ts";

/** The engine is real, if idle: the processor's is the one that opens anywhere. */
const COMPARE = "compare --engine cpu";
const TWO = `${COMPARE} --methods tempered,nuts:none`;

async function comparisonOf(place: Place, name: string) {
  return compareReportSchema.parse(
    JSON.parse(await Deno.readTextFile(join(place.directory, name, "compare.json"))),
  );
}

Deno.test("every method gets a run, with one comparison above them and one text", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run(`${COMPARE} --out here`);
  assert.equal(code, 0, err);
  const count = USUAL_CONTENDERS.length;
  assert.match(out, /^hillmix .*: built-in example, which method\?\n/);
  assert.match(err, new RegExp(`^tempered \\(\\d of ${count}\\)$`, "m"));
  assert.match(err, /^tempered: review, contribution .* \(.* to .*\), ROAS /m);
  const report = await comparisonOf(place, "here");
  assert.equal(report.partial, false);
  assert.deepEqual(report.methods.map(({ method }) => method), USUAL_CONTENDERS.map(({ name }) => name));
  assert.ok(
    report.truth !== null && report.methods.every(({ recovery }) => recovery !== null),
    "the example's is known",
  );
  assert.equal((await place.files()).length, 1 + 2 * count);
  assert.deepEqual(
    await place.run("diagnose here"),
    { code: 0, out, err: "" },
    "the comparison can be seen again",
  );
});

Deno.test("--json prints the comparison alone; methods are those named; effort and seed reach the fits", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run(`${TWO} --effort 0.5 --seed 1234 --json --quiet --out here`);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, await Deno.readTextFile(join(place.directory, "here", "compare.json")));
  const report = compareReportSchema.parse(JSON.parse(out));
  assert.deepEqual([report.effort, report.seed], [0.5, 1234]);
  assert.deepEqual(report.methods.map(({ method, run }) => [method, run]), [
    ["tempered", "tempered"],
    ["nuts:none", "nuts-none"],
  ]);
  const run = JSON.parse(await Deno.readTextFile(join(place.directory, "here", "tempered", "fit.json")));
  assert.equal(run.sampling.warmup, METHODS.tempered.warmup / 2);
});

Deno.test("without --out the comparison gets a new directory named after the data", async () => {
  await using place = await makePlace();
  await place.run(`${TWO} --quiet`);
  const files = await place.files();
  assert.equal(files.length, 5);
  for (const file of files) assert.match(file, /^runs\/\d{8}T\d{6}Z-built-in-example-k2-compare\//);
});

Deno.test("the truth that simulate wrote beside the data is found; one of other data is left aside", async () => {
  await using place = await makePlace();
  await place.run("simulate --dgp mixture_k2 --length 60 --out sim.csv");
  await place.run("simulate --dgp mixture_k2 --length 60 --seed 5 --out other.csv");
  await place.run(`${TWO} sim.csv --components 2 --quiet --out known`);
  assert.ok((await comparisonOf(place, "known")).truth !== null);
  await Deno.copyFile(join(place.directory, "other.truth.json"), join(place.directory, "sim.truth.json"));
  const { code, err } = await place.run(`${TWO} sim.csv --components 2 --out unknown`);
  assert.equal(code, 0, err);
  assert.match(err, /^Left aside: sim\.truth\.json: is not the truth of this data/m);
  assert.equal((await comparisonOf(place, "unknown")).truth, null);
  const named = await place.run(`${TWO} sim.csv --components 2 --truth other.truth.json --out named`);
  assert.equal(named.code, 2);
  assert.match(named.err, /other\.truth\.json: is not the truth of this data/);
});

Deno.test("everything wrong with a line is said at once, and nothing is written", async () => {
  await using place = await makePlace();
  const { code, err } = await place.run(
    `${COMPARE} --methods tempred,advi --effort 0 --target sales --nonsense`,
  );
  assert.equal(code, 2);
  for (const part of ["--methods", "Did you mean", "--effort", "--target", "--nonsense"]) {
    assert.ok(err.includes(part), part);
  }
  assert.deepEqual(await place.files(), []);
});

Deno.test("--strict wants a method that can be recommended", async () => {
  await using place = await makePlace();
  const failing = `${TWO} --quiet --seed ${Seed.fails}`;
  assert.equal((await place.run(failing)).code, 0);
  const strict = await place.run(`${failing} --strict`);
  assert.equal(strict.code, 3);
  assert.match(strict.out, /^No method can be recommended/m);
  assert.equal((await place.run(`${TWO} --quiet --strict`)).code, 0);
});

Deno.test("a fit or a comparison of K written over a comparison of methods is what diagnose sees then", async () => {
  await using place = await makePlace();
  await place.run(`${TWO} --quiet --out here`);
  await place.run("fit --engine cpu --components 1,2 --quiet --out here --force");
  assert.match((await place.run("diagnose here")).out, /how many curves\?/);
  await place.run(`${TWO} --quiet --out here --force`);
  assert.match((await place.run("diagnose here")).out, /which method\?/);
  await place.run("fit --quiet --out here --force");
  assert.match((await place.run("diagnose here")).out, /^Verdict: /m);
});

Deno.test("Ctrl-C keeps what the method under way had, and says what did not run", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`${TWO} --out here --seed ${Seed.waits}`);
  await readUntil(child.stderr, "tempered (1 of 2)");
  child.kill("SIGINT");
  const out = await new Response(child.stdout).text();
  assert.equal((await child.status).code, 130);
  assert.match(out, /which method\? \(interrupted\)/);
  const { methods, partial } = await comparisonOf(place, "here");
  assert.equal(partial, true);
  assert.deepEqual(methods.map(({ partial, status }) => [partial, status]), [[true, "review"], [
    true,
    "interrupted",
  ]]);
});
