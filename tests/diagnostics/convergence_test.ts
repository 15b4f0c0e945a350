/** R-hat, ESS, MCSE, nested R-hat and E-BFMI against R's `posterior`, and by their invariances. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { columnQuantile, sortColumn } from "../../lib/diagnostics/column.ts";
import { ebfmi, minEbfmi } from "../../lib/diagnostics/energy.ts";
import * as ess from "../../lib/diagnostics/ess.ts";
import { nestedRhat, rhat } from "../../lib/diagnostics/rhat.ts";
import { summarise } from "../../lib/diagnostics/summary.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { assertAllClose, assertClose, golden } from "./golden.ts";

/** Rounding only: the same formulas on the same numbers. */
const ROUNDING = 1e-9;

const STATISTICS = {
  rhat,
  ess_bulk: ess.essBulk,
  ess_tail: ess.essTail,
  ess_mean: ess.essMean,
  ess_sd: ess.essSd,
  ess_q30: (c) => ess.essQuantile(c, 0.3),
  ess_max: (c) => ess.essQuantile(c, 1),
  mcse_mean: ess.mcseMean,
  mcse_sd: ess.mcseSd,
  mcse_q30: (c) => ess.mcseQuantile(c, 0.3),
  mcse_q95: (c) => ess.mcseQuantile(c, 0.95),
} satisfies Record<string, (column: ReturnType<typeof sortColumn>) => number>;

Deno.test("convergence diagnostics equal R's posterior", async (t) => {
  for (const reference of await golden("convergence.json")) {
    await t.step(reference.name, () => {
      const { chains, draws, expected } = reference;
      const values = Float64Array.from(reference.values as number[]);
      const column = sortColumn(values, chains, draws);
      for (const [name, statistic] of Object.entries(STATISTICS)) {
        const actual = statistic(column);
        // With no spread within chains R-hat is infinite; R leaves a rounding error in the denominator.
        if (expected[name] > 1e12) assert.equal(actual, Infinity);
        else assertClose(actual, expected[name], ROUNDING, name);
      }
      const [row] = summarise({ chains, draws, columns: new Map([["x", values]]) });
      for (const name of ["mean", "sd", "q5", "q50", "q95"] as const) {
        assertClose(row[name], expected[name], ROUNDING, name);
      }
      assertAllClose(ebfmi(values, chains, draws), reference.ebfmi, ROUNDING, "ebfmi");
      assertClose(nestedRhat(column, reference.superchain), reference.nested_rhat, ROUNDING, "nested_rhat");
    });
  }
});

/** Chains of a first-order autoregression, some shifted: every diagnostic has something to see. */
const chainsOfDraws = fc.record({
  seed: fc.nat(),
  chains: fc.integer({ min: 2, max: 6 }),
  draws: fc.integer({ min: 8, max: 60 }),
  correlation: fc.double({ min: -0.8, max: 0.95, noNaN: true }),
  shift: fc.double({ min: 0, max: 2, noNaN: true }),
}).map(({ seed, chains, draws, correlation, shift }) => {
  const random = new RandomStream(seed, Purpose.simulate);
  const values = new Float64Array(chains * draws);
  for (let i = 0; i < values.length; i++) {
    values[i] = (i % draws === 0 ? 0 : correlation * values[i - 1]) + random.normal();
  }
  return { chains, draws, values: values.map((value, i) => value + (i < draws ? shift : 0)) };
});

Deno.test("R-hat sees no scale, bulk and tail ESS see order only", () => {
  fc.assert(fc.property(chainsOfDraws, ({ chains, draws, values }) => {
    const before = sortColumn(values, chains, draws);
    const scaled = sortColumn(values.map((value) => value * 1024), chains, draws);
    assert.equal(rhat(scaled), rhat(before));
    // The exponential moves the median's distances about, so the folded half of R-hat may change; ESS may not.
    const curved = sortColumn(values.map(Math.exp), chains, draws);
    assertClose(ess.essBulk(curved), ess.essBulk(before), 1e-12, "ess_bulk");
    assertClose(ess.essTail(curved), ess.essTail(before), 1e-12, "ess_tail");
  }));
});

