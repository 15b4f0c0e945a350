import assert from "node:assert/strict";
import { join } from "node:path";
import { METHODS, UNPOOLED } from "../../lib/fit_types.ts";
import { type FinishedRun, readRun } from "../../lib/runs/directory.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { makePlace, type Place, readUntil } from "./cli.ts";
import { Seed } from "./fake/fit.ts";

const RUN = "20261122T104501Z-built-in-example-k2"; // from the fake's fixed time and size

async function runOf(place: Place, name: string): Promise<FinishedRun> {
  const run = await readRun(join(place.directory, name));
  assert.ok("report" in run, "the run has finished");
  return run;
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

Deno.test("sizes left open are the method's own, and Stan's for nuts without pooling", async () => {
  await using place = await makePlace();
  const { warmup } = METHODS.nuts, stan = UNPOOLED.warmup;
  for (
    const [line, expected] of [["", warmup], [" --pooling none", stan], [" --pooling none --warmup 50", 50]]
  ) {
    const { code, out } = await place.run(`fit --json --quiet --method nuts${line} --out here --force`);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).sampling.warmup, expected, `nuts${line}`);
  }
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
  await using child = place.spawn(`fit --out run --seed ${Seed.hangs}`);
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
  assert.deepEqual(await place.files(), [join("run", "draws.partial.csv"), join("run", "fit.json")]);
});

Deno.test("SIGTERM does what Ctrl-C does", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --out run --seed ${Seed.waits}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGTERM");
  assert.match(await new Response(child.stdout).text(), /, interrupted\n/);
  assert.equal((await child.status).code, 130);
  assert.equal((await runOf(place, "run")).report.partial, true);
});

Deno.test("interrupted while it computes diagnostics, a fit keeps its draws and says where", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --out run --seed ${Seed.waitsLate}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGINT");
  assert.match(
    await readUntil(child.stderr),
    /Interrupted; 50 draws per chain are kept in run, and/,
  );
  assert.equal((await child.status).code, 130);
  const diagnosed = await place.run("diagnose run");
  assert.equal(diagnosed.code, 0, diagnosed.err);
  assert.match(diagnosed.out, /The fit was interrupted in phase sampling, at 50 of 50 draws per chain/);
});

Deno.test("a fit killed with -9 leaves a directory that diagnose reads, and says so of one still at work", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --out run --seed ${Seed.hangs}`);
  await readUntil(child.stderr, "sampling 100%");
  const live = await place.run("diagnose run");
  assert.match(live.out, /The fit is still running in phase sampling, at 50 of 50 draws per chain/);
  const second = await place.run("fit --quiet --out run --force");
  assert.deepEqual([second.code, second.out], [2, ""]);
  assert.match(second.err, /another fit is at work there/);
  child.kill("SIGKILL");
  await child.status;
  const dead = await place.run("diagnose run --json --strict");
  const report = fitReportSchema.parse(JSON.parse(dead.out));
  assert.equal(report.partial, true);
  assert.notEqual(report.verdict.status, "pass");
  assert.match(
    report.verdict.reasons[0]!,
    /The fit was killed in phase sampling, at 50 of 50 draws per chain/,
  );
  assert.deepEqual([report.sampling.chains, report.sampling.draws, report.diagnostics.divergences], [
    4,
    50,
    1,
  ]);
  assert.equal(dead.code, report.verdict.status === "fail" ? 3 : 0);
});

Deno.test("a fit killed before its first draw leaves a directory of which diagnose says so", async () => {
  await using place = await makePlace();
  await using child = place.spawn(`fit --out run --seed ${Seed.waitsWithoutDraws}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGKILL");
  await child.status;
  const { code, out, err } = await place.run("diagnose run");
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(err, "error: run: the fit was killed in phase sampling and holds no draws yet; fit again.\n");
});

Deno.test("a fault after draws keeps them and says where", async () => {
  await using place = await makePlace();
  const { code, err } = await place.run(`fit --quiet --out run --seed ${Seed.breaksLate}`);
  assert.equal(code, 1);
  assert.match(
    err,
    /^50 draws per chain are kept in run, and "deno task diagnose run" judges them\.\ninternal error/,
  );
  const { out } = await place.run("diagnose run");
  assert.match(out, /ended with an error \(the pipeline broke\.\) in phase sampling/);
});

Deno.test("results that cannot be written are printed all the same, and the exit code is 1", async () => {
  await using place = await makePlace();
  const { code, out, err } = await place.run(`fit --quiet --json --out run --seed ${Seed.losesPlace}`);
  assert.equal(code, 1);
  assert.equal(fitReportSchema.parse(JSON.parse(out)).seed, Seed.losesPlace);
  assert.match(err, /^error: The results could not be written to run \(.*\)\.\n$/);
});

Deno.test("--force leaves a finished run alone until the new one is whole", async () => {
  await using place = await makePlace();
  await place.run("fit --quiet --out run --seed 11");
  await using child = place.spawn(`fit --out run --force --seed ${Seed.hangs}`);
  await readUntil(child.stderr, "sampling 100%");
  child.kill("SIGKILL");
  await child.status;
  assert.equal((await runOf(place, "run")).report.seed, 11);
  assert.match(
    (await place.run(`diagnose ${join("run", "unfinished")}`)).out,
    /was killed in phase sampling/,
  );
  await place.run("fit --quiet --out run --force --seed 12");
  assert.equal((await runOf(place, "run")).report.seed, 12);
  assert.deepEqual(await place.files(), [join("run", "draws.csv"), join("run", "fit.json")]);
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
