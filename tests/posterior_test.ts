import assert from "node:assert/strict";
import type { Series } from "../lib/data/series.ts";
import type { TransitionBatch } from "../lib/engine/ensemble.ts";
import { hillDensity, hillWorkspace } from "../lib/model/density.ts";
import { allocateParameters, constrain, parameterNames } from "../lib/model/parameters.ts";
import { allocatePrediction, laterRows, predict, trainingRows } from "../lib/model/predict.ts";
import { buildProblem } from "../lib/model/priors.ts";
import { drawsOf, gatherSample, type Sample, sampleEbfmi, scoresOf } from "../lib/posterior.ts";
import { RandomStream } from "../lib/random.ts";
import { hillProblem, priorPositions } from "./engine/support.ts";
import { makeSeries, rowsOf, spec } from "./model/support.ts";

const PROBLEM = hillProblem({ rows: 40, components: 2, controls: 1 });
const { dim } = PROBLEM.layout;

/** A batch whose every number says where it is: transition (counted over batches), chain, what. */
function markedBatch(first: number, transitions: number, chains: number): TransitionBatch {
  const number = (kind: number) =>
    Float64Array.from(
      { length: transitions * chains },
      (_, i) => 1000 * kind + 10 * (first + Math.floor(i / chains)) + i % chains,
    );
  return {
    transitions,
    chains,
    dim,
    positions: Float32Array.from({ length: transitions * chains * dim }, (_, i) => {
      const row = Math.floor(i / dim);
      return 100 * (first + Math.floor(row / chains)) + row % chains + i % dim / 64;
    }),
    logPrior: number(1),
    logLik: number(2),
    acceptance: new Float64Array(transitions * chains).fill(0.75),
    energy: number(3),
    diverging: Uint8Array.from({ length: transitions * chains }, (_, i) => Number(i % chains === 3)),
    cheesGradient: number(4),
    leapfrogs: new Uint32Array(transitions),
    replica: new Uint32Array(transitions * chains),
  };
}

Deno.test("gathering lays batches out chain by chain, for the chains of one problem", () => {
  const batches = [markedBatch(0, 2, 6), markedBatch(2, 3, 6)];
  const sample = gatherSample(PROBLEM, batches, 2, 3);
  const shift = PROBLEM.rows * Math.log(PROBLEM.units.responseSd);
  assert.deepEqual([sample.chains, sample.draws], [3, 5]);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < 5; i++) {
      const at = c * 5 + i, mark = 10 * i + c + 2;
      assert.equal(sample.energy[at], 3000 + mark);
      assert.ok(Math.abs(sample.logLik[at] - (2000 + mark - shift)) < 1e-9);
      assert.ok(Math.abs(sample.logDensity[at] - (3000 + 2 * mark - shift)) < 1e-9);
      for (let j = 0; j < dim; j++) {
        assert.equal(sample.positions[at * dim + j], Math.fround(100 * i + c + 2 + j / 64));
      }
    }
  }
  assert.equal(sample.divergences, 5); // chain 3 of the ensemble, in each of five transitions
  assert.ok(Math.abs(sample.acceptance - 0.75) < 1e-12);
  assert.throws(() => gatherSample(PROBLEM, [], 0, 3), { name: "RangeError" });
});

/** A sample of prior draws: 3 chains. */
function priorSample(draws: number): Sample {
  const chains = 3, count = chains * draws, positions = priorPositions(PROBLEM, count);
  const work = hillWorkspace(PROBLEM), gradient = new Float64Array(dim);
  const shift = PROBLEM.rows * Math.log(PROBLEM.units.responseSd);
  const logLik = Float64Array.from({ length: count }, (_, i) => {
    hillDensity(work, positions, i * dim, 1, gradient, 0);
    return work.logLik - shift;
  });
  const stream = new RandomStream(1, 0);
  const energy = Float64Array.from({ length: count }, () => stream.normal());
  return { chains, draws, positions, logDensity: logLik, logLik, energy, divergences: 0, acceptance: 1 };
}

Deno.test("draws are the parameters in original units, with fitted means of three rows", () => {
  const sample = priorSample(20), { columns, chains, draws } = drawsOf(PROBLEM, sample);
  assert.deepEqual([chains, draws], [3, 20]);
  const names = parameterNames(PROBLEM.layout), fitted = ["fitted.4", "fitted.20", "fitted.36"];
  assert.deepEqual([...columns.keys()], ["lp__", ...names, "log_lik", ...fitted]);
  const rows = trainingRows(PROBLEM), prediction = allocatePrediction(PROBLEM, rows);
  const values = new Float64Array(names.length), scratch = allocateParameters(PROBLEM.layout);
  for (let d = 0; d < 60; d++) {
    constrain(PROBLEM, scratch, sample.positions, d * dim, values, 0);
    names.forEach((name, i) => assert.equal(columns.get(name)![d], values[i]));
    predict(PROBLEM, rows, sample.positions, d * dim, prediction);
    [3, 19, 35].forEach((row, i) => assert.equal(columns.get(fitted[i])![d], prediction.mean[row]));
    assert.equal(columns.get("log_lik")![d], sample.logLik[d]);
  }
});

