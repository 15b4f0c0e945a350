import assert from "node:assert/strict";
import type { TargetSpec } from "../../lib/engine/ensemble.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import type { Rank } from "../../lib/variational/elbo.ts";
import { weigh } from "../../lib/variational/importance.ts";
import { propose } from "../../lib/variational/mixture.ts";
import { type AdviProgress, type AdviRun, type AdviState, runAdvi } from "../../lib/variational/run_advi.ts";
import { correlatedGaussian } from "../engine/support.ts";
import { exactTarget, goesOnAnywhere, scattered } from "./support.ts";

const STARTS = 16, DRAWS = 8000;

const startsOf = (count: number, dim: number) => () => Promise.resolve(scattered(count, dim));

const run = (spec: TargetSpec, rank: Rank, seed = 1, iterations = 300): Promise<AdviRun> => {
  const target = exactTarget(spec);
  return runAdvi(target, startsOf(STARTS, target.dim), seed, { rank, iterations });
};

/** Pareto k-hat of the best optimum. */
async function kHatOf(spec: TargetSpec, { optima }: AdviRun): Promise<number> {
  const mixture = [{ gaussian: optima[0].gaussian, weight: 1 }];
  return weigh(await propose(exactTarget(spec), mixture, DRAWS, new RandomStream(9, Purpose.start))).kHat;
}

/** Sd of coordinate i, and its correlation with coordinate i - 1. */
function spreadOf({ factor }: AdviRun["optima"][0]["gaussian"], dim: number, i: number) {
  const covariance = (a: number, b: number) => {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += factor[a * dim + k] * factor[b * dim + k];
    return sum;
  };
  const sd = Math.sqrt(covariance(i, i));
  return { sd, correlation: i === 0 ? 0 : covariance(i, i - 1) / (sd * Math.sqrt(covariance(i - 1, i - 1))) };
}

const dim = 8, gaussian = correlatedGaussian(dim, 0.9);

Deno.test("mean-field finds the means of a Gaussian and its conditional sds", async () => {
  const { optima: [best, ...others], settled, elboTrace } = await run(gaussian.target, "mean-field");
  assert.deepEqual([others.length, best.starts, settled], [0, STARTS, true]);
  for (let i = 0; i < dim; i++) {
    const { sd } = spreadOf(best.gaussian, dim, i),
      conditional = 1 / Math.sqrt(gaussian.target.precision[i * dim + i]);
    assert.ok(Math.abs(sd / conditional - 1) < 0.02, `sd ${i}: ${sd}, exactly ${conditional}`);
    assert.ok(Math.abs(best.gaussian.mean[i] - gaussian.mean[i]) < 0.02 * gaussian.sd[i], `mean ${i}`);
  }
  assert.ok(elboTrace.at(-1)! > elboTrace[0]);
});

Deno.test("full rank finds a correlation of 0.9 and the whole Gaussian; its k-hat and bound say so", async () => {
  const found = await run(gaussian.target, "full-rank"), [best] = found.optima;
  for (let i = 0; i < dim; i++) {
    const { sd, correlation } = spreadOf(best.gaussian, dim, i);
    assert.ok(Math.abs(sd / gaussian.sd[i] - 1) < 0.02, `sd ${i}: ${sd}, exactly ${gaussian.sd[i]}`);
    if (i > 0) assert.ok(Math.abs(correlation - 0.9) < 0.02, `correlation ${i}: ${correlation}`);
  }
  assert.ok(await kHatOf(gaussian.target, found) < 0.5);
  // The Gaussian is normalised, so its log evidence is 0.
  assert.ok(Math.abs(best.elbo) < 0.01 && best.elboError < 0.01, `${best.elbo}`);
});

// Of ratios of a normal approximation to the funnel's k-hat is far over the limit; with 8000 draws its error is 0.1.
Deno.test("k-hat finds mean-field out on the funnel", async () => {
  const funnel = { kind: "funnel", dim: 5 } as const;
  const kHat = await kHatOf(funnel, await run(funnel, "mean-field"));
  assert.ok(kHat > 0.7, `${kHat}`);
});

