import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import { allocateParameters, constrain, parameterNames } from "../../lib/model/parameters.ts";
import {
  allocatePrediction,
  laterRows,
  predict,
  responseCurve,
  trainingRows,
} from "../../lib/model/predict.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { makeSeries, rowsOf, spec } from "./support.ts";

const SEASON = { period: 7, harmonics: 1 };

function close(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9 * (1 + Math.abs(expected)), `${actual} is not ${expected}`);
}

Deno.test("pointwise log densities of the training rows add up to the log likelihood in original units", () => {
  const problem = buildProblem(makeSeries({ rows: 40, controls: 1, active: 0.5 }), spec({ season: SEASON }));
  const rows = trainingRows(problem), prediction = allocatePrediction(problem, rows);
  const work = hillWorkspace(problem), gradient = new Float64Array(problem.layout.dim);
  const stream = new RandomStream(41, Purpose.initial);
  for (let repeat = 0; repeat < 20; repeat++) {
    const u = samplePrior(problem, stream);
    predict(problem, rows, u, 0, prediction);
    hillDensity(work, u, 0, 1, gradient, 0);
    close(
      prediction.logDensity.reduce((a, b) => a + b),
      work.logLik - 40 * Math.log(problem.units.responseSd),
    );
  }
});

Deno.test("many rows that belong to all components alike do not overflow the product of their sums", () => {
  const problem = buildProblem(makeSeries({ rows: 1200 }), spec({ components: 8 }));
  const rows = trainingRows(problem), prediction = allocatePrediction(problem, rows);
  const work = hillWorkspace(problem), u = new Float64Array(problem.layout.dim);
  hillDensity(work, u, 0, 1, new Float64Array(u.length), 0);
  predict(problem, rows, u, 0, prediction);
  close(
    prediction.logDensity.reduce((a, b) => a + b),
    work.logLik - 1200 * Math.log(problem.units.responseSd),
  );
});

Deno.test("later rows carry on adstock, trend, season and controls, in original units", () => {
  const series = makeSeries({ rows: 60, controls: 1 });
  const train = rowsOf(series, 0, 45), later = rowsOf(series, 45, 60);
  const problem = buildProblem(train, spec({ components: 2, season: SEASON }));
  const rows = laterRows(problem, later), prediction = allocatePrediction(problem, rows);
  const names = parameterNames(problem.layout), out = new Float64Array(names.length);
  const scratch = allocateParameters(problem.layout), stream = new RandomStream(42, Purpose.initial);

  const mean = (v: Float64Array) => v.reduce((a, b) => a + b) / v.length;
  const sd = (v: Float64Array) => Math.sqrt(mean(v.map((x) => (x - mean(v)) ** 2)));
  const time = Float64Array.from({ length: 45 }, (_, t) => t);
  const control = train.controls[0].values;
  for (let repeat = 0; repeat < 10; repeat++) {
    const u = samplePrior(problem, stream);
    predict(problem, rows, u, 0, prediction);
    constrain(problem, scratch, u, 0, out, 0);
    const p = (name: string) => out[names.indexOf(name)];
    let s = 0;
    for (let t = 0; t < 60; t++) {
      s = series.spend[t] + p("alpha") * s;
      if (t < 45) continue;
      const angle = 2 * Math.PI * t / 7;
      const baseline = p("intercept") + p("slope") * (t - mean(time)) / sd(time) +
        p("gamma.1") * (series.controls[0].values[t] - mean(control)) / sd(control) +
        p("gamma.2") * Math.sin(angle) + p("gamma.3") * Math.cos(angle);
      const f = [1, 2].map((k) =>
        p(`A.${k}`) * s ** p(`n.${k}`) / (p(`kappa.${k}`) ** p(`n.${k}`) + s ** p(`n.${k}`))
      );
      const row = t - 45;
      close(prediction.adstocked[row], s);
      close(prediction.mean[row], baseline + p("pi.1") * f[0] + p("pi.2") * f[1]);
      close(prediction.means[2 * row + 1], baseline + f[1]);
      const density = [0, 1].map((k) =>
        prediction.weights[k] / (prediction.sigma * Math.sqrt(2 * Math.PI)) *
        Math.exp(-0.5 * ((series.response[t] - prediction.means[2 * row + k]) / prediction.sigma) ** 2)
      );
      if (density[0] + density[1] > 1e-290) {
        close(prediction.logDensity[row], Math.log(density[0] + density[1]));
      }
    }
    close(prediction.sigma, p("sigma"));
    close(prediction.weights[0], p("pi.1"));
  }
});

Deno.test("later rows without a control of the training rows are refused by name", () => {
  const series = makeSeries({ rows: 40, controls: 2 });
  const problem = buildProblem(rowsOf(series, 0, 30), spec());
  const later = { ...rowsOf(series, 30, 40), controls: series.controls.slice(0, 1) };
  assert.throws(() => laterRows(problem, later), (error) => {
    assert.ok(error instanceof InputError);
    assert.deepEqual(error.problems.map(({ column }) => column), ["control 2"]);
    return true;
  });
});

Deno.test("controls of later rows are found by name, in any order", () => {
  const series = makeSeries({ rows: 40, controls: 2 });
  const problem = buildProblem(rowsOf(series, 0, 30), spec());
  const later = rowsOf(series, 30, 40);
  const turned = { ...later, controls: [...later.controls].reverse() };
  assert.deepEqual(laterRows(problem, turned), laterRows(problem, later));
});

Deno.test("the response curve is the mean less the baseline, rises, and is 0 at no spend", () => {
  const problem = buildProblem(makeSeries({ rows: 40 }), spec());
  const rows = trainingRows(problem), prediction = allocatePrediction(problem, rows);
  const scratch = allocateParameters(problem.layout), stream = new RandomStream(43, Purpose.initial);
  const { responseMean, responseSd } = problem.units;
  for (let repeat = 0; repeat < 10; repeat++) {
    const u = samplePrior(problem, stream);
    predict(problem, rows, u, 0, prediction);
    const curve = new Float64Array(41);
    responseCurve(problem, scratch, u, 0, prediction.adstocked, curve, 1);
    for (let t = 0; t < 40; t++) {
      const baseline = responseMean + responseSd * (scratch.base[0] + scratch.base[1] * problem.time[t]);
      close(baseline + curve[1 + t], prediction.mean[t]);
    }
    const grid = Float64Array.from([0, 1e-6, 1, 5, 20, 1e3, 1e9]), values = new Float64Array(7);
    responseCurve(problem, scratch, u, 0, grid, values, 0);
    assert.equal(values[0], 0);
    values.slice(1).forEach((value, i) => assert.ok(value >= values[i]));
  }
});

Deno.test("far-out draws give a finite or -Infinite log density of every row, never NaN", () => {
  const problem = buildProblem(makeSeries({ rows: 30, active: 0.5 }), spec({ components: 2 }));
  const rows = trainingRows(problem), prediction = allocatePrediction(problem, rows);
  const stream = new RandomStream(44, Purpose.initial);
  problem.coordinates.forEach(({ name }, i) => {
    for (const far of [-1e4, -800, -100, 100, 800, 1e4]) {
      const u = samplePrior(problem, stream);
      u[i] = far;
      predict(problem, rows, u, 0, prediction);
      assert.ok(prediction.logDensity.every((value) => value < 1e6), `${name} = ${far}`); // false for NaN
    }
  });
});
