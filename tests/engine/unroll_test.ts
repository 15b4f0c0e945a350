import assert from "node:assert/strict";
import fc from "fast-check";
import { unroll } from "../../lib/engine/unroll.ts";

const source = (...lines: string[]) => lines.join("\n");
/** Unrolled lines that are not braces, trimmed, with the line each came from. */
function listing(text: string, constants: Record<string, number> = {}): string[] {
  const { lines, origins } = unroll(text, constants);
  assert.equal(lines.length, origins.length);
  return lines.map((line, i) => `${origins[i]} ${line.trim()}`).filter((line) => !/^\d+ [{}]$/.test(line));
}

Deno.test("lines outside marked loops stay as they are", () => {
  const text = source("fn f() {", "  for (var i = 0u; i < n; i++) {", "    g(i);", "  }", "}");
  assert.deepEqual(unroll(text, {}), { lines: text.split("\n"), origins: [1, 2, 3, 4, 5] });
});

Deno.test("a marked loop becomes one scoped copy of its body per turn", () => {
  const { lines, origins } = unroll(
    source("a", "for (var k = 0u; k < K; k++) { // unroll", "  x[k] = kk + k;", "}", "b"),
    { K: 2 },
  );
  assert.deepEqual(lines, ["a", "{", "  x[0u] = kk + 0u;", "}", "{", "  x[1u] = kk + 1u;", "}", "b"]);
  assert.deepEqual(origins, [1, 2, 3, 4, 2, 3, 4, 5]);
});

Deno.test("inner bounds may use outer variables", () => {
  const text = source(
    "for (var i = 0u; i < 3u; i++) { // unroll",
    "  for (var j = 0u; j < i; j++) { // unroll",
    "    m[i][j];",
    "  }",
    "}",
  );
  assert.deepEqual(listing(text), ["3 m[1u][0u];", "3 m[2u][0u];", "3 m[2u][1u];"]);
});

Deno.test("a loop that is not marked keeps its place inside one that is", () => {
  const text = source(
    "for (var i = 0u; i < 2u; i++) { // unroll",
    "  for (var t = 0u; t < n; t++) { // every row",
    "    if (t > i) { use(t); } // a brace in a comment: }",
    "  }",
    "}",
    "after",
  );
  assert.deepEqual(listing(text), [
    "2 for (var t = 0u; t < n; t++) { // every row",
    "3 if (t > 0u) { use(t); } // a brace in a comment: }",
    "2 for (var t = 0u; t < n; t++) { // every row",
    "3 if (t > 1u) { use(t); } // a brace in a comment: }",
    "6 after",
  ]);
});

Deno.test("bounds are sums of numbers and constants, with either comparison, from any start", () => {
  const body = "  k;";
  const turns = (header: string, constants = {}) => listing(source(header, body, "}"), constants).length;
  assert.equal(turns("for (var k = 0u; k + 1u < K; k++) { // unroll", { K: 4 }), 3);
  assert.equal(turns("for (var k = 1u; k < K; k++) { // unroll", { K: 4 }), 3);
  assert.equal(turns("for (var k = 0u; k < 2u + J; k++) { // unroll", { J: 7 }), 9);
  assert.equal(turns("for (var k = 0u; k <= K - 1u; k++) { // unroll", { K: 4 }), 4);
  assert.equal(turns("for (var k = 1u; k < K; k++) { // unroll", { K: 1 }), 0);
});

Deno.test("any two nested loops give every pair in order", () => {
  const size = fc.nat({ max: 6 });
  fc.assert(fc.property(size, size, size, (first, rows, columns) => {
    const text = source(
      `for (var i = ${first}u; i < R; i++) { // unroll`,
      "  for (var j = 0u; j <= C; j++) { // unroll",
      "    at(i, j);",
      "  }",
      "}",
    );
    const expected = [];
    for (let i = first; i < rows; i++) {
      for (let j = 0; j <= columns; j++) expected.push(`3 at(${i}u, ${j}u);`);
    }
    assert.deepEqual(listing(text, { R: rows, C: columns }), expected);
  }));
});

Deno.test("what cannot be unrolled is refused with its line", () => {
  const refuse = (text: string, message: RegExp) =>
    assert.throws(() => unroll(text, { K: 2 }), { name: "SyntaxError", message });
  refuse(source("a", "for (var i = 0u; i < n; i++) { // unroll", "}"), /n is not a constant/);
  refuse(source("for (var i = n; i < K; i++) { // unroll", "}"), /n is not a constant/);
  refuse(source("a", "b", "for (var i = 0u; i < K; i += 2u) { // unroll", "}"), /line 3: for/);
  refuse(source("while (true) { // unroll", "}"), /line 1: while/);
  refuse("for (var i = 0u; i < K; i++) { // unroll", /no closing brace/);
});
