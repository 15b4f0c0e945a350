import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../lib/runs/directory.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { makePlace, type Place, readUntil } from "./cli.ts";
import { Seed } from "./fake/fit.ts";

const RUN = "20261122T104501Z-built-in-example-k2"; // from the fake's fixed time and size

async function runOf(place: Place, name: string) {
  return await readRun(join(place.directory, name));
}

Deno.test("fit without a file fits the example: progress on stderr, summary on stdout, a new run directory", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run("fit");
  assert.equal(code, 0);
  assert.match(out, /^hillmix .*: built-in example\n/);
  assert.match(out, /Verdict: REVIEW/);
  assert.ok(out.includes(join("runs", RUN, "fit.json")));
  assert.ok(out.split("\n").every((line) => line.length <= 80), "80 columns off a terminal");
  assert.ok(!(out + err).includes("\x1b"), "no colour off a terminal");
  assert.equal(err.trimEnd().split("\n").length, 10);
  assert.deepEqual(await place.files(), [join("runs", RUN, "draws.csv"), join("runs", RUN, "fit.json")]);
  await place.run("fit --quiet");
  assert.ok(
    (await place.files()).includes(join("runs", `${RUN}-2`, "fit.json")),
    "a second run has its own directory",
  );
});

Deno.test("--json prints the fit.json object alone, --quiet nothing on stderr, --out and --force say where", async () => {
  await using place = await makePlace();
  const first = await place.run("fit --json --quiet --out here --seed 11 --preset sparse-dirichlet");
  assert.deepEqual([first.code, first.err], [0, ""]);
  const report = fitReportSchema.parse(JSON.parse(first.out));
  assert.deepEqual([report.seed, report.model.preset], [11, "sparse-dirichlet"]);
  assert.equal(first.out, await Deno.readTextFile(join(place.directory, "here", "fit.json")));
  assert.deepEqual(await place.files(), [join("here", "draws.csv"), join("here", "fit.json")]);
  const second = await place.run("fit --quiet --out here --force --seed 12");
  assert.equal(second.code, 0);
  assert.equal((await runOf(place, "here")).report.seed, 12);
});

Deno.test("columns of a file are summed, left out and recorded, and doubts about the data become warnings", async () => {
  await using place = await makePlace();
  const rows = Array.from({ length: 60 }, (_, t) => {
    const radio = t < 3 ? 5 : 0, web = t === 20 ? "" : t % 5;
    return [t, 3 + t % 7, radio, web, 50 + (t * 7) % 11].join(",");
  });
  await Deno.writeTextFile(join(place.directory, "sales.csv"), ["t,tv,radio,web,sales", ...rows].join("\n"));
  await Deno.writeTextFile(join(place.directory, "model.json"), '{"preset": "combined", "components": 4}');
  const line =
    "fit sales.csv --spend tv,radio,web --target sales --config model.json --components 2 --out run";
  const { code, err } = await place.run(line);
  assert.equal(code, 0, err);
  assert.match(err, /left out of the sum.*radio/);
  const { report } = await runOf(place, "run");
  assert.deepEqual(report.data.spend, ["tv", "web"]);
  assert.deepEqual(report.inputs, {
    file: "sales.csv",
    date: null,
    spend: ["tv", "radio", "web"],
    target: "sales",
    controls: [],
    group: null,
    only: null,
    config: "model.json",
    holdout: 0,
  });
  assert.equal(
    (report.model.spec as { components: number }).components,
    2,
    "the command line goes before the file",
  );
  assert.equal(report.model.preset, "combined");
  assert.ok(report.warnings.some((each) => /^Data: .*empty cell.*web/.test(each)), report.warnings.join(" "));
});

Deno.test("--strict turns a failed verdict into exit code 3; without it the fit is simply done", async () => {
  await using place = await makePlace();
  assert.equal((await place.run(`fit --quiet --seed ${Seed.fails}`)).code, 0);
  const strict = await place.run(`fit --quiet --strict --out run --seed ${Seed.fails}`);
  assert.equal(strict.code, 3);
  assert.match(strict.out, /Verdict: FAIL/);
  assert.equal((await runOf(place, "run")).report.verdict.status, "fail");
  assert.equal((await place.run("fit --quiet --strict")).code, 0);
});

Deno.test("Ctrl-C keeps what was drawn, writes the run as partial and exits with 130", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --out run --seed ${Seed.waits}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGINT");
  const out = await new Response(child.stdout).text();
  assert.equal((await child.status).code, 130);
  assert.match(out, /, interrupted\n/);
  assert.equal((await runOf(place, "run")).report.partial, true);
});

Deno.test("Ctrl-C before there is anything to keep writes nothing", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --seed ${Seed.waitsWithoutDraws}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert.equal(await new Response(child.stdout).text(), "");
  assert.deepEqual(await place.files(), []);
});

Deno.test("a second Ctrl-C ends at once, but the echo of the first under deno task is none", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --seed ${Seed.hangs}`);
  let ended = false;
  const status = child.status.then((status) => {
    ended = true;
    return status;
  });
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 20)); // signals sent together would arrive as one
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.ok(!ended, "still waiting for the work to stop");
  child.kill("SIGINT");
  assert.equal((await status).code, 130);
  assert.equal(await new Response(child.stdout).text(), "");
  assert.deepEqual(await place.files(), []);
});

Deno.test("a fault of hillmix is one sentence and exit code 1; the stack comes with HILLMIX_DEBUG=1 only", async () => {
  await using place = await makePlace();
  const line = `fit --quiet --seed ${Seed.breaks}`;
  const plain = await place.run(line, { HILLMIX_DEBUG: "" });
  assert.equal(plain.code, 1);
  assert.match(
    plain.err,
    /^internal error: the pipeline broke\. This is a fault of hillmix.*HILLMIX_DEBUG=1.*\n$/,
  );
  const debug = await place.run(line, { HILLMIX_DEBUG: "1" });
  assert.equal(debug.code, 1);
  assert.match(debug.err, /TypeError: the pipeline broke\.\n\s+at fit/);
  assert.deepEqual(await place.files(), []);
});

Deno.test("a device that cannot is one sentence and exit code 1", async () => {
  await using place = await makePlace();
  const { code, err } = await place.run(`fit --quiet --seed ${Seed.loses}`);
  assert.equal(code, 1);
  assert.equal(err, "error: No WebGPU adapter was found; add --engine cpu.\n");
});
