import assert from "node:assert/strict";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "../lib/suggest.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps of neighbours", () => {
  const cases: [string, string, number][] = [
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["chians", "chains", 1],
    ["ca", "abc", 3], // 2 if a swapped pair could be edited again: the restricted distance says 3
    ["same", "same", 0],
  ];
  for (const [a, b, distance] of cases) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

Deno.test("editDistance() is symmetric, zero only for equals, and within the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, word, (a, b) => {
    const distance = editDistance(a, b);
    assert.equal(distance, editDistance(b, a));
    assert.equal(distance === 0, a === b);
    assert.ok(distance <= Math.max(a.length, b.length));
  }));
});

Deno.test("nearest() finds slips and parts of words, and nothing far-fetched", () => {
  const known = ["baseline", "combined", "centred", "fully-non-centred", "single"];
  assert.equal(nearest("basline", known), "baseline");
  assert.equal(nearest("Centered", known), "centred");
  assert.equal(nearest("full", known), "fully-non-centred");
  assert.equal(nearest("gpu", ["webgpu", "cpu"]), "webgpu");
  assert.equal(nearest("SALES", ["sales_total", "sales"]), "sales");
  assert.equal(nearest("tempered", known), undefined);
  assert.equal(nearest("x", []), undefined);
  assert.equal(didYouMean("singel", known), ' Did you mean "single"?');
  assert.equal(didYouMean("zzz", known), "");
});
