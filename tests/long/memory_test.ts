/** A process that fits again and again, as a service would, holds on to nothing. */
import assert from "node:assert/strict";
import { middle } from "../bench/benchmark.ts";

const FITS = 20;
/** Fits until compiled code and caches have their size. */
const SETTLED = 3;
/** Fits at either end whose median is compared: a resident size wavers by several percent. */
const COMPARED = 5;
/** Largest growth; a leak of 1 MB a fit is more. */
const GROWTH = 0.05;

/**
 * Two pools grow to their limits over dozens of fits whatever a program does, and would hide a small leak: the C
 * library's arenas, up to 8 a core, of which every new Worker takes one, and V8's young generation.
 */
const FIXED_POOLS = {
  env: { MALLOC_ARENA_MAX: "1" },
  flags: ["--expose-gc", "--min-semi-space-size=1", "--max-semi-space-size=1"],
};

Deno.test(`memory does not grow over ${FITS} fits`, async () => {
  const script = decodeURIComponent(new URL("./memory_run.ts", import.meta.url).pathname);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      `--v8-flags=${FIXED_POOLS.flags.join()}`,
      script,
      String(FITS),
    ],
    env: FIXED_POOLS.env,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const bytes = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  console.log(`MB after each fit: ${bytes.map((each) => (each / 1e6).toFixed(0)).join(" ")}`);
  assert.equal(bytes.length, FITS);
  const early = middle(bytes.slice(SETTLED, SETTLED + COMPARED)), late = middle(bytes.slice(-COMPARED));
  assert.ok(late <= (1 + GROWTH) * early, `grew from ${early} to ${late} bytes`);
});