Deno.test("pointwise log densities add up to the log likelihood", () => {
  const sample = priorSample(30),
    rows = trainingRows(PROBLEM),
    prediction = allocatePrediction(PROBLEM, rows);
  for (let d = 0; d < 90; d++) {
    predict(PROBLEM, rows, sample.positions, d * dim, prediction);
    const sum = prediction.logDensity.reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - sample.logLik[d]) < 1e-8 * (1 + Math.abs(sum)));
  }
});

/**
 * Training rows, rows after them, and draws near the most likely of many prior draws. The intercept drifts within
 * each chain and differs between chains, so that thinning must take draws from everywhere.
 */
function trained(): { problem: typeof PROBLEM; holdout: Series; sample: Sample } {
  const series = makeSeries({ rows: 60, seed: 4 });
  const problem = buildProblem(rowsOf(series, 0, 45), spec({ components: 1 })), d = problem.layout.dim;
  const candidates = priorPositions(problem, 3000),
    work = hillWorkspace(problem),
    gradient = new Float64Array(d);
  let best = 0, highest = -Infinity;
  for (let i = 0; i < 3000; i++) {
    hillDensity(work, candidates, i * d, 1, gradient, 0);
    if (work.logLik > highest) [best, highest] = [i, work.logLik];
  }
  const chains = 4, draws = 1500, stream = new RandomStream(2, 0);
  const positions = Float64Array.from({ length: chains * draws * d }, (_, i) => {
    const draw = Math.floor(i / d),
      drift = i % d === 1 ? 0.1 * Math.floor(draw / draws) + draw % draws / draws : 0;
    return candidates[best * d + i % d] + 0.02 * stream.normal() + drift;
  });
  const some = new Float64Array(chains * draws);
  return {
    problem,
    holdout: rowsOf(series, 45, 60),
    sample: {
      chains,
      draws,
      positions,
      logDensity: some,
      logLik: some,
      energy: some,
      divergences: 0,
      acceptance: 1,
    },
  };
}

Deno.test("scores come from draws of every chain, early and late, on rows seen and rows after them", () => {
  const { problem, holdout, sample } = trained();
  const { loo, waic, holdout: scores } = scoresOf(problem, sample, holdout, 1);
  assert.equal(loo.k.length, 45);
  assert.ok(Number.isFinite(loo.elpd) && Math.abs(loo.elpd - waic.elpd) < 5);
  assert.ok(scores !== null && scores.coverage_90 > 0 && scores.coverage_90 <= 1);
  const rows = laterRows(problem, holdout), prediction = allocatePrediction(problem, rows);
  const count = sample.chains * sample.draws, mean = new Float64Array(rows.count);
  for (let draw = 0; draw < count; draw++) {
    predict(problem, rows, sample.positions, draw * problem.layout.dim, prediction);
    prediction.mean.forEach((value, t) => mean[t] += value / count);
  }
  const rmse = Math.sqrt(holdout.response.reduce((sum, y, t) => sum + (y - mean[t]) ** 2, 0) / rows.count);
  assert.ok(Math.abs(scores.rmse / rmse - 1) < 0.03, `${scores.rmse} against ${rmse}`);
  assert.deepEqual(scoresOf(problem, sample, holdout, 1).holdout, scores);
  assert.notDeepEqual(scoresOf(problem, sample, holdout, 2).holdout, scores);
});

Deno.test("without rows held out there is no hold-out score", () => {
  const { problem, holdout, sample } = trained();
  assert.equal(scoresOf(problem, sample, rowsOf(holdout, 0, 0), 1).holdout, null);
});

Deno.test("the E-BFMI of a sample is that of its worst chain", () => {
  const sample = priorSample(200), stuck = sample.energy.slice();
  for (let i = 1; i < 200; i++) stuck[200 + i] = stuck[199 + i] + 0.01 * stuck[i]; // a random walk
  assert.ok(sampleEbfmi(sample) > 1); // independent energies: 2 in the mean
  assert.ok(sampleEbfmi({ ...sample, energy: stuck }) < 0.1);
});
