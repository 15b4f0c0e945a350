import assert from "node:assert/strict";
import { absentRow, ratioOf, rowOf } from "./peers.ts";
import { gate, largestDifference, largestRhat, type Run, smallestEss } from "./run.ts";

/** A run of two quantities that nothing is wrong with. */
function run(change: Partial<Run> & { rhat?: number; mean?: number; ess?: number } = {}): Run {
  const { rhat = 1.002, mean = 5, ess = 1000, ...rest } = change;
  const row = (name: string, mean: number, rhat: number, ess_bulk: number) => ({
    name,
    mean,
    rhat,
    ess_bulk,
    ess_tail: 900,
    sd: 1,
    q5: 4,
    q50: 5,
    q95: 6,
    mcse_mean: 0.03,
  });
  return {
    name: "ours",
    version: "1.0",
    setup_s: 1,
    warmup_s: 4,
    sampling_s: 10,
    warmup_gradients: 2000,
    sampling_gradients: 5000,
    summary: [row("alpha", 0.5, 1.001, 2000), row("A.1", mean, rhat, ess)],
    fault: null,
    ...rest,
  };
}

const reference = run({ name: "tempered" });

Deno.test("a converged run that agrees with the reference has its figures", () => {
  const row = rowOf(run({ mean: 5.1, ess: 500 }), reference);
  assert.equal(row.closed, null);
  assert.deepEqual([row.setup_s, row.warmup_s, row.sampling_s, row.gradients], [1, 4, 10, 7000]);
  assert.equal(row.min_ess_bulk, 500);
  assert.equal(row.speed!.ess_per_sampling_s, 50);
  assert.equal(row.speed!.ess_per_s, 500 / 14);
  assert.equal(row.speed!.gradients_per_draw, 10);
  assert.equal(rowOf(reference, reference).closed, null);
});

Deno.test("every closed gate takes every timing with it and says why; R-hat and ESS stay", () => {
  const failed = run({ name: "tempered", rhat: 1.3 });
  const cases: [Run, Run, RegExp][] = [
    [run({ rhat: 1.0101 }), reference, /R-hat 1\.0101 of A\.1/],
    [run({ rhat: 1.34 }), reference, /R-hat 1\.34 of A\.1/],
    [run({ rhat: NaN }), reference, /R-hat NaN of A\.1/],
    [run({ mean: 5.2 }), reference, /mean of A\.1 is 4\.7 MCSE from tempered's/],
    [run({ mean: NaN }), reference, /A\.1 cannot be compared with tempered's/],
    [run({ fault: "its density is not hillmix's" }), reference, /density/],
    [run(), failed, /tempered is no reference: chains disagree: R-hat 1\.30/],
    [failed, failed, /R-hat 1\.30/],
  ];
  for (const [each, to, why] of cases) {
    const { closed, max_rhat, min_ess_bulk, ...row } = rowOf(each, to);
    assert.match(closed!, why);
    assert.deepEqual(
      [row.setup_s, row.warmup_s, row.sampling_s, row.gradients, row.speed],
      Array(5).fill(null),
    );
    assert.deepEqual([max_rhat, min_ess_bulk], [largestRhat(each).value, 1000]);
  }
});

Deno.test("runs that report different quantities do not agree", () => {
  const { summary } = reference;
  assert.ok(Number.isNaN(largestDifference(run({ summary: summary.slice(1) }), reference).value));
  assert.match(gate(run({ summary: summary.slice(1) }), reference)!, /number of quantities/);
  const renamed = summary.map((row) => ({ ...row, name: `${row.name}.x` }));
  assert.match(gate(run({ summary: renamed }), reference)!, /alpha\.x cannot be compared/);
});

Deno.test("the worst quantity is the one without a number, else the largest R-hat or smallest ESS", () => {
  assert.deepEqual(smallestEss(run({ ess: 300 })), { name: "A.1", value: 300 });
  assert.deepEqual(smallestEss(run({ ess: 3000 })), { name: "alpha", value: 2000 });
  assert.deepEqual(smallestEss(run({ ess: NaN })), { name: "A.1", value: NaN });
  assert.deepEqual(largestRhat(run({ rhat: NaN })), { name: "A.1", value: NaN });
});

Deno.test("ratios are of speeds, ours over the peer's", () => {
  const peer = run({ name: "Stan", ess: 100, sampling_s: 20, warmup_s: 5, sampling_gradients: 1000 });
  assert.deepEqual(ratioOf(reference, peer, reference), {
    name: "tempered",
    peer: "Stan",
    bound: false,
    ess_per_sampling_s: 20,
    ess_per_s: (1000 / 14) / (100 / 25),
    gradients_per_draw: 0.5,
  });
});

Deno.test("against a peer whose chains disagree a ratio is a bound; where ours failed there is none", () => {
  const stuck = run({ name: "Stan", rhat: 1.4, ess: 10 });
  assert.equal(ratioOf(reference, stuck, reference)!.bound, true);
  assert.equal(ratioOf(run({ rhat: 1.2 }), stuck, reference), null);
  assert.equal(ratioOf(run({ mean: 9 }), stuck, reference), null);
  // Agreeing with itself on another answer, or sampling another density, makes nothing comparable.
  assert.equal(ratioOf(reference, run({ name: "Stan", mean: 9 }), reference), null);
  assert.equal(ratioOf(reference, { ...stuck, fault: "its density is not hillmix's" }, reference), null);
});

Deno.test("an absent peer is a row that says how to install it, without a single number", () => {
  const { name, closed, ...rest } = absentRow("NumPyro", "NumPyro was left out: install it.");
  assert.deepEqual([name, closed], ["NumPyro", "NumPyro was left out: install it."]);
  assert.ok(Object.values(rest).every((value) => value === null));
});
