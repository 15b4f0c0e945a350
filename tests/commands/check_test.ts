import assert from "node:assert/strict";
import { join } from "node:path";
import { check } from "../../lib/commands/check.ts";
import { builtInExample } from "../../lib/data/simulate.ts";
import { memorySink } from "../report/sink.ts";

/** Runs `check` on a file with the given text; without a text there is no file. */
async function run(text: string | undefined, ...options: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "sales.csv");
    if (text !== undefined) await Deno.writeTextFile(path, text);
    const out = memorySink(), err = memorySink();
    const code = await check.run([path, ...options], { out, err });
    return { code, out: out.text(), err: err.text() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("check exits with 0 on usable data and shows the channels", async () => {
  const { code, out, err } = await run(builtInExample().csv);
  assert.equal(code, 0);
  assert.equal(err, "");
  assert.match(out, /^sales\.csv\n/);
  assert.match(out, /tv_spend +\d+\.\d% +\d+\.\d%/);
  assert.match(out, /0 FAIL, 0 REVIEW, \d INFO: the data can be fitted\.\n$/);
});

Deno.test("check exits with 2 on unusable data and names every FAIL", async () => {
  const { code, out } = await run(
    builtInExample().csv.replace("2022-01-10", "2022-01-99").replace(/,[\d.]+\n$/, ",many\n"),
  );
  assert.equal(code, 2);
  assert.match(out, /^FAIL {4}sales\.csv, row 3, column week, value "2022-01-99"/m);
  assert.match(out, /^FAIL {4}sales\.csv, row 157, column sales, value "many"/m);
  assert.match(out, /2 FAIL/);
});

Deno.test("check --json prints one object, for good data, bad data and a missing file", async () => {
  const good = await run(builtInExample().csv, "--json");
  assert.equal(JSON.parse(good.out).usable, true);
  assert.equal(JSON.parse(good.out).series.channels.length, 3);
  const bad = await run("a,b\n", "--json");
  assert.deepEqual([bad.code, JSON.parse(bad.out).usable, JSON.parse(bad.out).series], [2, false, null]);
  const missing = await run(undefined, "--json");
  assert.equal(missing.code, 2);
  assert.match(JSON.parse(missing.out).findings[0].message, /there is no such file/);
});

Deno.test("check refuses a line it does not understand before reading anything", async () => {
  const problems = /--tagret: check has no such option\. Did you mean "--target"\?/;
  await assert.rejects(run(undefined, "--tagret", "sales"), { name: "InputError", message: problems });
});
