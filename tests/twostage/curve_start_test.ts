import assert from "node:assert/strict";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import {
  type Curve,
  type CurvePrior,
  type CurveRows,
  curveStart,
  fitCurve,
} from "../../lib/twostage/curve_start.ts";
import { derivative, makeSeries, spec } from "../model/support.ts";

const TRUTH: Curve = [Math.log(2), Math.log(1.4), Math.log(1.8)];
const VAGUE: CurvePrior = { mean: [0, 0, 0], sd: [10, 10, 10] };
const NEAR: CurvePrior = { mean: [0.5, 0.1, 0.4], sd: [0.8, 0.7, 0.4] };

const height = ([logA, logKappa, logN]: Curve, logStock: number) =>
  Math.exp(logA) / (1 + Math.exp(Math.exp(logN) * (logKappa - logStock)));

function rowsAbout(curve: Curve, noise: number, count = 120): CurveRows {
  const stream = new RandomStream(3, Purpose.simulate);
  const logStock = Float64Array.from({ length: count }, () => 0.3 + 0.8 * stream.normal());
  return { logStock, left: logStock.map((x) => height(curve, x) + noise * stream.normal()) };
}

Deno.test("rows without noise give back their curve", () => {
  const found = fitCurve(rowsAbout(TRUTH, 0), VAGUE, 1e-6, [0, 0, 0]);
  found.forEach((value, i) => assert.ok(Math.abs(value - TRUTH[i]!) < 1e-4, `${found}`));
});

Deno.test("the fit is where squares and prior are least: every derivative vanishes", () => {
  const rows = rowsAbout(TRUTH, 0.3), variance = 0.09;
  const cost = (curve: Curve) =>
    rows.left.reduce((sum, y, t) => sum + (y - height(curve, rows.logStock[t]!)) ** 2, 0) / variance +
    curve.reduce((sum, value, i) => sum + ((value - NEAR.mean[i]!) / NEAR.sd[i]!) ** 2, 0);
  const found = fitCurve(rows, NEAR, variance, [0, 0, 0]);
  for (let i = 0; i < 3; i++) {
    const moved = (value: number) => found.with(i, value) as unknown as Curve;
    const slope = derivative((value) => cost(moved(value)), found[i]!, 1e-3);
    const bend = derivative((x) => derivative((value) => cost(moved(value)), x, 1e-3), found[i]!, 1e-3);
    assert.ok(Math.abs(slope / bend) < 1e-3, `coordinate ${i} is ${slope / bend} from its minimum`);
  }
});

Deno.test("without rows the prior has its way, and a bad start does not end in nonsense", () => {
  const none = { logStock: new Float64Array(0), left: new Float64Array(0) };
  fitCurve(none, NEAR, 0.1, [3, -3, 2]).forEach((value, i) =>
    assert.ok(Math.abs(value - NEAR.mean[i]!) < 1e-6)
  );
  const found = fitCurve(rowsAbout(TRUTH, 0.3), NEAR, 0.09, [4, 4, 1.5]);
  assert.ok(found.every(Number.isFinite) && height(found, 1) > 0.5 && height(found, 1) < 2.5, `${found}`);
});

/** A single-curve problem whose response is what two curves far apart make of its spend, and the position to match. */
function twoCurves(curves: readonly [Curve, Curve], noise: number) {
  const made = buildProblem(makeSeries({ rows: 200 }), spec({ components: 1 }));
  const stream = new RandomStream(4, Purpose.simulate), alpha = 0.5;
  let s = 0;
  const response = made.spend.map((x, t) => {
    s = x + alpha * s;
    const curve = curves[stream.uniform() < 0.6 ? 0 : 1];
    return 1 + 0.2 * made.time[t]! + height(curve, Math.log(s)) + noise * stream.normal();
  });
  const problem: HillProblem = { ...made, response }, { layout, coordinates } = problem;
  const position = new Float64Array(layout.dim);
  const set = (i: number, phi: number) => position[i] = (phi - coordinates[i]!.loc) / coordinates[i]!.scale;
  [0, 1, 0.2].forEach((phi, i) => set(i, phi)); // logit alpha, intercept, slope
  return { problem, position };
}

Deno.test("two curves far apart are found, by ascending kappa, with their shares", () => {
  const low: Curve = [Math.log(1), Math.log(1), Math.log(2)];
  const high: Curve = [Math.log(4), Math.log(2.5), Math.log(1.6)];
  const { problem, position } = twoCurves([low, high], 0.1);
  const { curves, shares, noise } = curveStart(problem, position, 2);
  [low, high].forEach((truth, k) =>
    truth.forEach((value, i) => assert.ok(Math.abs(curves[k]![i]! - value) < 0.35, `curve ${k}: ${curves}`))
  );
  assert.ok(Math.abs(shares[0]! - 0.6) < 0.1, `${shares}`);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
  assert.ok(noise > 0.05 && noise < 0.2, `${noise}`);
});

Deno.test("as many curves as asked for, in order, whatever the rows say", () => {
  const one: Curve = [Math.log(2), Math.log(1.5), Math.log(1.5)];
  const { problem, position } = twoCurves([one, one], 0.2);
  for (const components of [2, 5, 8]) {
    const { curves, shares } = curveStart(problem, position, components);
    assert.equal(curves.length, components);
    assert.ok(curves.flat().every(Number.isFinite) && shares.every((share) => share > 0));
    curves.forEach(([, kappa], k) => assert.ok(k === 0 || kappa >= curves[k - 1]![1]));
  }
});

Deno.test("rows without adstock are left out", () => {
  const series = makeSeries({ rows: 60 });
  series.spend.fill(0, 0, 5);
  const problem = buildProblem(series, spec({ components: 1 }));
  const { curves, noise } = curveStart(problem, new Float64Array(problem.layout.dim), 2);
  assert.ok(curves.flat().every(Number.isFinite) && noise > 0);
});
