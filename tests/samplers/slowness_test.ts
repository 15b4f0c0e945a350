import assert from "node:assert/strict";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import { addPairs, logLikBefore, NO_PAIRS, slowness } from "../../lib/samplers/slowness.ts";

/** Two chains whose replicas change places in every transition, each replica a chain of its own autocorrelation. */
function crossing(transitions: number, correlation: readonly [number, number]): TransitionBatch {
  const stream = new RandomStream(3, 0), none = new Float64Array(2 * transitions);
  const logLik = new Float64Array(2 * transitions), replica = new Uint32Array(2 * transitions);
  const at = [0, 0];
  for (let i = 0; i < transitions; i++) {
    for (let chain = 0; chain < 2; chain++) {
      const who = (chain + i) % 2, rho = correlation[chain];
      at[who] = rho * at[who] + Math.sqrt(1 - rho * rho) * stream.normal();
      logLik[2 * i + chain] = at[who];
      replica[2 * i + chain] = who;
    }
  }
  return {
    transitions,
    chains: 2,
    dim: 1,
    positions: none,
    logPrior: none,
    logLik,
    acceptance: none,
    energy: none,
    diverging: new Uint8Array(2 * transitions),
    cheesGradient: none,
    leapfrogs: new Uint32Array(2 * transitions),
    replica,
  };
}

Deno.test("slowness is that of the moves on a rung, whoever moves there", () => {
  const batch = crossing(20_000, [0.9, 0.2]), before = logLikBefore(batch);
  assert.ok(
    Number.isNaN(before[0]) && Number.isNaN(before[1]),
    "nothing is known before the first transition",
  );
  assert.deepEqual([before[2], before[3]], [batch.logLik[1], batch.logLik[0]], "replicas changed places");
  for (const [chain, rho] of [0.9, 0.2].entries()) {
    const rows = Array.from({ length: batch.transitions }, (_, i) => 2 * i + chain);
    // In two parts, as batches come. Error of the correlation below (1 - rho^2) / sqrt(20000) < 0.007.
    const half = addPairs(NO_PAIRS, before, batch.logLik, rows.slice(0, 9_000));
    const seen = slowness(addPairs(half, before, batch.logLik, rows.slice(9_000)));
    const correlation = (seen - 1) / (seen + 1);
    assert.ok(Math.abs(correlation - rho) < 0.04, `${correlation} and ${rho}`);
  }
});

Deno.test("what is out of reach says nothing, and neither do a few pairs or a log likelihood that never moves", () => {
  const count = 6_000, rows = [...Array(count).keys()], stream = new RandomStream(4, 0);
  const before = Float64Array.from(rows, () => stream.normal());
  const gaps = before.map((value, i) => i % 2 === 0 ? value : [NaN, -Infinity][i % 4 >> 1]);
  assert.equal(addPairs(NO_PAIRS, before, gaps, rows).count, count / 2);
  assert.equal(slowness(addPairs(NO_PAIRS, before, before, rows.slice(0, 1_000))), 1);
  assert.equal(slowness(addPairs(NO_PAIRS, new Float64Array(count), new Float64Array(count), rows)), 1);
  assert.ok(slowness(addPairs(NO_PAIRS, before, before, rows)) > 100, "nothing forgotten");
});
