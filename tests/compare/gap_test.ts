import assert from "node:assert/strict";
import { businessDraws, summariseBusiness } from "../../lib/business.ts";
import { type Answer, gapTo, type Reference } from "../../lib/compare/gap.ts";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { moments, summarise } from "../../lib/diagnostics/summary.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

const SPEND = Float64Array.of(1, 2, 3), RESPONSE = Float64Array.of(5, 6, 7), CHAINS = 4, DRAWS = 1000;

/** One curve whose height is normal; everything else is fixed or goes with it. */
function answer(mean: number, sd: number, seed: number, approximate = false): Reference {
  const random = new RandomStream(seed, Purpose.simulate), size = CHAINS * DRAWS;
  const heights = Float64Array.from({ length: size }, () => mean + sd * random.normal());
  const fixed = (value: number) => new Float64Array(size).fill(value);
  const draws: Draws = {
    chains: CHAINS,
    draws: DRAWS,
    columns: new Map([
      ["alpha", fixed(0)],
      ["A.1", heights],
      ["n.1", fixed(1)],
      ["kappa.1", fixed(2)],
      ["sigma", heights.map((height) => 0.1 * height)],
      ["log_lik", heights.map((height) => 1000 * height)],
    ]),
  };
  const media = businessDraws(draws, 1, SPEND);
  return {
    summary: approximate ? moments(draws) : summarise(draws),
    business: summariseBusiness(media, { spend: SPEND, response: RESPONSE }),
    businessDraws: media,
    draws: size,
  };
}

const near = (actual: number, expected: number, within: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual} is not ${expected} within ${within}`);

Deno.test("an answer has no gap to itself, and misses the tenth that its interval is to miss", () => {
  const reference = answer(10, 1, 1), gap = gapTo(reference, reference);
  assert.deepEqual([gap.mean.value, gap.sd_low.value, gap.sd_high.value], [0, 1, 1]);
  for (const each of [gap.business.contribution, gap.business.marginal_roas, ...gap.business.curve]) {
    assert.deepEqual([each.mean, each.sd_ratio], [0, 1]);
    near(each.missed, 0.1, 0.001, "missed");
  }
  assert.equal(gap.business.curve.length, 5);
});

Deno.test("shift, width and what an interval misses are those of the normals behind them", () => {
  const reference = answer(10, 1, 1), gap = gapTo(reference, answer(11, 0.5, 2));
  // 4000 draws each: deviations of 0.02 on means, 1.2% on sds and under 0.012 on shares; five of each are allowed,
  // so that a wrong alarm has probability under 1e-5.
  near(gap.mean.value, 1, 0.1, "gap of means");
  near(gap.sd_low.value, 0.5, 0.04, "sd ratio");
  assert.ok(["A.1", "sigma"].includes(gap.mean.name), "constants and log_lik are no quantities to compare");
  near(gap.mean.error, Math.hypot(1, 0.5) / Math.sqrt(4000), 0.004, "Monte Carlo error");
  // 11 +- 0.8224 leaves out all of N(10, 1) but P(0.1776 < Z < 1.8224) = 0.3953.
  near(gap.business.contribution.missed, 1 - 0.3953, 0.06, "missed");
  near(gap.business.roas.mean, 1, 0.1, "ROAS");
  near(gap.business.curve[2].sd_ratio, 0.5, 0.04, "response");
});

Deno.test("draws of an approximation have the error of independent ones", () => {
  const reference = answer(10, 1, 1), found: Answer = answer(10, 1, 2, true);
  near(gapTo(reference, found).mean.error, Math.SQRT2 / Math.sqrt(4000), 0.004, "Monte Carlo error");
});
