import assert from "node:assert/strict";
import { stanFit, stanGradients } from "./peers.ts";

const RATES = {
  rows: 200,
  components: 3,
  cores: 4,
  way: "hmc",
  gradients_per_s_per_core: 1000,
  gradients_per_s: 4000,
  us_per_gradient: 1000,
  r_loop_gradients_per_s_per_core: 500,
  rstan: "2.21.7",
};

/** Runs `use` with a program that does what `lines` of shell say, in place of Rscript. */
async function withProgram(lines: string, use: (program: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/Rscript`;
  try {
    await Deno.writeTextFile(program, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    await use(program);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without R there is no value but a sentence", async () => {
  const { value, why } = await stanFit({ csv: "a.csv", components: 2 }, "/nowhere/Rscript");
  assert.equal(value, undefined);
  assert.match(why!, /no program \/nowhere\/Rscript here\. .* how to install/);
});

Deno.test("without an R package the sentence names it", async () => {
  await withProgram("echo 'R has no rstan.' >&2; exit 3", async (program) => {
    const { value, why } = await stanGradients({}, program);
    assert.equal(value, undefined);
    assert.match(why!, /left out: R has no rstan\. The head/);
  });
});

Deno.test("a failing script is an error that ends with its last words", async () => {
  await withProgram("echo 'no column spend in a.csv' >&2; exit 1", async (program) => {
    await assert.rejects(stanGradients({}, program), /gradients\.R failed:\nno column spend in a\.csv$/);
  });
});

Deno.test("options reach the script as pairs, those left out do not", async () => {
  const check = `shift; [ "$*" = "--rows 50 --cores 2" ] || exit 1; echo '${JSON.stringify(RATES)}'`;
  await withProgram(check, async (program) => {
    const { value } = await stanGradients({ rows: 50, cores: 2 }, program);
    assert.deepEqual(value, RATES);
  });
});

Deno.test("output that lacks a field is refused", async () => {
  const { gradients_per_s: _, ...lacking } = RATES;
  await withProgram(`echo '${JSON.stringify(lacking)}'`, async (program) => {
    await assert.rejects(stanGradients({}, program), /gradients_per_s/);
  });
});
