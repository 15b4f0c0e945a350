import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../lib/version.ts";
import { makePlace } from "./cli.ts";

const COMMANDS = ["fit", "compare", "check", "simulate", "diagnose", "serve", "doctor", "bench"];

Deno.test("the list of commands goes to stdout when asked for and to stderr when nothing was asked", async () => {
  await using place = await makePlace();
  const asked = await place.run("--help"), bare = await place.run("");
  assert.deepEqual([asked.code, bare.code], [0, 2]);
  assert.deepEqual([asked.err, bare.out], ["", ""]);
  assert.equal(asked.out, bare.err);
  const listed = [...asked.out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
  assert.deepEqual(listed, COMMANDS);
  assert.equal((await place.run("--version")).out, `${VERSION}\n`);
});

Deno.test("every command explains itself within 80 columns, defaults and an example included", async () => {
  await using place = await makePlace();
  for (const name of COMMANDS) {
    const { code, out } = await place.run(`${name} --no-such-thing --help`);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: deno task ${name}`));
    assert.match(out, new RegExp(`\\nExample: deno task ${name}.*\\n$`));
    const body = out.slice(0, out.indexOf("\nExample:")).split("\n");
    assert.ok(body.every((line) => line.length <= 80), name);
  }
  const { out } = await place.run("fit -h");
  for (
    const [option, fallback] of [["seed", "1"], ["holdout", "0"], ["engine", "auto"], [
      "components",
      "3; example 2",
    ]]
  ) {
    assert.match(out, new RegExp(`--${option} [^]*?\\(default ${fallback}\\)`));
  }
});

Deno.test("diagnose judges the draws of a finished run anew", async () => {
  await using place = await makePlace();
  await place.run("fit --quiet --out run");
  const text = await place.run("diagnose run");
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /Verdict: (PASS|REVIEW|FAIL)/);

  const written = JSON.parse(await Deno.readTextFile(join(place.directory, "run", "fit.json")));
  const json = await place.run("diagnose run --json");
  const renewed = JSON.parse(json.out);
  // The fixture's 200 independent draws cannot reach 400 effective ones, whatever its report claims.
  assert.equal(renewed.verdict.strict, false);
  assert.ok(renewed.diagnostics.min_ess_bulk < 400 && written.diagnostics.min_ess_bulk > 800);
  assert.notDeepEqual(renewed.summary, written.summary);
  assert.deepEqual(renewed.elpd, written.elpd);
});

Deno.test("doctor reports every engine and fails when one does not work", async () => {
  await using place = await makePlace();
  const { code, out } = await place.run("doctor");
  assert.match(out, /cpu +good: 123 k gradients per second/);
  // The fake GPU engine fails where there is an adapter; without one only the processor is tested.
  const adapter = !/Adapter +none/.test(out);
  assert.equal(code, adapter ? 1 : 0);
  assert.equal(/webgpu +does not work: The device was lost\./.test(out), adapter);
});
