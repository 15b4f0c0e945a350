import assert from "node:assert/strict";
import { assess, type Conduct, describeModes } from "../lib/assess.ts";
import type { Draws } from "../lib/diagnostics/draws.ts";
import { fakeDraws } from "./runs/fixture.ts";

const conduct: Conduct = { components: 2, maxSpend: 20, divergences: 0, ebfmiMin: 0.9 };

/** Draws with the two curves' numbers swapped in the second half of the chains. */
function swapped({ chains, draws, columns }: Draws): Draws {
  const half = chains / 2 * draws;
  const other = (name: string) => name.replace(/[12]$/, (k) => k === "1" ? "2" : "1");
  const mixed = [...columns].map(([name, values]): [string, Float64Array] => [
    name,
    values.map((value, i) => i < half || !/\.[12]$/.test(name) ? value : columns.get(other(name))![i]),
  ]);
  return { chains, draws, columns: new Map(mixed) };
}

// Fixed by their seed. For other seeds R-hat of independent draws would exceed 1.01 in under one of 1e9 columns.
const independent = fakeDraws(4, 1000);

Deno.test("independent draws pass, every parameter has a row, and lp__ is not taken for one", () => {
  const { summary, diagnostics, verdict } = assess(independent, conduct);
  assert.deepEqual([verdict.status, verdict.handover, verdict.strict], ["pass", true, true]);
  assert.deepEqual(summary.map(({ name }) => name), [...independent.columns.keys()].slice(1));
  assert.ok(diagnostics.max_rhat < 1.01 && diagnostics.label_invariant.max_rhat < 1.01);
  assert.ok(diagnostics.min_ess_bulk > 2000 && diagnostics.min_ess_tail > 1000);
});

Deno.test("curves whose numbers are swapped between chains disagree raw, and agree relabelled and label-free", () => {
  const { diagnostics, verdict } = assess(swapped(independent), conduct);
  assert.ok(diagnostics.max_rhat > 1.5);
  assert.ok(diagnostics.relabelled.max_rhat < 1.01);
  assert.ok(diagnostics.label_invariant.max_rhat < 1.01);
  assert.deepEqual([verdict.status, verdict.handover], ["review", false]);
});

Deno.test("a chain with other response curves fails, though every plain parameter agrees", () => {
  const { chains, draws, columns } = independent;
  const taller = new Map(columns);
  for (const name of ["A.1", "A.2"]) {
    taller.set(name, columns.get(name)!.map((value, i) => i < draws ? 2 * value : value));
  }
  const { diagnostics, verdict } = assess({ chains, draws, columns: taller }, conduct);
  assert.ok(diagnostics.label_invariant.max_rhat > 1.05);
  assert.equal(verdict.status, "fail");
});

Deno.test("fitted means are watched where draws have them", () => {
  const { chains, draws, columns } = independent;
  const fitted = Float64Array.from(columns.get("alpha")!, (value, i) => i < draws ? value + 10 : value);
  const { diagnostics } = assess(
    { chains, draws, columns: new Map([...columns, ["fitted.7", fitted]]) },
    conduct,
  );
  assert.ok(diagnostics.label_invariant.max_rhat > 1.5);
  assert.ok(diagnostics.max_rhat < 1.01, "a fitted mean is no parameter");
});

Deno.test("a single curve's constant weight says nothing, and its labels need no matching", () => {
  const { chains, draws, columns } = independent;
  const single = [...columns].filter(([name]) => !name.endsWith(".2"));
  const ones = new Float64Array(chains * draws).fill(1);
  const one: Draws = { chains, draws, columns: new Map(single).set("pi.1", ones) };
  const { summary, diagnostics, verdict } = assess(one, { ...conduct, components: 1 });
  assert.equal(verdict.status, "pass");
  assert.ok(!summary.some(({ name }) => name === "pi.1"));
  assert.equal(diagnostics.relabelled.max_rhat, diagnostics.max_rhat);
});

Deno.test("what draws cannot show comes from the sampler: divergences and E-BFMI", () => {
  assert.equal(assess(independent, { ...conduct, divergences: 40 }).verdict.strict, false);
  assert.equal(assess(independent, { ...conduct, ebfmiMin: 0.1 }).verdict.strict, false);
});

Deno.test("a tempered run is judged by its ladders as well, and its modes are told by what no label changes", () => {
  const tempering = { roundTrips: [3, 30, 30, 30], modes: [{ weight: 1, ladders: 4 }] };
  const { verdict } = assess(independent, { ...conduct, tempering });
  assert.equal(verdict.reasons.filter((reason) => reason.includes("3 round trips")).length, 1);
  const origins = new Int32Array(independent.chains * independent.draws).fill(7);
  // Swapped labels look like two modes in every component, and are one.
  const [mode, ...others] = describeModes(swapped(independent), conduct, origins);
  assert.deepEqual([mode.weight, mode.ladders, mode.entries, others.length], [1, independent.chains, 1, 0]);
});
