import assert from "node:assert/strict";
import { mean, variance } from "../../lib/diagnostics/numeric.ts";
import { simulateSeries } from "../../lib/data/simulate.ts";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { fit } from "../../lib/fit.ts";
import type { FitOptions, Progress } from "../../lib/fit_types.ts";
import { approximatePathfinder } from "../../lib/methods/pathfinder.ts";
import type { Sampled } from "../../lib/methods/method.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { withCpu, withWebgpu } from "../engine/support.ts";
import { NO_INPUTS } from "../inputs.ts";
import { makeSeries, spec } from "../model/support.ts";

const SERIES = makeSeries({ rows: 60, seed: 1 }), SPEC = spec({ components: 1 });
const PROBLEM = buildProblem(SERIES, SPEC), PATHS = 24, DRAWS = 1000;

const options = (seed = 3): FitOptions => ({
  series: SERIES,
  spec: SPEC,
  method: "pathfinder",
  chains: PATHS,
  warmup: 400,
  draws: DRAWS,
  seed,
  holdout: 0,
  engine: "cpu",
  inputs: NO_INPUTS,
});

const run = (engine: Engine, seed?: number, show = (_: Progress) => {}): Promise<Sampled> =>
  approximatePathfinder(engine, PROBLEM, options(seed), { onProgress: show });

/** Mean and sd of every coordinate. */
function momentsOf({ sample: { positions } }: Sampled) {
  const { dim } = PROBLEM.layout;
  return Array.from({ length: dim }, (_, i) => {
    const column = Float64Array.from({ length: DRAWS }, (_, n) => positions[n * dim + i]);
    return { mean: mean(column), sd: Math.sqrt(variance(column)) };
  });
}

Deno.test("method pathfinder gives weighted draws and tells of its paths", () =>
  withCpu(async (engine) => {
    const seen: Progress[] = [];
    const { sample, approximation, timing, interrupted } = await run(engine, 3, (one) => seen.push(one));
    assert.deepEqual([sample.chains, sample.draws, interrupted], [1, DRAWS, false]);
    assert.ok(sample.logDensity.every(Number.isFinite));
    const { optima, elbo, elbo_error, elbo_trace, starts, iterations, ...found } = approximation!;
    assert.ok(found.importance_weighted && found.k_hat < 0.9 && found.effective_size > 100);
    assert.ok(elbo_error > 0 && elbo_error < 0.5 && Number.isFinite(elbo));
    assert.equal(elbo_trace.length, iterations);
    assert.deepEqual(elbo_trace, elbo_trace.toSorted((a, b) => a - b));
    assert.ok(
      Math.abs(elbo_trace.at(-1)! - elbo) < 2,
      "the bound the best path was chosen by, and a fresh one",
    );
    assert.equal(starts, PATHS);
    assert.equal(optima.reduce((sum, optimum) => sum + optimum.starts, 0), PATHS);
    assert.ok(Math.abs(optima.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
    assert.deepEqual(optima, optima.toSorted((a, b) => b.weight - a.weight));
    assert.deepEqual(new Set(seen.map(({ phase }) => phase)), new Set(["optimising"]));
    assert.deepEqual([seen.at(-1)!.done, seen.at(-1)!.total], [PATHS, PATHS]);
    assert.equal(seen.length, iterations);
    assert.ok(timing.gradients > seen.at(-1)!.gradients);
  }));

// 7 means, each within five standard errors of the difference, by the effective sizes reported: a wrong alarm has
// probability 4e-6. Sds of as many weighted draws differ by less than a quarter.
Deno.test("both engines find the same approximation, each the same again", async () => {
  const found = async (engine: Engine) => {
    const first = await run(engine), again = await run(engine);
    assert.deepEqual(again.sample, first.sample);
    assert.deepEqual(again.approximation, first.approximation);
    return first;
  };
  const both: Sampled[] = [];
  await withCpu(async (engine) => {
    both.push(await found(engine));
    assert.notDeepEqual((await run(engine, 4)).sample, both[0].sample);
  });
  await withWebgpu(async (engine) => {
    both.push(await found(engine));
  });
  const [cpu, webgpu] = both.map(momentsOf), sizes = both.map((one) => one.approximation!.effective_size);
  cpu.forEach((one, i) => {
    const other = webgpu[i], error = Math.hypot(...sizes.map((size) => one.sd / Math.sqrt(size)));
    assert.ok(Math.abs(one.mean - other.mean) < 5 * error, `coordinate ${i}: ${one.mean}, ${other.mean}`);
    assert.ok(Math.abs(Math.log(one.sd / other.sd)) < 0.25, `sd ${i}: ${one.sd}, ${other.sd}`);
  });
  const [a, b] = both.map((one) => one.approximation!);
  assert.ok(Math.abs(a.elbo - b.elbo) < 5 * Math.hypot(a.elbo_error, b.elbo_error));
});

// Truth within five posterior sds: for parameters drawn from their priors missed about once in a million fits.
Deno.test("a whole fit by pathfinder finds the truth, and is never told to have converged", async () => {
  const { truth, ...data } = simulateSeries("single", 5, 80);
  const { report } = await fit({ ...options(), series: { ...SERIES, ...data } }, { onProgress: () => {} });
  const read = fitReportSchema.parse(JSON.parse(JSON.stringify(report)));
  assert.ok(read.verdict.status !== "pass" && Number.isNaN(read.diagnostics.max_rhat));
  assert.ok(read.approximation!.importance_weighted);
  for (
    const [name, value] of Object.entries({ alpha: truth.alpha, sigma: truth.sigma, slope: truth.slope })
  ) {
    const { mean, sd } = read.summary.find((row) => row.name === name)!;
    assert.ok(Math.abs(mean - value) < 5 * sd, `${name}: ${mean} +- ${sd}, truth ${value}`);
  }
});

Deno.test("paths that run out of evaluations are told of", () =>
  withCpu(async (engine) => {
    const hooks = { onProgress: () => {} };
    const { warnings, approximation } = await approximatePathfinder(
      engine,
      PROBLEM,
      { ...options(), warmup: 5 },
      hooks,
    );
    assert.match(warnings[0], /^24 of 24 paths used up 5 evaluations .* raise --warmup\.$/);
    assert.equal(approximation!.iterations, 6, "one more round, for the last bounds");
    assert.deepEqual((await approximatePathfinder(engine, PROBLEM, options(), hooks)).warnings, []);
  }));

Deno.test("a signal ends the search, and nothing stays on the device", () =>
  withWebgpu(async (engine) => {
    const control = new AbortController();
    const stopped = approximatePathfinder(engine, PROBLEM, options(), {
      onProgress: ({ done }) => done > 0 && control.abort(new Error("enough")),
      signal: control.signal,
    });
    await assert.rejects(stopped, { message: "enough" });
  }));