Deno.test("the order of the chains does not matter", () => {
  fc.assert(fc.property(chainsOfDraws, ({ chains, draws, values }) => {
    const turned = new Float64Array(values.length);
    turned.set(values.subarray(draws));
    turned.set(values.subarray(0, draws), values.length - draws);
    const before = sortColumn(values, chains, draws), after = sortColumn(turned, chains, draws);
    for (const [name, statistic] of Object.entries(STATISTICS)) {
      assertClose(statistic(after), statistic(before), 1e-9, name);
    }
  }));
});

Deno.test("sorting equals sorting by comparison, ties, zeros and infinities included", () => {
  const anything = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity));
  fc.assert(fc.property(fc.array(anything, { minLength: 1, maxLength: 300 }), (list) => {
    const values = Float64Array.from(list);
    const { order } = sortColumn(values, 1, values.length);
    assert.deepEqual(order.toSorted(), Uint32Array.from(list.keys()), "a permutation");
    assert.deepEqual(Float64Array.from(order, (i) => values[i]), values.toSorted());
  }));
});

Deno.test("draws that are not finite or not enough have no diagnostics", () => {
  const normals = () => new RandomStream(3, Purpose.simulate).normal();
  for (const bad of [NaN, Infinity, -Infinity]) {
    const values = Float64Array.from({ length: 40 }, normals);
    values[7] = bad;
    const column = sortColumn(values, 4, 10);
    for (const [name, statistic] of Object.entries(STATISTICS)) assert.equal(statistic(column), NaN, name);
    const [row] = summarise({ chains: 4, draws: 10, columns: new Map([["x", values]]) });
    assert.equal(row.mean, NaN);
    assert.equal(row.q50, NaN);
    assert.equal(minEbfmi(values, 4, 10), NaN);
  }
  const short = sortColumn(Float64Array.from({ length: 12 }, normals), 4, 3);
  assert.equal(rhat(short), NaN, "half a chain of three draws is one draw");
  assert.equal(ess.essBulk(short), NaN);
  assert.throws(() => sortColumn(new Float64Array(7), 2, 4), RangeError);
  assert.throws(() => nestedRhat(short, 3), /4 chains cannot be grouped into superchains of 3/);
});

Deno.test("one frozen energy spoils the smallest E-BFMI", () => {
  const energy = Float64Array.from({ length: 30 }, (_, i) => i < 20 ? i % 7 : 5);
  assert.equal(minEbfmi(energy, 3, 10), NaN);
  assert.ok(minEbfmi(energy.subarray(0, 20), 2, 10) > 0);
});

Deno.test("nested R-hat shows starting points that are not forgotten, and no others", () => {
  const random = new RandomStream(11, Purpose.simulate);
  const draw = (offset: (chain: number) => number) =>
    sortColumn(Float64Array.from({ length: 64 * 4 }, (_, i) => random.normal() + offset(i >> 2)), 64, 4);
  // 8 superchains of 8 chains of 4 draws: 1 + chi2_7 / 7 / 32 under agreement; 1.1 is its 1 - 1e-7 quantile.
  assert.ok(nestedRhat(draw(() => 0), 8) < 1.1);
  assert.ok(nestedRhat(draw((chain) => 2 * (chain >> 3)), 8) > 2);
});

Deno.test("many chains are summarised fast", () => {
  for (const [chains, draws] of [[256, 400], [4096, 50]]) {
    const columns = new Map<string, Float64Array>();
    for (let c = 0; c < 10; c++) {
      // A Weyl sequence: cheap, distinct in every column, and well spread.
      const values = new Float64Array(chains * draws);
      for (let i = 0; i < values.length; i++) values[i] = (i * (0.618034 + c / 100)) % 1;
      columns.set(`x${c}`, values);
    }
    const before = performance.now();
    summarise({ chains, draws, columns });
    const elapsed = performance.now() - before;
    // 30 columns take 0.8 s and 1.5 s on one core; 10 columns may take 2 s, so that a busy machine passes.
    assert.ok(elapsed < 2000, `${chains} x ${draws}: ${elapsed.toFixed(0)} ms`);
  }
});

Deno.test("quantiles of a column equal those of its sorted values", () => {
  const column = sortColumn(Float64Array.of(5, 1, 4, 2, 3), 1, 5);
  assert.equal(columnQuantile(column, 0.25), 2);
  assert.equal(columnQuantile(column, 0.9), 4.6);
});
