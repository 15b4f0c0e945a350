import assert from "node:assert/strict";
import { gapsBetween } from "../../lib/diagnostics/agreement.ts";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

/** Independent draws of one quantity, (chains, draws). */
function draw(
  seed: number,
  each: (stream: RandomStream) => number,
  [chains, draws]: readonly [number, number] = [16, 200],
): Draws {
  const stream = new RandomStream(seed, Purpose.simulate);
  return {
    chains,
    draws,
    columns: new Map([["x", Float64Array.from({ length: chains * draws }, () => each(stream))]]),
  };
}

const LONG = [32, 400] as const;
const normal = (stream: RandomStream) => stream.normal();

// Seeds are fixed. For others, ten comparisons cross 4.5 standard errors with probability under 1e-4 for the mean
// and the inner quantiles; about six draws are expected beyond each outermost quantile, and 20 would be needed.
Deno.test("runs of one distribution are a few standard errors apart in nothing", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const gaps = gapsBetween(draw(seed, normal, LONG), draw(100 + seed, normal));
    assert.deepEqual(
      new Set(gaps.map(({ at }) => at)),
      new Set(["mean", 0.0005, 0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995, 0.9995]),
    );
    assert.ok(gaps[0].errors < 4.5, JSON.stringify(gaps[0]));
    for (let i = 1; i < gaps.length; i++) assert.ok(gaps[i - 1].errors >= gaps[i].errors, "widest first");
  }
});

// The mean's gap is normal around its expectation: 4.5 standard errors off has probability 7e-6.
Deno.test("a gap of means is counted in standard errors of both runs", () => {
  const [first, second] = [draw(1, normal, LONG), draw(2, (stream) => stream.normal() + 0.2)];
  const gap = gapsBetween(first, second).find(({ at }) => at === "mean")!;
  const expected = 0.2 / Math.sqrt(1 / (32 * 400) + 1 / (16 * 200));
  assert.ok(Math.abs(gap.errors - expected) < 4.5, `${gap.errors} for ${expected}`);
  assert.ok(Math.abs(gap.second - gap.first - 0.2) < 0.1);
});

Deno.test("a solution of 2% that one run never saw is the widest gap, where the other has nothing", () => {
  const missed = draw(2, (stream) => stream.uniform() < 0.02 ? 6 + stream.normal() : stream.normal());
  const [gap] = gapsBetween(draw(1, normal, LONG), missed);
  assert.deepEqual([gap.name, gap.at, gap.first], ["x", 0.9995, 0.9995]);
  // 64 draws expected beyond; under 30 has probability 1e-6.
  assert.ok(gap.second < 1 - 30 / 3200 && gap.errors > 10, JSON.stringify(gap));
});

Deno.test("a different spread shows though means agree", () => {
  const wide = draw(2, (stream) => 1.3 * stream.normal());
  const [gap] = gapsBetween(draw(1, normal, LONG), wide);
  assert.ok(gap.at !== "mean" && gap.errors > 6, JSON.stringify(gap));
});

Deno.test("draws that are worth less weigh less", () => {
  const shifted = draw(2, (stream) => stream.normal() + 0.2);
  // Every draw four times over: the same distribution from a quarter of the draws.
  const repeated = {
    ...shifted,
    columns: new Map([["x", shifted.columns.get("x")!.map((_, i, all) => all[i - i % 4])]]),
  };
  const mean = (second: Draws) =>
    gapsBetween(draw(1, normal, LONG), second).find(({ at }) => at === "mean")!.errors;
  assert.ok(mean(repeated) < 0.75 * mean(shifted), `${mean(repeated)} and ${mean(shifted)}`);
});

Deno.test("what cannot be compared counts as infinitely far apart", () => {
  const stuck = draw(1, () => 3);
  assert.ok(gapsBetween(draw(2, normal, LONG), stuck).every(({ errors }) => errors === Infinity));
  assert.throws(() => gapsBetween(stuck, { ...stuck, columns: new Map() }), RangeError);
});
