import assert from "node:assert/strict";
import {
  commonScale,
  formatCount,
  formatFixed,
  formatInterval,
  formatLarge,
  formatNumber,
  formatSeconds,
  plural,
} from "../../lib/report/format.ts";

Deno.test("formatNumber() gives four significant digits or none of a number that is none", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.49812, "0.4981"],
    [-0.0012, "-0.0012"],
    [0.00012, "1.20e-4"],
    [9.99951, "10.00"],
    [53.0149, "53.01"],
    [-512.349, "-512.3"],
    [12345.6, "12,346"],
    [1.5e12, "1.50e+12"],
    [NaN, "-"],
    [Infinity, "-"],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

Deno.test("formatInterval() puts the 90% interval behind the mean, in any format", () => {
  const share = { mean: 0.1712, q5: 0.1, q95: NaN };
  assert.equal(formatInterval({ mean: 1420.4, q5: 1180, q95: 1690.2 }), "1,420 (1,180 to 1,690)");
  assert.equal(formatInterval(share, (value) => `${formatFixed(100 * value, 0)}%`), "17% (10% to -%)");
});

Deno.test("formatLarge() keeps three digits at every size", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [940, "940"],
    [1250, "1.25 k"],
    [190_400, "190 k"],
    [999_999, "1000 k"],
    [1.3e6, "1.3 M"],
    [2.1e10, "21 G"],
    [5e13, "50000 G"],
    [NaN, "-"],
  ];
  for (const [value, text] of cases) assert.equal(formatLarge(value), text);
});

Deno.test("formatSeconds() changes unit at a minute and an hour, and never shows 60 s", () => {
  const cases: [number, string][] = [
    [0, "0 s"],
    [0.0421, "0.042 s"],
    [9.96, "10 s"],
    [12.34, "12.3 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min 00 s"],
    [245, "4 min 05 s"],
    [3599.6, "1 h 00 min"],
    [7845, "2 h 10 min"],
    [NaN, "-"],
  ];
  for (const [value, text] of cases) assert.equal(formatSeconds(value), text);
});

Deno.test("counts are grouped and agree with their noun", () => {
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(formatCount(NaN), "-");
  assert.equal(formatFixed(1.00349, 3), "1.003");
  assert.equal(formatFixed(NaN, 3), "-");
  assert.equal(plural(1, "chain"), "1 chain");
  assert.equal(plural(2000, "chain"), "2,000 chains");
});

Deno.test("commonScale() shows three digits of the largest value and puts all in one unit", () => {
  const cases: [number[], string, string[]][] = [
    [[0.5, 0.0123], "", ["0.500", "0.012"]],
    [[9876, 12], "", ["9,876", "12"]],
    [[28_800, 2901], "thousands", ["28.8", "2.9"]],
    [[2_791_505, -498_514, NaN], "millions", ["2.79", "-0.50", "-"]],
    [[3e12], "billions", ["3,000"]],
    [[0, 0], "", ["0", "0"]],
    [[], "", []],
  ];
  for (const [values, unit, texts] of cases) {
    const scale = commonScale(values);
    assert.deepEqual([scale.unit, values.map(scale.format)], [unit, texts]);
  }
});
