import assert from "node:assert/strict";
import { sortColumn } from "../../lib/diagnostics/column.ts";
import { rhat } from "../../lib/diagnostics/rhat.ts";
import { essBulkOver, essTailOver, mcseMeanOver, rhatWithin } from "../../lib/diagnostics/targets.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

const TARGETS = 100, EACH = 4, DRAWS = 50;

/** Independent draws about a level of each target's own, and of each chain's. */
function column(
  levelOf: (target: number, stream: RandomStream) => number,
  chainShift: (target: number, chain: number) => number = () => 0,
  seed = 1,
) {
  const stream = new RandomStream(seed, Purpose.simulate), values: number[] = [];
  for (let target = 0; target < TARGETS; target++) {
    const level = levelOf(target, stream);
    for (let chain = 0; chain < EACH; chain++) {
      for (let i = 0; i < DRAWS; i++) values.push(level + chainShift(target, chain) + stream.normal());
    }
  }
  return sortColumn(Float64Array.from(values), TARGETS * EACH, DRAWS);
}

Deno.test("targets far apart are no disagreement, and count as one draw each", () => {
  const apart = column((_, stream) => 20 * stream.normal());
  assert.ok(rhat(apart) > 5);
  assert.ok(rhatWithin(apart, TARGETS) < 1.02);
  // Of 100 targets' levels; within them hardly anything varies.
  for (const size of [essBulkOver(apart, TARGETS), essTailOver(apart, TARGETS)]) {
    assert.ok(size > 0.95 * TARGETS && size < 1.3 * TARGETS, `${size}`);
  }
});

Deno.test("equal targets count by their draws", () => {
  const same = column(() => 0), total = TARGETS * EACH * DRAWS;
  // The variance of 100 means has relative error sqrt(2 / 99) = 0.14: beyond 0.5 to 1.8 once in 10^4 cases.
  for (const size of [essBulkOver(same, TARGETS), essTailOver(same, TARGETS)]) {
    assert.ok(size > 0.5 * total && size < 1.8 * total, `${size}`);
  }
});

Deno.test("a single target whose chains never meet shows", () => {
  const sound = rhatWithin(column((target) => target), TARGETS);
  const stuck = column((target) => target, (target, chain) => target === 7 ? 10 * chain : 0);
  assert.ok(rhatWithin(stuck, TARGETS) > sound + 0.02);
  const frozen = column((target) => target);
  frozen.values.fill(3, 0, EACH * DRAWS);
  assert.ok(Number.isNaN(rhatWithin(frozen, TARGETS)));
});

Deno.test("the error of the mean is that of as many independent means", () => {
  const spread = 2, runs = 60;
  const means = Array.from({ length: runs }, (_, seed) => {
    const { values } = column((_, stream) => spread * stream.normal(), undefined, seed + 10);
    return values.reduce((sum, x) => sum + x, 0) / values.length;
  });
  const scatter = Math.sqrt(means.reduce((sum, mean) => sum + mean ** 2, 0) / runs);
  const stated = mcseMeanOver(column((_, stream) => spread * stream.normal()), TARGETS);
  // Relative errors sqrt(1 / 120) = 0.09 and sqrt(1 / 198) = 0.07: their ratio is beyond 0.6 to 1.6 once in 10^4.
  assert.ok(scatter / stated > 0.6 && scatter / stated < 1.6, `${scatter} against ${stated}`);
});

Deno.test("chains that cannot be shared out are refused, and constant columns have nothing", () => {
  assert.throws(() => rhatWithin(column(() => 0), 7), /400 chains cannot be shared out over 7 targets/);
  const constant = sortColumn(new Float64Array(400).fill(2), 40, 10);
  assert.deepEqual(
    [essBulkOver(constant, 10), essTailOver(constant, 10), mcseMeanOver(constant, 10)],
    [NaN, NaN, NaN],
  );
});
