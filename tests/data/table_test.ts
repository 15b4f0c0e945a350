import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCsv } from "../../lib/data/csv.ts";
import { firstInvalidUtf8 } from "../../lib/data/encoding.ts";
import { MOST_BYTES, tableFromRows } from "../../lib/data/table.ts";
import { formatProblem } from "../../lib/errors.ts";
import { problemsIn, tableOf } from "./fixture.ts";

Deno.test("readTable() reads commas, semicolons and tabs alike", () => {
  for (const delimiter of [",", ";", "\t"]) {
    const table = tableOf(`date,spend,sales\n2023-01-02,1.5,3\n2023-01-09,2,4\n`.replaceAll(",", delimiter));
    assert.deepEqual(table.columns, ["date", "spend", "sales"]);
    assert.deepEqual(table.cells, [["2023-01-02", "1.5", "3"], ["2023-01-09", "2", "4"]]);
    assert.deepEqual(table.lines, [2, 3]);
  }
});

Deno.test("readTable() tells a semicolon file with commas in its cells", () => {
  const table = tableOf("week;spend, EUR;sales\n1;2,5;3\n2;3,5;4\n");
  assert.deepEqual(table.columns, ["week", "spend, EUR", "sales"]);
  assert.deepEqual(table.cells[0], ["1", "2,5", "3"]);
});

Deno.test("readTable() drops a byte-order mark, blanks around cells, blank lines and trailing empty rows", () => {
  const table = tableOf("\ufeffdate, spend ,sales\r\n\r\n1, 2 ,3\r\n\r\n4,5,6\r\n,,\r\n,,\r\n");
  assert.deepEqual(table.columns, ["date", "spend", "sales"]);
  assert.deepEqual(table.cells, [["1", "2", "3"], ["4", "5", "6"]]);
  assert.deepEqual(table.lines, [3, 5]);
});

Deno.test("readTable() reads quoted delimiters, quotes and line ends, and counts lines past them", () => {
  const table = tableOf('name,note,y\n"a, b","say ""x""",1\n"c\nd",e,2\nf,g,3\n');
  assert.deepEqual(table.cells, [["a, b", 'say "x"', "1"], ["c\nd", "e", "2"], ["f", "g", "3"]]);
  assert.equal(table.lines[2], 5);
});

Deno.test("readTable() reads carriage returns alone as line ends", () => {
  assert.deepEqual(tableOf("a,b\r1,2\r3,4").cells, [["1", "2"], ["3", "4"]]);
});

Deno.test("readTable() cuts off empty columns at the end and names unnamed ones", () => {
  assert.deepEqual(tableOf("a,b,,\n1,2,,\n3,4,,\n").columns, ["a", "b"]);
  assert.deepEqual(tableOf("a,b\n1,2,\n3,4,\n").cells, [["1", "2"], ["3", "4"]]);
  assert.deepEqual(tableOf(",a,\n1,2,3\n").columns, ["(column 1)", "a", "(column 3)"]);
});

Deno.test("readTable() refuses a file over the limit with both numbers, before reading it", () => {
  const [problem] = problemsIn(() => tableOf(new Uint8Array(200_000_000)));
  assert.match(formatProblem(problem), /200 MB and at most 32 MB/);
  assert.equal(MOST_BYTES, 32e6);
});

Deno.test("formatCsv() and readTable() are inverse for any text cells", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 12 })
    .map((text) => text.replace(/[\0\ufeff]/g, "").trim()).filter((text) => text.isWellFormed());
  const property = fc.property(
    fc.uniqueArray(cell.filter((name) => name !== ""), { minLength: 2, maxLength: 5 }),
    fc.array(fc.array(cell, { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
    (columns, rows) => {
      // A last column of x keeps rows from being empty; the name in front keeps the header from being values.
      const header = ["name", ...columns.map((column) => `${column}.`), "end"];
      const cells = rows.map((row) => ["n", ...row.slice(0, columns.length), "x"]);
      const table = tableOf(formatCsv(header, cells));
      assert.deepEqual(table.columns, header);
      assert.deepEqual(table.cells, cells);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 300 });
});

Deno.test("formatCsv() writes numbers that read back exactly", () => {
  const property = fc.property(
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
    (values) => {
      const table = tableOf(formatCsv(["t", "y"], values.map((value, t) => [t, value])));
      assert.deepEqual(table.cells.map(([, y]) => Number(y)), values.map((value) => value + 0));
    },
  );
  fc.assert(property, { seed: 2, numRuns: 300 });
});

Deno.test("firstInvalidUtf8() agrees with the platform's decoder on any bytes", () => {
  const decodes = (bytes: Uint8Array) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  // Lead and continuation bytes near every boundary of the well-formed ranges, so that both outcomes are common.
  const byte = fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
  );
  const text = fc.string({ unit: "binary", maxLength: 4 }).map((each) => [...new TextEncoder().encode(each)]);
  const bytes = fc.tuple(text, fc.array(byte, { maxLength: 4 }), text).map((parts) =>
    Uint8Array.from(parts.flat())
  );
  let valid = 0, invalid = 0;
  const property = fc.property(bytes, (each) => {
    const offset = firstInvalidUtf8(each);
    assert.equal(offset < 0, decodes(each));
    if (offset < 0) valid++;
    else {
      invalid++;
      assert.ok(decodes(each.subarray(0, offset)), "what comes before the offset is well-formed");
    }
  });
  fc.assert(property, { seed: 3, numRuns: 3000 });
  assert.ok(valid > 300 && invalid > 300, `${valid} valid, ${invalid} invalid`);
});

Deno.test("tableFromRows() takes all keys, null and absence as empty, numbers as they are", () => {
  const table = tableFromRows(
    [{ date: "2023-01-02", spend: 0.1, y: null }, { date: " x ", extra: 1e21 }],
    "rows",
  );
  assert.deepEqual(table.columns, ["date", "spend", "y", "extra"]);
  assert.deepEqual(table.cells, [["2023-01-02", "0.1", "", ""], ["x", "", "", "1e+21"]]);
  assert.deepEqual(table.lines, [1, 2]);
});

Deno.test("tableFromRows() says what is no row", () => {
  const say = (rows: unknown) =>
    problemsIn(() => tableFromRows(rows, "data.rows")).map(formatProblem).join("\n");
  assert.match(say("x"), /^data\.rows: is not a list of rows/);
  assert.match(say([]), /there are no data rows/);
  assert.match(say([{ y: 1 }, [2]]), /^data\.rows, row 2: the row is not an object/);
  assert.match(
    say([{ y: 1 }, { y: { z: 1 } }]),
    /^data\.rows, row 2, column y: the value is a list or an object/,
  );
});

Deno.test("tableFromRows() reads no keys from prototypes", () => {
  const table = tableFromRows([{ spend: 1 }, JSON.parse('{"toString": "2", "__proto__": 3}')], "rows");
  assert.deepEqual(table.columns, ["spend", "toString", "__proto__"]);
  assert.deepEqual(table.cells, [["1", "", ""], ["", "2", "3"]]);
});
