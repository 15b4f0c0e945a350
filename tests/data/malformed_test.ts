/** Every malformed table gets its own sentence: what is wrong, where, and what to do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatProblem, type Problem } from "../../lib/errors.ts";
import { COLUMN, joined, problemsOf } from "./fixture.ts";
import { CELLS, DATES, FORM, ROLES, SHAPE } from "./malformed_cases.ts";

const { date, tv, radio, sales } = COLUMN;

for (const [part, cases] of Object.entries({ FORM, CELLS, DATES, ROLES, SHAPE })) {
  for (const { name, bytes, roles, say, count = 1 } of cases) {
    Deno.test(`malformed table, ${part.toLowerCase()}: ${name}`, () => {
      const problems = problemsOf(bytes, roles);
      const text = problems.map(formatProblem).join("\n");
      for (const words of say) assert.ok(text.includes(words), `no ${JSON.stringify(words)} in\n${text}`);
      assert.equal(problems.length, count, text);
      assertSentences(problems);
    });
  }
}

/** Messages are one or two sentences with an end, and never the words of a stack trace. */
function assertSentences(problems: readonly Problem[]): void {
  for (const { message } of problems) {
    assert.match(message, /^[^A-Z].*[.?)]$/s);
    assert.doesNotMatch(message, /undefined|NaN\b|\bat .*\.ts|\[object/);
  }
}

Deno.test("malformed table: every problem shows at once", () => {
  const text = joined((cells) => {
    cells[3][tv] = "-5";
    cells[5][sales] = "many";
    cells[9][date] = "";
    cells[12][radio] = "$4";
  });
  const problems = problemsOf(text, { controls: ["weather"], target: "sales" });
  const places = problems.map(({ where, row, column }) => [where, row, column].join(" ").trim()).sort();
  assert.deepEqual(places, [
    "--control",
    "sales.csv 10 date",
    "sales.csv 13 radio_spend",
    "sales.csv 4 tv_spend",
    "sales.csv 6 sales",
  ]);
});

Deno.test("malformed table: a long list of problems ends with a count", () => {
  const columns = Array.from({ length: 80 }, (_, k) => `c${k}_spend`);
  const rows = Array.from({ length: 35 }, (_, t) => [t, 10 + (t % 3), ...columns.map(() => "x")].join(","));
  const problems = problemsOf([["t", "sales", ...columns].join(","), ...rows].join("\n"));
  assert.equal(problems.length, 51);
  assert.equal(problems[50].message, "and 190 more problems like these.");
});

Deno.test("malformed table: whatever is done to a table, it is read or refused in sentences", () => {
  const junk = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      "",
      '"',
      ",",
      "\n",
      "\r\n",
      ";",
      "-1",
      "1e999",
      "NaN",
      "2023-01-02",
      "9".repeat(20),
      "1,5",
      "\ufeff",
    ),
  );
  const edit = fc.record({ row: fc.nat(40), column: fc.nat(4), text: junk });
  let read = 0, refused = 0;
  const property = fc.property(
    fc.array(edit, { minLength: 1, maxLength: 4 }),
    fc.boolean(),
    (edits, control) => {
      const text = joined((cells) => edits.forEach(({ row, column, text }) => cells[row][column] = text));
      const problems = problemsOf(text, control ? { controls: ["price"] } : {});
      assertSentences(problems);
      if (problems.length === 0) read++;
      else refused++;
    },
  );
  fc.assert(property, { seed: 9, numRuns: 600 });
  assert.ok(read > 30 && refused > 300, `${read} read, ${refused} refused`);
});
