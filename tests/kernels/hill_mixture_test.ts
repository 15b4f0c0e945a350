import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hillMixtureKernel } from "../../kernels/targets/hill_mixture.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { hillProblem, hillTarget, priorPositions, stack, withWebgpu } from "../engine/support.ts";
import { makeSeries, norm, spec } from "../model/support.ts";
import { checkAccuracy, everyPreset } from "./hill_accuracy.ts";

// The full grid of K, J and T is in tests/long/hill_mixture_test.ts: compiling takes seconds per kernel.
Deno.test("log densities and gradients agree with the f64 reference over the prior", async (t) => {
  for (const [components, controls] of [[1, 7], [2, 2], [3, 0]] as const) {
    await t.step(`K=${components}, J=${controls}`, () =>
      withWebgpu((engine) =>
        checkAccuracy(engine, [
          ...everyPreset(components, controls, 30, true),
          ...everyPreset(components, controls, 200, false),
          { components, controls, rows: 2000, sparse: true },
        ])
      ));
  }
  await t.step("K=8", () => withWebgpu((engine) => checkAccuracy(engine, [{ components: 8, rows: 200 }])));
});

Deno.test("the units of spend and response change nothing", () =>
  withWebgpu(async (engine) => {
    const series = makeSeries({ rows: 60, seed: 3, active: 0.7 });
    const scaled = (spendScale: number, responseScale: number) =>
      buildProblem({
        ...series,
        spend: series.spend.map((x) => x * spendScale),
        response: series.response.map((y) => y * responseScale),
      }, spec({ components: 2 }));
    // Powers of two change exponents only; other factors, the last bit of the standardised data.
    const problems = [scaled(1, 1), scaled(1024, 2 ** -20), scaled(1e6, 0.01)];
    const count = 200, some = priorPositions(problems[0], count);
    const ensemble = await engine.ensemble({
      target: hillTarget(...problems),
      chainsPerProblem: 8,
      seed: 1,
    });
    const { logPrior, logLik, gradient } = await ensemble.evaluate(stack([some, some, some]));
    const dim = ensemble.dim;
    assert.deepEqual(logPrior.slice(count, 2 * count), logPrior.slice(0, count));
    assert.deepEqual(logLik.slice(count, 2 * count), logLik.slice(0, count));
    assert.deepEqual(gradient.slice(count * dim, 2 * count * dim), gradient.slice(0, count * dim));
    for (let i = 0; i < count; i++) {
      for (const values of [logPrior, logLik]) {
        const miss = Math.abs(values[2 * count + i] - values[i]);
        assert.ok(miss <= 1e-3 + 1e-6 * Math.abs(values[i]), `off by ${miss} at ${values[i]}`);
      }
    }
    await ensemble.close();
  }));

// Wide priors on spreads reach such shapes once in some thousand draws, too rarely for the test above.
Deno.test("without spend there is no effect, however flat or steep the curve", () =>
  withWebgpu(async (engine) => {
    const problem = hillProblem({ rows: 60, components: 1, sparse: true });
    const target = hillTarget(problem), density = targetDensity(target, 0), { dim, shape } = problem.layout;
    const { loc, scale } = problem.coordinates[shape];
    const shapes = [1e-6, 1e-4, 1e-2, 1, 100, 1e4], gradient = new Float64Array(dim);
    const positions = priorPositions(problem, shapes.length, 40);
    shapes.forEach((n, i) => positions[i * dim + shape] = Math.fround((Math.log(n) - loc) / scale));
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
    const evaluation = await ensemble.evaluate(positions);
    await ensemble.close();
    shapes.forEach((n, i) => {
      density.evaluate(positions, i * dim, 1, gradient, 0);
      const miss = Math.abs(evaluation.logLik[i] - density.logLik);
      assert.ok(miss <= 1e-3 + 1e-6 * Math.abs(density.logLik), `off by ${miss} at n = ${n}`);
      const off = norm(gradient.map((value, j) => value - evaluation.gradient[i * dim + j]));
      assert.ok(off <= 1e-3 * norm(gradient), `gradient off by ${off} of ${norm(gradient)} at n = ${n}`);
    });
  }));

