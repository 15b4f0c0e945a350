import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth, hang, stackedTables, tableLines, truncate, wrap } from "../../lib/report/layout.ts";

Deno.test("wrap() keeps every word in order and no line longer than the width", () => {
  fc.assert(fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 40 }), (words, width) => {
    const text = words.join(" ");
    const lines = wrap(text, width);
    assert.ok(lines.every((line) => displayWidth(line) <= width));
    assert.equal(lines.join("").replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""));
  }));
});

Deno.test("wrap() cuts a word only when it is longer than a line", () => {
  assert.deepEqual(wrap("a long_column_name here", 10), ["a", "long_colum", "n_name", "here"]);
  assert.deepEqual(wrap("", 10), [""]);
});

Deno.test("hang() indents the lines that follow as far as the lead", () => {
  assert.deepEqual(hang("  - ", "one two three", 11), ["  - one two", "    three"]);
});

Deno.test("truncate() marks what it cut and counts letters, not code units", () => {
  assert.equal(truncate("sales", 5), "sales");
  assert.equal(truncate("sales", 4), "sal…");
  assert.equal(truncate("📈📈📈", 2), "📈…");
});

Deno.test("tableLines() drops columns by rank, then cuts names", () => {
  const columns = [
    { title: "", rank: 0, cells: ["intercept", "x"] },
    { title: "mean", rank: 0, cells: ["1.5", "22.25"] },
    { title: "sd", rank: 2, cells: ["0.1", "0.2"] },
    { title: "R-hat", rank: 1, cells: ["1.000", "1.100"] },
  ];
  assert.deepEqual(tableLines(columns, 80), [
    "            mean   sd  R-hat",
    "intercept    1.5  0.1  1.000",
    "x          22.25  0.2  1.100",
  ]);
  assert.deepEqual(tableLines(columns, 24)[0], "            mean  R-hat");
  assert.deepEqual(tableLines(columns, 18)[0], "            mean");
  assert.deepEqual(tableLines(columns, 12), ["        mean", "inte…    1.5", "x      22.25"]);
  for (let width = 1; width < 30; width++) {
    assert.ok(tableLines(columns, width).every((line) => displayWidth(line) <= width), `width ${width}`);
  }
});

Deno.test("stackedTables() shows every column, in as many tables as it takes", () => {
  const columns = [
    { title: "", rank: 0, cells: ["intercept", "x"] },
    { title: "mean", rank: 0, cells: ["1.5", "22.25"] },
    { title: "sd", rank: 0, cells: ["0.1", "0.2"] },
    { title: "R-hat", rank: 0, cells: ["1.000", "1.100"] },
  ];
  assert.deepEqual(stackedTables(columns, 80), tableLines(columns, 80));
  assert.deepEqual(stackedTables(columns, 21), [
    ...tableLines(columns.slice(0, 3), 21),
    "",
    ...tableLines([columns[0], columns[3]], 21),
  ]);
  for (let width = 1; width < 30; width++) {
    const lines = stackedTables(columns, width);
    assert.ok(lines.every((line) => displayWidth(line) <= width), `width ${width}`);
    assert.equal((lines.length + 1) % 4, 0);
  }
});
