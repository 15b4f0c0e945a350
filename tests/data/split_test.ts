import assert from "node:assert/strict";
import fc from "fast-check";
import type { Series } from "../../lib/data/series.ts";
import { splitHoldout } from "../../lib/data/split.ts";
import { formatProblem } from "../../lib/errors.ts";
import { problemsIn } from "./fixture.ts";

function seriesOf(rows: number, spend: (t: number) => number = (t) => t): Series {
  const values = Float64Array.from({ length: rows }, (_, t) => t);
  return {
    name: "sales.csv",
    dates: Array.from(values, String),
    dateColumn: "t",
    spend: values.map(spend),
    spendColumns: ["spend"],
    leftOut: [],
    response: values.map((t) => 2 * t),
    targetColumn: "y",
    controls: [{ name: "price", values: values.map((t) => t % 3) }],
  };
}

const say = (series: Series, share: number) =>
  problemsIn(() => splitHoldout(series, share)).map(formatProblem).join("\n");

Deno.test("splitHoldout() trains on the first floor((1 - share) T) rows", () => {
  for (
    const [rows, share, train] of [[509, 0.25, 381], [200, 0.2, 160], [100, 0.1, 90], [190, 0.3, 133], [
      70,
      0.5,
      35,
    ]]
  ) {
    assert.equal(splitHoldout(seriesOf(rows), share).train.spend.length, train, `${rows} rows, ${share}`);
  }
});

Deno.test("splitHoldout() gives both halves back whole, in order and in buffers of their own", () => {
  const property = fc.property(
    fc.integer({ min: 80, max: 700 }),
    fc.double({ min: 0.02, max: 0.5, noNaN: true }),
    (rows, share) => {
      const series = seriesOf(rows);
      const { train, holdout } = splitHoldout(series, share);
      const joined = (
        pick: (part: Series) => ArrayLike<unknown>,
      ) => [...Array.from(pick(train)), ...Array.from(pick(holdout))];
      assert.deepEqual(joined((part) => part.spend), [...series.spend]);
      assert.deepEqual(joined((part) => part.response), [...series.response]);
      assert.deepEqual(joined((part) => part.controls[0].values), [...series.controls[0].values]);
      assert.deepEqual(joined((part) => part.dates!), series.dates);
      assert.equal(holdout.spend.buffer.byteLength, 8 * holdout.spend.length);
      // Within one row of the share, on the training side's loss.
      const asked = (1 - share) * rows;
      assert.ok(train.spend.length <= asked + 1e-6 && train.spend.length > asked - 1);
    },
  );
  fc.assert(property, { seed: 7, numRuns: 200 });
});

Deno.test("splitHoldout() with share 0 holds out nothing", () => {
  const { train, holdout } = splitHoldout(seriesOf(40), 0);
  assert.deepEqual([train.spend.length, holdout.spend.length], [40, 0]);
});

Deno.test("splitHoldout() holds out one row at least, however small the share", () => {
  assert.equal(splitHoldout(seriesOf(40), 1e-15).holdout.spend.length, 1);
});

Deno.test("splitHoldout() keeps a series without dates without dates", () => {
  const { dates: _, ...rest } = seriesOf(80);
  assert.equal("dates" in splitHoldout(rest, 0.25).train, false);
});

Deno.test("splitHoldout() refuses shares out of range and splits that cannot be fitted", () => {
  for (const share of [-0.1, 0.6, NaN]) {
    assert.match(
      say(seriesOf(200), share),
      /^--holdout, value ".+": is out of range; give a share .* 0 to 0.5/,
    );
  }
  assert.match(say(seriesOf(39), 0.25), /--holdout, value "0.25": 29 training rows are too few; at least 30/);
  const late = seriesOf(100, (t) => t < 75 ? 5 : t);
  assert.match(
    say(late, 0.25),
    /column spend, value "0.25": the column is constant over the 75 training rows/,
  );
});
