import assert from "node:assert/strict";
import fc from "fast-check";
import { businessDraws, SPEND_INCREASE, SPEND_MULTIPLES, summariseBusiness } from "../lib/business.ts";
import type { Draws } from "../lib/diagnostics/draws.ts";
import { allocatePrediction, predict, trainingRows } from "../lib/model/predict.ts";
import { samplePrior } from "../lib/model/initial.ts";
import { buildProblem } from "../lib/model/priors.ts";
import { drawsOf, independentSample } from "../lib/posterior.ts";
import { Purpose, RandomStream } from "../lib/random.ts";
import { makeSeries, spec } from "./model/support.ts";

/** One draw, given parameter by parameter. */
const oneDraw = (values: Record<string, number>): Draws => ({
  chains: 1,
  draws: 1,
  columns: new Map(Object.entries(values).map(([name, value]) => [name, Float64Array.of(value)])),
});

const close = (actual: number, expected: number, relative = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected}`);

const number = (draws: Draws, name: string) => draws.columns.get(name)![0];

Deno.test("with exponent 1 and no carry-over the numbers are those of a sum done by hand", () => {
  const draws = oneDraw({ alpha: 0, "A.1": 10, "n.1": 1, "kappa.1": 3 });
  const business = businessDraws(draws, 1, Float64Array.of(1, 0, 3, 6));
  const hill = (s: number) => 10 * s / (3 + s), now = hill(1) + hill(3) + hill(6);
  close(number(business, "contribution"), now);
  close(number(business, "roas"), now / 10);
  close(number(business, "marginal_roas"), hill(1.1) + hill(3.3) + hill(6.6) - now);
  SPEND_MULTIPLES.forEach((multiple, i) =>
    close(number(business, `response.${i + 1}`), hill(2.5 * multiple))
  );
});

Deno.test("carry-over counts where it lands, and what lands after the last row does not", () => {
  const draws = oneDraw({ alpha: 0.5, "A.1": 8, "n.1": 1, "kappa.1": 4 });
  const hill = (s: number) => 8 * s / (4 + s);
  close(
    number(businessDraws(draws, 1, Float64Array.of(4, 0, 0)), "contribution"),
    hill(4) + hill(2) + hill(1),
  );
  close(number(businessDraws(draws, 1, Float64Array.of(0, 0, 4)), "contribution"), hill(4));
  close(number(businessDraws(draws, 1, Float64Array.of(4, 0, 4)), "response.3"), hill(2 * 8 / 3));
});

Deno.test("contribution is the fitted mean less the fitted mean without spend, whatever the draw", () => {
  for (const components of [1, 3]) {
    const series = makeSeries({ rows: 40, seed: 2 });
    const problem = buildProblem(series, spec({ components })), { dim } = problem.layout;
    const stream = new RandomStream(components, Purpose.simulate), count = 50;
    const positions = new Float64Array(count * dim);
    for (let d = 0; d < count; d++) positions.set(samplePrior(problem, stream), d * dim);
    const none = new Float64Array(count);
    const draws = drawsOf(problem, independentSample(problem, { positions, logPrior: none, logLik: none }));
    const contribution = businessDraws(draws, components, series.spend).columns.get("contribution")!;
    const rows = trainingRows(problem), silent = { ...rows, spend: new Float64Array(rows.count) };
    const [seen, without] = [rows, silent].map((each) => allocatePrediction(problem, each));
    for (let d = 0; d < count; d++) {
      predict(problem, rows, positions, d * dim, seen!);
      predict(problem, silent, positions, d * dim, without!);
      const expected = seen!.mean.reduce((sum, value, t) => sum + value - without!.mean[t], 0);
      assert.ok(Math.abs(contribution[d] - expected) < 1e-8 * Math.max(1, Math.abs(expected)), `draw ${d}`);
    }
  }
});

const curve = fc.record({
  pi: fc.double({ min: 0.01, max: 1, noNaN: true }),
  A: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
  n: fc.double({ min: 0.2, max: 6, noNaN: true }),
  kappa: fc.double({ min: 0.01, max: 1e3, noNaN: true }),
});
const spends = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 2, maxLength: 30 })
  .map((values) => Float64Array.from([...values, 1]));

Deno.test("no numbering of the curves changes a number, and more spend never brings less", () => {
  fc.assert(fc.property(
    fc.array(curve, { minLength: 2, maxLength: 4 }),
    fc.double({ min: 0, max: 0.95, noNaN: true }),
    spends,
    (curves, alpha, spend) => {
      const numbered = (order: typeof curves) =>
        oneDraw(Object.fromEntries([
          ["alpha", alpha],
          ...order.flatMap((each, k) =>
            Object.entries(each).map(([name, value]) => [`${name}.${k + 1}`, value])
          ),
        ]));
      const one = businessDraws(numbered(curves), curves.length, spend);
      const other = businessDraws(numbered(curves.toReversed()), curves.length, spend);
      for (const [name, [value]] of one.columns) {
        assert.ok(Math.abs(value - number(other, name)) <= 1e-9 * Math.abs(value) + 1e-9, name);
      }
      const total = spend.reduce((a, b) => a + b, 0);
      assert.ok(number(one, "marginal_roas") >= -1e-9);
      close(number(one, "roas") * total, number(one, "contribution"));
      const levels = SPEND_MULTIPLES.map((_, i) => number(one, `response.${i + 1}`));
      assert.deepEqual(levels, levels.toSorted((a, b) => a - b));
    },
  ));
});

Deno.test("far below saturation with exponent 1 the next spend brings what the last did", () => {
  const draws = oneDraw({ alpha: 0.3, "A.1": 1e9, "n.1": 1, "kappa.1": 1e9 });
  const business = businessDraws(draws, 1, Float64Array.of(1, 2, 3));
  close(number(business, "marginal_roas"), number(business, "roas"), 1e-5);
  assert.equal(SPEND_INCREASE, 0.1, "the report says ten per cent");
});

Deno.test("the summary holds means, intervals and shares; a response that sums to nothing has no shares", () => {
  const columns = { alpha: 0, "n.1": 1, "kappa.1": 1 };
  const draws: Draws = {
    chains: 2,
    draws: 2,
    columns: new Map([
      ...Object.entries(columns).map(([name, value]): [string, Float64Array] => [
        name,
        new Float64Array(4).fill(value),
      ]),
      ["A.1", Float64Array.of(1, 2, 3, 4)],
    ]),
  };
  const spend = Float64Array.of(1, 1);
  const report = summariseBusiness(businessDraws(draws, 1, spend), {
    spend,
    response: Float64Array.of(4, 6),
  });
  assert.deepEqual([report.spend, report.response], [2, 10]);
  close(report.contribution.mean, 2.5);
  close(report.contribution.sd, Math.sqrt(5 / 3));
  close(report.contribution_share.q50, 0.25);
  close(report.roas.mean, 1.25);
  assert.deepEqual(
    report.curve.map(({ multiple, spend }) => [multiple, spend]),
    SPEND_MULTIPLES.map((m) => [m, m]),
  );
  const loss = summariseBusiness(businessDraws(draws, 1, spend), { spend, response: Float64Array.of(4, -6) });
  assert.ok(Number.isNaN(loss.contribution_share.mean) && loss.roas.mean === report.roas.mean);
});

Deno.test("of many draws some thousand are used, evenly spaced", () => {
  const size = 10_000;
  const draws: Draws = {
    chains: 2,
    draws: size / 2,
    columns: new Map([
      ["alpha", new Float64Array(size)],
      ["A.1", Float64Array.from({ length: size }, (_, i) => i)],
      ["n.1", new Float64Array(size).fill(1)],
      ["kappa.1", new Float64Array(size).fill(1)],
    ]),
  };
  const { columns, draws: used } = businessDraws(draws, 1, Float64Array.of(1));
  assert.equal(used, 3334);
  assert.deepEqual([...columns.get("contribution")!.slice(0, 3)], [0, 1.5, 3]);
  assert.ok(columns.get("response.1")!.length === used);
});
