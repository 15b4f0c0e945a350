import assert from "node:assert/strict";
import { assemble } from "../../lib/engine/shader.ts";

Deno.test("assemble lays constants and parts end to end and knows where every line came from", () => {
  const shader = assemble([
    { file: "one.wgsl", source: "fn one() {\n}\n" },
    { file: "two.wgsl", source: "fn two() {}" },
  ], { K: 3, DIM: 19 });
  const lines = shader.code.split("\n");
  assert.equal(lines.length, shader.map.length);
  const listing = lines.map((text, i) => `${shader.map[i].file}:${shader.map[i].line} ${text}`.trim());
  assert.deepEqual(listing, [
    "generated constants:1 const K: u32 = 3u;",
    "generated constants:2 const DIM: u32 = 19u;",
    "one.wgsl:1 fn one() {",
    "one.wgsl:2 }",
    "one.wgsl:3",
    "two.wgsl:1 fn two() {}",
  ]);
});

Deno.test("assemble maps every copy of an unrolled line to the one line it came from", () => {
  const source = "before;\nfor (var k = 0u; k < K; k++) { // unroll\n  use(k);\n}\nafter;";
  const shader = assemble([{ file: "loop.wgsl", source }], { K: 3 });
  const placed = shader.code.split("\n").map((text, i) => ({ text: text.trim(), ...shader.map[i] }));
  const uses = placed.filter(({ text }) => text.startsWith("use("));
  assert.deepEqual(uses.map(({ text, line }) => `${line} ${text}`), [
    "3 use(0u);",
    "3 use(1u);",
    "3 use(2u);",
  ]);
  assert.equal(placed.find(({ text }) => text === "after;")?.line, 5);
});

Deno.test("assemble refuses constants that are not u32", () => {
  for (const value of [-1, 0.5, 2 ** 32, NaN]) {
    assert.throws(() => assemble([], { LANES: value }), {
      name: "RangeError",
      message: /LANES.*whole number/,
    });
  }
});