Deno.test("more positions than fit one launch keep their order, problem by problem", () =>
  withWebgpu(async (engine) => {
    const problems = [40, 30].map((rows) => hillProblem({ rows, components: 1, seed: rows }));
    const ensemble = await engine.ensemble({
      target: hillTarget(...problems),
      chainsPerProblem: 4,
      seed: 1,
    });
    const many = 5000, few = 10;
    const all = problems.map((problem) => priorPositions(problem, many));
    const whole = await ensemble.evaluate(stack(all));
    for (const first of [0, 4090, many - few]) {
      const dim = ensemble.dim, from = first * dim, to = (first + few) * dim;
      const part = await ensemble.evaluate(stack(all.map((positions) => positions.slice(from, to))));
      for (const p of [0, 1]) {
        const start = p * many + first;
        assert.deepEqual(part.logLik.slice(p * few, (p + 1) * few), whole.logLik.slice(start, start + few));
        assert.deepEqual(
          part.gradient.slice(p * few * dim, (p + 1) * few * dim),
          whole.gradient.slice(start * dim, (start + few) * dim),
        );
      }
    }
    await ensemble.close();
  }));

Deno.test("one ensemble holds problems of equal K and J only", () => {
  const base = hillProblem({ rows: 30, components: 2 });
  for (const other of [{ rows: 30, components: 3 }, { rows: 30, components: 2, controls: 1 }]) {
    assert.throws(() => hillMixtureKernel([base, hillProblem(other)]), {
      name: "RangeError",
      message: /equal components and baseline width/,
    });
  }
});

Deno.test("the packed header has a word for every field of the WGSL struct", () => {
  const file = new URL("../../kernels/targets/hill_mixture.wgsl", import.meta.url);
  const struct = /struct Problem \{(.*?)\n\}/s.exec(readFileSync(file, "utf8"))![1];
  const fields = [...struct.matchAll(/^ {2}(\w+): [uf]32,/gm)].map(([, name]) => name);
  const problem = hillProblem({ rows: 32, components: 2, controls: 2, preset: "centred" });
  const { header, vectors } = hillMixtureKernel([problem]).tables![0];
  const words = header(100), floats = new Float32Array(words.buffer);
  assert.equal(words.length, fields.length);
  const at = (name: string) => fields.indexOf(name);
  assert.equal(words[at("rows_at")], 100);
  assert.equal(words[at("rows")], 32);
  // Rows of whole vectors first, then two vectors per coordinate, and nothing else.
  assert.ok((words[at("coordinates_at")] - 100) % 32 === 0);
  assert.equal(words[at("coordinates_at")] + 2 * problem.layout.dim, 100 + vectors.length / 4);
  assert.equal(words[at("knots")], problem.median.values.length);
  assert.equal(words[at("centred")], 1);
  assert.equal(floats[at("median_start")], Math.fround(problem.median.start));
});

Deno.test("problems of one median table share its knots on the device", () =>
  withWebgpu(async (engine) => {
    const [one, other] = [
      hillProblem({ rows: 40, components: 2 }),
      hillProblem({ rows: 60, components: 2, seed: 2 }),
    ];
    const again = { ...one, response: one.response.map((y) => 0.9 * y) };
    const knots = one.median.values.length + other.median.values.length;
    assert.equal(hillMixtureKernel([one, other, again]).data!.length, knots);
    const count = 20, some = priorPositions(one, count), problems = [one, other, again];
    const ensemble = await engine.ensemble({ target: hillTarget(...problems), chainsPerProblem: 8, seed: 1 });
    const { logLik } = await ensemble.evaluate(stack([some, some, some]));
    await ensemble.close();
    for (const [i, problem] of problems.entries()) {
      const alone = await engine.ensemble({ target: hillTarget(problem), chainsPerProblem: 8, seed: 1 });
      assert.deepEqual((await alone.evaluate(some)).logLik, logLik.slice(i * count, (i + 1) * count));
      await alone.close();
    }
  }));
