/** Parts of the page that need no browser: what they compute is what the rest of hillmix computes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CONTENDERS } from "../../lib/compare/contenders.ts";
import { responseCurve } from "../../lib/report/curve.ts";
import * as told from "../../lib/report/format.ts";
import { ticksOf } from "../../routes/page/charts.js";
import { curveColumns, responseBand } from "../../routes/page/curve.js";
import * as shown from "../../routes/page/format.js";
import { eventReader } from "../../routes/page/sse.js";
import { METHOD_TITLES } from "../../routes/page/words.js";
import { fakeDraws } from "../runs/fixture.ts";

Deno.test("the curve of the page is the curve of the terminal", () => {
  const draws = fakeDraws(4, 200), spend = Float64Array.of(0, 0.5, 3, 5.4, 20, 400);
  const columns = curveColumns(2);
  const rows = Array.from({ length: 800 }, (_, i) => columns.map((name) => draws.columns.get(name)![i]));
  const bandAt = responseBand({ columns, rows }, 2), curve = responseCurve(draws, 2, spend);
  spend.forEach((x, i) => {
    const { low, middle, high } = bandAt(x), expected = [curve.low[i], curve.middle[i], curve.high[i]];
    [low, middle, high].forEach((value, j) =>
      assert.ok(Math.abs(value - expected[j]) <= 1e-12 * Math.abs(expected[j]), `${value} and ${expected[j]}`)
    );
  });
});

Deno.test("numbers read as in the terminal", () => {
  for (
    const name of ["formatNumber", "formatCount", "formatShare", "formatLarge", "formatSeconds"] as const
  ) {
    fc.assert(fc.property(fc.double(), (value) => assert.equal(shown[name](value), told[name](value))));
    fc.assert(fc.property(fc.double({ min: -1e5, max: 1e5 }), (value) => {
      assert.equal(shown[name](value), told[name](value));
    }));
    assert.equal(shown[name](null), "-");
  }
  assert.equal(shown.formatFixed(1.0049, 2), "1.00");
  assert.deepEqual([shown.plural(1, "draw"), shown.plural(1200, "draw")], ["1 draw", "1,200 draws"]);
});

Deno.test("there are words for every method that can be compared, and for no other", () => {
  assert.deepEqual(Object.keys(METHOD_TITLES), CONTENDERS.map(({ name }) => name));
});

Deno.test("events come out whole, however their text is cut", () => {
  const text =
    'retry: 2000\n\n:\n\nid: 3\nevent: progress\ndata: {"done":1}\n\nid: 4\r\nevent: state\r\ndata: a\r\ndata:  b\r\n\r\nid: 5\n';
  const expected = [
    { id: "3", event: "progress", data: '{"done":1}' },
    { id: "4", event: "state", data: "a\n b" },
  ];
  fc.assert(fc.property(fc.array(fc.nat(text.length)), (cuts) => {
    const seen: unknown[] = [], read = eventReader((event) => seen.push(event));
    const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
    places.slice(1).forEach((end, i) => read(text.slice(places[i], end)));
    assert.deepEqual(seen, expected);
  }));
});

Deno.test("ticks are round, within the range, and about as many as asked for", () => {
  assert.deepEqual(ticksOf([0, 90_000], 9), [0, 1e4, 2e4, 3e4, 4e4, 5e4, 6e4, 7e4, 8e4, 9e4]);
  assert.deepEqual(ticksOf([-1505, -1493], 3), [-1505, -1500, -1495]);
  fc.assert(fc.property(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    fc.integer({ min: 2, max: 12 }),
    (from, size, about) => {
      const ticks = ticksOf([from, from + size], about);
      assert.ok(ticks.length >= 1 && ticks.length <= 2.5 * about + 1, `${ticks.length} ticks`);
      const slack = 1e-6 * size;
      assert.ok(ticks[0] >= from - slack && ticks.at(-1)! <= from + size + slack);
    },
  ));
});
