import assert from "node:assert/strict";
import { medianTable, readMedian } from "../../lib/model/median.ts";
import { logistic } from "../../lib/model/special.ts";
import { makeSeries } from "./support.ts";

// Beta(2, 2) has 99.9% of its mass at logit alpha within 4.34 of 0.
const MASS = 4.34;
const REACH = 5;

/** Median by sorting, over the rows from the first positive spend on. */
function slowLogMedian(spend: Float64Array, alpha: number): number {
  let s = 0;
  const values: number[] = [];
  for (const x of spend) {
    s = x + alpha * s;
    if (s > 0) values.push(s);
  }
  values.sort((a, b) => a - b);
  const n = values.length;
  return Math.log((values[(n - 1) >> 1] + values[n >> 1]) / 2);
}

function read(spend: Float64Array) {
  const table = medianTable(spend, -REACH, REACH);
  return {
    table,
    at(logitAlpha: number) {
      const value = { logMedian: 0, logMedianSlope: 0 };
      readMedian(table, logitAlpha, value);
      return value;
    },
  };
}

for (const rows of [30, 31, 200, 500, 2000]) {
  for (const active of [1, 0.5, 0.15]) {
    Deno.test(`median table is within 1e-4 of the median: ${rows} rows, ${active} of them with spend`, () => {
      const { spend } = makeSeries({ rows, active, seed: rows });
      const { at } = read(spend);
      const points = rows < 2000 ? 2000 : 500;
      let worst = 0;
      for (let i = 0; i < points; i++) {
        const logitAlpha = MASS * (2 * (i + 0.5) / points - 1);
        const exact = slowLogMedian(spend, logistic(logitAlpha));
        worst = Math.max(worst, Math.abs(at(logitAlpha).logMedian - exact));
      }
      assert.ok(worst < 1e-4, `off by ${worst}`);
    });
  }
}

Deno.test("median table has the derivative it states, everywhere continuous", () => {
  const { table, at } = read(makeSeries({ rows: 60 }).spend);
  const { start, step } = table, end = start + step * (table.values.length - 1);
  for (const knot of [start, start + step, start + 777 * step, end - step, end]) {
    const before = at(knot - 1e-9), after = at(knot + 1e-9);
    assert.ok(Math.abs(before.logMedian - after.logMedian) < 1e-8);
    assert.ok(Math.abs(before.logMedianSlope - after.logMedianSlope) < 1e-4);
    const middle = knot + step / 2, h = step / 8;
    const numeric = (at(middle + h).logMedian - at(middle - h).logMedian) / (2 * h);
    const curvature = at(middle + h).logMedianSlope + at(middle - h).logMedianSlope -
      2 * at(middle).logMedianSlope;
    assert.ok(Math.abs(numeric - at(middle).logMedianSlope - curvature / 6) < 1e-9);
  }
  assert.equal(at(start - 3).logMedianSlope, 0);
  assert.equal(at(end + 3).logMedianSlope, 0);
  assert.equal(at(end + 3).logMedian, at(end + 90).logMedian);
});

Deno.test("median counts from the first spend on, and stops at what f32 can hold", () => {
  const spend = new Float64Array(100);
  spend[60] = 1;
  const late = read(spend);
  assert.ok(Math.abs(late.at(0).logMedian - slowLogMedian(spend, 0.5)) < 1e-4);
  const early = Float64Array.from({ length: 1000 }, (_, t) => t === 0 ? 1 : 0);
  const { at } = read(early);
  assert.equal(at(-2).logMedian, Math.log(2 ** -126)); // 0.12^500 is nothing to anyone
  assert.ok(Number.isFinite(at(0).logMedian));
});
