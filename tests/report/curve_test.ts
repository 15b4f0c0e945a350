import assert from "node:assert/strict";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { curvePlot, responseCurve } from "../../lib/report/curve.ts";
import { fakeDraws } from "../runs/fixture.ts";

const constant = (values: Record<string, number>): Draws => ({
  chains: 1,
  draws: 3,
  columns: new Map(Object.entries(values).map(([name, value]) => [name, new Float64Array(3).fill(value)])),
});

Deno.test("at a steady spend that settles at half-saturation a curve gives half its amplitude", () => {
  // alpha 0.5 settles 4 per row at 8 = kappa.
  const draws = constant({ alpha: 0.5, "A.1": 30, "n.1": 1.5, "kappa.1": 8, "pi.1": 1 });
  const curve = responseCurve(draws, 1, Float64Array.of(0, 4));
  assert.equal(curve.middle[0], 0);
  assert.ok(Math.abs(curve.middle[1] - 15) < 1e-12);
});

Deno.test("curves of a mixture add up by their weights", () => {
  const draws = constant({
    alpha: 0,
    "A.1": 10,
    "A.2": 40,
    "n.1": 1,
    "n.2": 2,
    "kappa.1": 5,
    "kappa.2": 5,
    "pi.1": 0.75,
    "pi.2": 0.25,
  });
  assert.ok(Math.abs(responseCurve(draws, 2, Float64Array.of(5)).high[0] - (0.75 * 5 + 0.25 * 20)) < 1e-12);
});

Deno.test("the band holds the median, and more spend never lowers it", () => {
  const spend = Float64Array.from({ length: 40 }, (_, i) => i);
  const { low, middle, high } = responseCurve(fakeDraws(7, 331), 2, spend);
  for (let i = 0; i < spend.length; i++) {
    assert.ok(low[i] <= middle[i] && middle[i] <= high[i]);
    if (i > 0) assert.ok(middle[i] >= middle[i - 1] && low[i] >= low[i - 1] && high[i] >= high[i - 1]);
  }
});

Deno.test("a plot has its height, both ends labelled, and the average spend marked where it is", () => {
  const spend = Float64Array.from({ length: 21 }, (_, i) => i);
  const line = Float64Array.from(spend, (x) => 2 * x);
  const lines = curvePlot({ spend, low: line, middle: line, high: line }, 5, 6);
  assert.equal(lines.length, 8);
  assert.match(lines[0], /^40\.00 │ {19}█$|^40\.00 │ *█+$/);
  assert.match(lines[5], /^ +0 │█/);
  const axis = lines[6];
  assert.equal(axis.indexOf("▲") - axis.indexOf("└") - 1, 5);
  assert.match(lines[7], /0 +20\.00$/);
});

Deno.test("a flat response is drawn, not divided by zero", () => {
  const flat = new Float64Array(8);
  const lines = curvePlot({ spend: flat.map((_, i) => i), low: flat, middle: flat, high: flat }, 0, 4);
  assert.match(lines[3], /████████/);
});