Deno.test("two solutions are kept apart, and their bounds tell their weights", async () => {
  const means = Float64Array.of(-3, 0, 3, 0);
  const target = { kind: "mixture", weights: [0.3, 0.7], means, sds: [0.5, 0.5], priorSd: 10 } as const;
  const { optima } = await run(target, "full-rank");
  assert.equal(optima.length, 2);
  assert.equal(optima[0].starts + optima[1].starts, STARTS);
  assert.ok(optima[0].gaussian.mean[0] > 2 && optima[1].gaussian.mean[0] < -2);
  // Within 4 Monte Carlo errors; each mode is a Gaussian to within 1e-8.
  const gap = optima[0].elbo - optima[1].elbo,
    error = 4 * Math.hypot(optima[0].elboError, optima[1].elboError);
  assert.ok(Math.abs(gap - Math.log(7 / 3)) < error + 1e-3, `${gap} +- ${error}`);
});

Deno.test("the same seed gives the same approximation, another seed another", async () => {
  const funnel = { kind: "funnel", dim: 3 } as const;
  const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => run(funnel, "mean-field", seed)));
  assert.deepEqual(a, b);
  assert.notDeepEqual(a.optima[0].gaussian, c.optima[0].gaussian);
});

Deno.test("progress counts iterations, and running out of them is told", async () => {
  const target = exactTarget(gaussian.target), seen: AdviProgress[] = [];
  const plan = { rank: "full-rank", iterations: 7 } as const;
  const { settled, elboTrace, gradients } = await runAdvi(
    target,
    startsOf(4, dim),
    1,
    plan,
    (one) => seen.push(one),
  );
  assert.equal(settled, false);
  assert.deepEqual(seen.map(({ iterations }) => iterations), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(seen.map(({ elbo }) => elbo), elboTrace);
  assert.ok(
    seen.every(({ gradients: sofar }, i) => sofar > (seen[i - 1]?.gradients ?? 0) && sofar < gradients),
  );
});

Deno.test("an aborted run rejects with the signal's reason", async () => {
  const abort = new AbortController(), plan = { rank: "mean-field", iterations: 100 } as const;
  const stop = ({ iterations }: AdviProgress) => iterations === 3 && abort.abort("enough");
  const stopped = runAdvi(exactTarget(gaussian.target), startsOf(4, dim), 1, plan, stop, abort.signal);
  await assert.rejects(stopped, (reason) => reason === "enough");
});

Deno.test("a density that is finite nowhere is an error with a sentence", async () => {
  const nowhere = {
    dim: 2,
    evaluate: (positions: Float64Array) =>
      Promise.resolve({
        logPrior: new Float64Array(positions.length / 2).fill(-Infinity),
        logLik: new Float64Array(positions.length / 2),
        gradient: new Float64Array(positions.length),
      }),
  };
  await assert.rejects(
    runAdvi(nowhere, startsOf(4, 2), 1, { rank: "mean-field", iterations: 10 }),
    /not finite around any start/,
  );
});

for (const rank of ["mean-field", "full-rank"] as const) {
  Deno.test(`a run cut off after any iteration goes on as if nothing had happened (${rank})`, async () => {
    const target = exactTarget({ kind: "funnel", dim: 3 }), starts = startsOf(STARTS, target.dim);
    const run = (iterations: number) =>
      goesOnAnywhere<AdviState, AdviProgress>((tell, continuation) => {
        const begin = continuation.from === undefined
          ? starts
          : () => assert.fail("starts are asked for again");
        return runAdvi(target, begin, 1, { rank, iterations }, tell, undefined, continuation);
      });
    const states = await run(300), stages = new Set(states.map(({ stage }) => stage));
    assert.ok(stages.size > 1, `${[...stages]}`);
    assert.ok(
      states.some(({ climbers }) => new Set(climbers.map(({ done }) => done)).size === 2),
      "no climber waited for others",
    );
    assert.equal((await run(7)).length, 7); // iterations run out
  });
}
