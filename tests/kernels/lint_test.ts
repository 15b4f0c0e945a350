/** What no kernel may contain, because WGSL leaves it inaccurate or blind to NaN on some adapters. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const KERNELS = new URL("../../kernels/", import.meta.url).pathname;

const FORBIDDEN: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /(?<![\w.\])*\/%+-]\s*)([\w.]+(?:\[[^\]]*\])?)\s*[!=]=\s*\1(?![\w.[(]|\s*[*\/%+-])/,
    reason: "compares a value with itself, which does not see NaN: use is_nan or is_finite",
  },
  { pattern: /\bpow\s*\(/, reason: "uses pow, which is inaccurate: work with logarithms" },
  { pattern: /\blog2?\s*\(/, reason: "uses WGSL's logarithm, which is inaccurate near 1: use log_f32" },
];

/** Every fault of a WGSL source, as `line: reason`. */
function faults(source: string): string[] {
  return source.split("\n").flatMap((line, i) => {
    const code = line.replace(/\/\/.*/, "");
    return FORBIDDEN.filter(({ pattern }) => pattern.test(code)).map(({ reason }) => `${i + 1}: ${reason}`);
  });
}

Deno.test("the lint sees self-comparison, pow and log, and nothing in sound code", () => {
  for (
    const bad of [
      "if (x != x) {",
      "let nan = v.x==v.x;",
      "a[i] != a[i]",
      "pow(a, b)",
      "y = log (x);",
      "log2(x)",
    ]
  ) {
    assert.equal(faults(bad).length, 1, bad);
  }
  for (
    const good of [
      "if (x != y) {",
      "x.a == x.b",
      "a[i] != a[j]",
      "steps == steps_done",
      "i + n == n",
      "n == n - k",
      "log_f32(x) + power(2)",
      "// pow(x, y) == pow(x, y)",
    ]
  ) {
    assert.deepEqual(faults(good), [], good);
  }
});

Deno.test("no kernel compares a value with itself or uses pow or log", () => {
  const files = readdirSync(KERNELS, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".wgsl")
  );
  assert.ok(files.includes(join("common", "special.wgsl")), "the kernels were not found");
  const found = files.flatMap((file) =>
    faults(readFileSync(join(KERNELS, file), "utf8")).map((fault) => `${file}:${fault}`)
  );
  assert.deepEqual(found, []);
});
