/**
 * Simulation-based calibration of the whole sampler (Talts et al. 2018, arXiv 1804.06788; Modrak et al. 2023,
 * "Simulation-based calibration checking for Bayesian computation", Bayesian Analysis): parameters drawn from the
 * prior, data drawn from them, all data sets fitted as one ensemble; the truth's rank among posterior draws is then
 * uniform, whatever the quantity. The log likelihood is among the quantities, because it alone would notice a
 * sampler that ignores the data (Modrak et al., section 4).
 *
 * A fit scales its priors by the data, which no joint distribution does. Here units and priors come from one
 * reference series and stay as they are, so the joint is exact.
 */
import assert from "node:assert/strict";
import { simulateSeries } from "../../lib/data/simulate.ts";
import { openEngine } from "../../lib/engine/open.ts";
import { drawCandidates } from "../../lib/methods/candidates.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import type { Positions } from "../../lib/model/parameters.ts";
import { allocatePrediction, predict, responseCurve, trainingRows } from "../../lib/model/predict.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import type { SamplerRun } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";

const PROBLEMS = 400;
const ROWS = 60;
const CHAINS = 8; // per problem
const WARMUP = 500;
const DRAWS = 400;
/** Draws this far apart are taken for independent. */
const THIN = 100;
const SEED = 20180418;
/** Ranks 0 .. 32 in 11 bins of 3, 36 problems expected in each. */
const BINS = 11;
/**
 * Of each quantity's test. 11 right quantities fail one of them by bad luck in at most 1.1% of seeds. The test has
 * power: data simulated with 15% too much noise gave sigma p = 1e-129.
 */
const SMALLEST_P = 0.001;

/** Shares of the rows at which the fitted mean is ranked. */
const WATCHED = [0.1, 0.5, 0.9];
/** Levels of adstocked spend at which the response curve is ranked, in mean spends; 2 is a usual level. */
const LEVELS = [1, 2, 4];

const QUANTITIES = [
  "alpha",
  "intercept",
  "slope",
  "sigma",
  "log_lik",
  ...WATCHED.map((share) => `fitted mean at ${100 * share}% of the rows`),
  ...LEVELS.map((level) => `response at ${level} mean spends`),
];

function referenceProblem(): HillProblem {
  const { spend, response } = simulateSeries("mixture_k2", SEED, ROWS);
  const series = {
    name: "reference",
    spend,
    response,
    spendColumns: ["spend"],
    leftOut: [],
    targetColumn: "y",
    controls: [],
  };
  return buildProblem(series, parseSpec({ components: 2 }, "test"));
}

/** The reference problem with a response drawn at `truth`, (D). */
function simulateAt(reference: HillProblem, truth: Float64Array, stream: RandomStream): HillProblem {
  const { rows, layout: { components: K }, units: { responseMean, responseSd } } = reference;
  const prediction = allocatePrediction(reference, trainingRows(reference));
  predict(reference, trainingRows(reference), truth, 0, prediction);
  const response = Float64Array.from({ length: rows }, (_, t) => {
    let left = stream.uniform(), k = 0;
    while (k < K - 1 && (left -= prediction.weights[k]) > 0) k++;
    const value = prediction.means[t * K + k] + prediction.sigma * stream.normal();
    return (value - responseMean) / responseSd;
  });
  return { ...reference, response };
}

/** Every ranked quantity at a position, in the order of {@link QUANTITIES}. */
function quantitiesAt(problem: HillProblem, u: Positions, offset: number): number[] {
  const rows = trainingRows(problem), prediction = allocatePrediction(problem, rows);
  predict(problem, rows, u, offset, prediction);
  const { parameters: { alpha, base, sigma }, mean, logDensity } = prediction;
  const levels = Float64Array.from(LEVELS, (level) => level * problem.units.spendScale);
  const curve = new Float64Array(levels.length);
  const fixed = [alpha, base[0], base[1], sigma];
  responseCurve(problem, prediction.parameters, u, offset, levels, curve, 0);
  return [
    ...fixed,
    logDensity.reduce((sum, value) => sum + value, 0),
    ...WATCHED.map((share) => mean[Math.floor(share * (rows.count - 1))]),
    ...curve,
  ];
}

/** Rank of the truth among every {@link THIN}-th draw of one problem's chains, per quantity. */
function ranksOf(
  problem: HillProblem,
  index: number,
  truth: Float64Array,
  { batches }: SamplerRun<TransitionBatch>,
): number[] {
  const exact = quantitiesAt(problem, truth, 0), ranks = exact.map(() => 0);
  let done = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.transitions; i++) {
      if (++done % THIN !== 0) continue;
      for (let c = 0; c < CHAINS; c++) {
        const at = (i * batch.chains + index * CHAINS + c) * batch.dim;
        quantitiesAt(problem, batch.positions, at).forEach((value, q) =>
          ranks[q] += value < exact[q] ? 1 : 0
        );
      }
    }
  }
  return ranks;
}

/** Probability that a chi-square variable of even degrees of freedom exceeds `x` (DLMF 8.4.10). */
function chiSquareTail(x: number, degrees: number): number {
  let term = Math.exp(-x / 2), sum = term;
  for (let j = 1; j < degrees / 2; j++) sum += term *= x / 2 / j;
  return sum;
}

Deno.test("the truth ranks uniformly among posterior draws", async () => {
  const began = performance.now(), reference = referenceProblem();
  const truths = Array.from(
    { length: PROBLEMS },
    (_, i) => samplePrior(reference, new RandomStream(SEED, Purpose.simulate, 2 * i)),
  );
  const problems = truths.map((truth, i) =>
    simulateAt(reference, truth, new RandomStream(SEED, Purpose.simulate, 2 * i + 1))
  );
  const { engine } = await openEngine("webgpu");
  try {
    const ensemble = await engine.ensemble({
      target: { kind: "hill_mixture", problems },
      chainsPerProblem: CHAINS,
      seed: SEED,
    });
    // One prior for all problems: candidates of the reference are candidates of each.
    const candidates = drawCandidates(reference, PROBLEMS * CHAINS, SEED);
    const run = await runChees(ensemble, candidates, SEED, { warmup: WARMUP, draws: DRAWS });
    await ensemble.close();

    const ranks = problems.map((problem, i) => ranksOf(problem, i, truths[i], run));
    const width = (CHAINS * DRAWS / THIN + 1) / BINS, expected = PROBLEMS / BINS;
    const failed: string[] = [];
    QUANTITIES.forEach((name, q) => {
      const counts = new Array<number>(BINS).fill(0);
      for (const own of ranks) counts[Math.floor(own[q] / width)]++;
      const square = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      const p = chiSquareTail(square, BINS - 1);
      console.log(`${name.padEnd(32)} p ${p.toPrecision(2).padEnd(8)} ${counts.join(" ")}`);
      if (!(p > SMALLEST_P)) failed.push(`${name}: p = ${p.toExponential(1)}`);
    });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${PROBLEMS} problems, ${run.gradients} gradients, ${seconds.toFixed(0)} s in all`);
    assert.deepEqual(failed, []);
  } finally {
    await engine.close();
  }
});
