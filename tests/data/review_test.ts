import assert from "node:assert/strict";
import fc from "fast-check";
import { reviewProblems, reviewTable } from "../../lib/data/review.ts";
import { reviewText } from "../../lib/data/review_text.ts";
import type { Roles } from "../../lib/data/roles.ts";
import { builtInExample } from "../../lib/data/simulate.ts";
import { correlation, fitLine, median, robustScores, varianceInflation } from "../../lib/data/statistics.ts";
import { InputError } from "../../lib/errors.ts";
import { displayWidth } from "../../lib/report/layout.ts";
import { COLUMN, joined, ROWS, tableOf } from "./fixture.ts";

const review = (text: string, roles: Roles = {}) => reviewTable(tableOf(text), roles);
const found = (text: string, roles: Roles = {}) =>
  review(text, roles).findings.map(({ severity, column, message }) =>
    `${severity} ${column ?? "-"}: ${message}`
  ).join("\n");
/** A table of spend columns and a response over 60 rows. */
const series = (columns: Record<string, (t: number) => number>) =>
  [
    Object.keys(columns).join(","),
    ...Array.from({ length: 60 }, (_, t) => Object.values(columns).map((f) => f(t)).join(",")),
  ]
    .join("\n");
const wave = (t: number) => 50 + 30 * Math.sin(t * 1.7);

Deno.test("reviewTable() finds nothing to review in the built-in example", () => {
  const { csv, roles } = builtInExample();
  const { usable, findings, series } = review(csv, roles);
  assert.equal(usable, true);
  assert.deepEqual(findings.filter(({ severity }) => severity !== "INFO"), []);
  assert.deepEqual([series?.rows, series?.cadence, series?.first_date], [156, "weekly", "2022-01-03"]);
  assert.equal(series?.curves, 2); // 14 parameters, and 19 of three curves, at 10 rows each
});

Deno.test("reviewTable() turns every problem into a FAIL with its place, the worst first", () => {
  const { usable, findings, series } = review(joined((cells) => {
    cells[3][COLUMN.tv] = "-5";
    cells[5][COLUMN.sales] = "many";
  }));
  assert.equal(usable, false);
  assert.equal(series, null);
  const failed = findings.filter(({ severity }) => severity === "FAIL");
  assert.deepEqual(failed.map(({ row, column, value }) => [row, column, value]), [[4, "tv_spend", "-5"], [
    6,
    "sales",
    "many",
  ]]);
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    findings.map(({ severity }) => severity).toSorted(),
  );
});

Deno.test("reviewTable() states shares of spend, use and correlation as computed by hand", () => {
  const { series: facts } = review(
    series({ a_spend: (t) => t % 2, b_spend: () => 1.5, y: (t) => 10 + 4 * (t % 2) }),
  );
  const [a, b] = facts!.channels;
  assert.deepEqual([a.spend_share, a.active_share, a.mean, a.max], [0.25, 0.5, 0.5, 1]);
  assert.ok(Math.abs(a.correlation! - 1) < 1e-12);
  assert.deepEqual([b.spend_share, b.correlation], [0.75, null]);
});

Deno.test("reviewTable() finds outliers of response and spend, by date", () => {
  const clean = { spend: wave, y: (t: number) => 100 + 10 * Math.cos(t) };
  assert.doesNotMatch(found(series(clean)), /stands far out/);
  const spiked = found(
    series({ spend: (t) => t === 20 ? 5000 : wave(t), y: (t) => t === 30 ? 400 : clean.y(t) }),
  );
  assert.match(spiked, /REVIEW y: stands far out on 1 row: data row 31 \(400.0\); check/);
  assert.match(spiked, /REVIEW spend: stands far out on 1 row: data row 21 \(5,000\); check/);
});

Deno.test("reviewTable() takes no trend for outliers", () => {
  const text = found(series({ spend: wave, y: (t) => 1000 * t + 10 * Math.cos(t) }));
  assert.doesNotMatch(text, /stands far out/);
  assert.match(text, /INFO y: a straight trend of \+1,000 a row explains 100% of its variance/);
});

Deno.test("reviewTable() finds channels that move together", () => {
  const apart = series({ a_spend: wave, b_spend: (t) => 50 + 30 * Math.cos(t * 1.1), y: (t) => t % 7 });
  assert.doesNotMatch(found(apart), /moves with/);
  const together = series({ a_spend: wave, b_spend: (t) => 7 + 2 * wave(t) + Math.cos(t), y: (t) => t % 7 });
  assert.match(found(together), /REVIEW a_spend: moves with b_spend \(correlation 1.00\)/);
});

