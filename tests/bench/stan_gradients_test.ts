import assert from "node:assert/strict";
import { stanGradients } from "./stan_gradients.ts";

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

Deno.test("options of Stan's gradients reach the script as pairs, those left out do not", async () => {
  const folder = await Deno.makeTempDir(), program = `${folder}/Rscript`;
  try {
    const check = `shift; [ "$*" = "--rows 50 --cores 2" ] || exit 1; echo '${JSON.stringify(RATES)}'`;
    await Deno.writeTextFile(program, `#!/bin/sh\n${check}\n`, { mode: 0o755 });
    assert.deepEqual(await stanGradients({ rows: 50, cores: 2 }, program), { value: RATES });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
