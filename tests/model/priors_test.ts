import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { PriorFamily } from "../../lib/model/problem.ts";
import { makeSeries, rowsOf, spec } from "./support.ts";

function meanOf(values: readonly number[] | Float64Array): number {
  return [...values].reduce((a, b) => a + b, 0) / values.length;
}

Deno.test("response, time and controls are standardised, spend by its mean positive value", () => {
  const series = makeSeries({ rows: 50, controls: 2, active: 0.5 });
  const problem = buildProblem(series, spec());
  const column = (j: number) => Array.from({ length: 50 }, (_, t) => problem.baseline[2 * t + j]);
  for (const values of [problem.response, problem.time, column(0), column(1)]) {
    assert.ok(Math.abs(meanOf(values)) < 1e-12);
    assert.ok(Math.abs(meanOf([...values].map((x) => x * x)) - 1) < 1e-12);
  }
  assert.ok(Math.abs(meanOf(problem.spend.filter((x) => x > 0)) - 1) < 1e-12);
  series.spend.forEach((x, t) =>
    assert.ok(Math.abs(problem.spend[t] * problem.units.spendScale - x) < 1e-12)
  );
  assert.deepEqual(problem.columns.map(({ name }) => name), ["control 1", "control 2"]);
});

Deno.test("season terms are plain sines and cosines of the row, after the controls", () => {
  const problem = buildProblem(
    makeSeries({ rows: 30, controls: 1 }),
    spec({ season: { period: 12, harmonics: 2 } }),
  );
  assert.deepEqual(problem.columns.map(({ kind }) => kind), ["control", "sine", "cosine", "sine", "cosine"]);
  for (let t = 0; t < 30; t++) {
    const expected = [1, 2].flatMap((
      h,
    ) => [Math.sin(2 * Math.PI * h * t / 12), Math.cos(2 * Math.PI * h * t / 12)]);
    expected.forEach((value, j) => assert.ok(Math.abs(problem.baseline[5 * t + 1 + j] - value) < 1e-12));
  }
});

Deno.test("the baseline priors are those of the table, in standard deviations of the response", () => {
  const series = makeSeries({ rows: 50, controls: 1 });
  const { coordinates, units } = buildProblem(series, spec({ components: 2 }));
  const range = (Math.max(...series.response) - Math.min(...series.response)) / units.responseSd;
  const { normal, betaLogit, halfNormalLog } = PriorFamily;
  const rows = coordinates.map(({ name, family, a, b }) => [name, family, a, b]);
  assert.deepEqual(rows, [
    ["logit alpha", betaLogit, 2, 2],
    ["intercept", normal, 0, 2],
    ["slope", normal, 0, 1],
    ["gamma.1", normal, 0, 1],
    ["ln sigma", halfNormalLog, 1, 0],
    ["ln kappa.1 over median", normal, 0, 0.7],
    ["ln kappa gap.2", halfNormalLog, 0.7, 0],
    ["logit stick.1", betaLogit, 1, 1],
    ["mu_log_A", normal, rows[8][2], 0.5],
    ["ln sigma_log_A", normal, -1, 0.5],
    ["mu_log_n", normal, Math.log(1.5), 0.3],
    ["ln sigma_log_n", normal, -1.5, 0.5],
    ["z_A.1", normal, 0, 1],
    ["z_A.2", normal, 0, 1],
    ["z_n.1", normal, 0, 1],
    ["z_n.2", normal, 0, 1],
  ]);
  assert.ok(Math.abs(coordinates[8].a - Math.log(0.3 * range)) < 1e-12);
});

Deno.test("one component has no hierarchy: ln A and ln n are coordinates with their own priors", () => {
  const series = makeSeries({ rows: 50 });
  const problem = buildProblem(series, spec({ preset: "single" }));
  const [A, n] = problem.coordinates.slice(-2);
  const range = (Math.max(...series.response) - Math.min(...series.response)) / problem.units.responseSd;
  assert.equal(problem.coordinates.length, 7);
  assert.ok(Math.abs(A.a - Math.log(0.3 * range)) < 1e-12 && A.b === 0.8);
  assert.deepEqual([n.a, n.b], [Math.log(1.5), 0.4]);
  for (const preset of ["baseline", "centred"]) {
    const same = buildProblem(series, spec({ preset, components: 1 }));
    assert.deepEqual(same, problem);
  }
});

Deno.test("the median table covers the prior of alpha, and no more than tells alpha from 0 and 1", () => {
  const rangeOf = (a: number, b: number) => {
    const { median } = buildProblem(makeSeries({ rows: 30 }), spec({ priors: { alpha: { a, b } } }));
    return [median.start, median.start + median.step * (median.values.length - 1)];
  };
  const [start, end] = rangeOf(2, 2);
  assert.ok(start < -4.34 && end > 4.34); // 99.9% of Beta(2, 2)
  const near = rangeOf(500, 500);
  assert.ok(near[0] > -0.4 && near[1] < 0.4);
  for (const [a, b] of [[0.001, 0.001], [1000, 0.001], [0.001, 1000]]) {
    const [low, high] = rangeOf(a, b);
    assert.ok(low >= -12 && high <= 12 && high - low > 20);
  }
});

Deno.test("a problem survives the copy to a Worker", () => {
  const problem = buildProblem(
    makeSeries({ rows: 30, controls: 1 }),
    spec({ season: { period: 7, harmonics: 1 } }),
  );
  assert.deepEqual(structuredClone(problem), problem);
});

Deno.test("constant columns and no spend are the user's to mend, all named at once", () => {
  const series = makeSeries({ rows: 30, controls: 2 });
  const columnsOf = (broken: typeof series) => {
    try {
      buildProblem(broken, spec());
    } catch (error) {
      assert.ok(error instanceof InputError);
      return error.problems.map(({ column }) => column);
    }
    return [];
  };
  assert.deepEqual(columnsOf(series), []);
  const flat = new Float64Array(30);
  const control = { name: "promotion", values: flat };
  assert.deepEqual(
    columnsOf({ ...series, response: flat.map(() => 0.1), spend: flat, controls: [control] }),
    ["y", "spend", "promotion"],
  );
  assert.deepEqual(columnsOf({ ...rowsOf(series, 0, 20), controls: [series.controls[0], control] }), [
    "promotion",
  ]);
});