Deno.test("reviewTable() finds controls that spend, time and others determine", () => {
  const columns = { spend: wave, y: (t: number) => t % 7, price: (t: number) => Math.cos(t * 2.3) };
  assert.doesNotMatch(found(series(columns), { controls: ["price"] }), /follows from/);
  const sum = { ...columns, index: (t: number) => 3 * t - 0.5 * wave(t) + 4 };
  assert.match(
    found(series(sum), { controls: ["index"] }),
    /REVIEW index: follows from spend, time and other controls \(exactly\)/,
  );
});

Deno.test("reviewTable() says when spend hardly varies, is mostly off, or when rows are few", () => {
  assert.match(
    found(series({ spend: (t) => 100 + t % 3, y: wave })),
    /REVIEW -: spend hardly varies .* 0\.8% of its mean/,
  );
  assert.match(
    found(series({ spend: (t) => t % 4 ? 0 : 9 + t, y: wave })),
    /REVIEW -: spend is 0 on 75% of rows, so few/,
  );
  assert.match(
    found(series({ spend: (t) => t % 4 ? 9 + t : 0, y: wave })),
    /INFO -: spend is 0 on 25% of rows\./,
  );
  assert.match(
    found(joined()),
    new RegExp(`REVIEW -: ${ROWS} rows for the 7 parameters of even one curve is under 10`),
  );
  assert.equal(review(joined()).series?.curves, 0);
});

Deno.test("reviewTable() finds negative and zero responses", () => {
  assert.match(found(series({ spend: wave, y: (t) => t - 3 })), /REVIEW y: below 0 on 3 rows/);
  assert.match(found(series({ spend: wave, y: (t) => t % 3 })), /REVIEW y: 0 on 33% of rows/);
});

Deno.test("reviewProblems() is the review of a table that could not be read", () => {
  const { usable, findings } = reviewProblems(
    new InputError([{ where: "x.csv", message: "the file is empty." }]),
  );
  assert.equal(usable, false);
  assert.deepEqual(findings, [{ severity: "FAIL", where: "x.csv", message: "the file is empty." }]);
});

Deno.test("reviewText() keeps within the width and holds every finding", () => {
  const texts = [builtInExample().csv, joined((cells) => cells[3][COLUMN.tv] = "-5"), joined()];
  for (const text of texts) {
    for (const width of [40, 80, 132]) {
      const reviewed = review(text);
      const shown = reviewText(reviewed, width);
      assert.ok(shown.split("\n").every((line) => displayWidth(line) <= width), shown);
      const flat = shown.replace(/\s+/g, " ");
      for (const { message } of reviewed.findings) assert.ok(flat.includes(message), message);
      assert.ok(
        flat.includes(reviewed.usable ? "the data can be fitted." : "cannot be fitted until every FAIL"),
      );
    }
  }
});

Deno.test("correlation(), median() and fitLine() agree with values worked out by hand", () => {
  const x = Float64Array.of(1, 2, 3, 4), y = Float64Array.of(2, 1, 4, 3);
  assert.ok(Math.abs(correlation(x, y) - 0.6) < 1e-15);
  assert.ok(Number.isNaN(correlation(x, Float64Array.of(1, 1, 1, 1))));
  assert.deepEqual([median(y), median(Float64Array.of(5, 1, 9))], [2.5, 5]);
  const line = fitLine(y);
  assert.ok(Math.abs(line.slope - 0.6) < 1e-14 && Math.abs(line.explained - 0.36) < 1e-14);
  [0.4, -1.2, 1.2, -0.4].forEach((residual, t) => assert.ok(Math.abs(line.residuals[t] - residual) < 1e-14));
});

Deno.test("robustScores() do not let outliers hide themselves", () => {
  const scores = robustScores(Float64Array.of(1, 2, 3, 4, 1e6, 2e6));
  assert.ok(scores[4] > 1e5 && Math.abs(scores[0]) < 2);
  assert.deepEqual([...robustScores(Float64Array.of(3, 3, 3, 8))], [0, 0, 0, 0]);
});

Deno.test("varianceInflation() of two columns is 1 / (1 - r^2), and infinite where one follows from others", () => {
  const around = (base: (i: number) => number) =>
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 })
      .map((values) => Float64Array.from(values, (value, i) => value + base(i)));
  fc.assert(
    fc.property(around((i) => Math.sin(i * i)), around((i) => Math.cos(i * i)), (a, b) => {
      const expected = 1 / (1 - correlation(a, b) ** 2);
      fc.pre(expected > 0 && expected < 1e6); // beyond, both ways lose digits
      for (const factor of varianceInflation([a, b])) assert.ok(Math.abs(factor / expected - 1) < 1e-6);
      const sum = a.map((value, i) => 2 * value - b[i] + 3);
      assert.deepEqual(varianceInflation([a, b, sum]), [Infinity, Infinity, Infinity]);
    }),
    { seed: 8, numRuns: 100 },
  );
});
