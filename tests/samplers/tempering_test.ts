import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransitionBatch } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import {
  firstRungs,
  knowsMetric,
  planRounds,
  relay,
  rungTuning,
  stepRungs,
  withMetric,
} from "../../lib/samplers/tempering.ts";
import { identity, plainTuning } from "../engine/support.ts";

const DIM = 2, LADDERS = 6;

/** Log likelihoods of a Gaussian of 10 dimensions under a prior ten times as broad. */
function logLik(stream: RandomStream, beta: number): number {
  let square = 0;
  for (let i = 0; i < 10; i++) square += stream.normal() ** 2;
  return -0.5 * square / (0.01 + beta);
}

function path() {
  const stream = new RandomStream(1, 0);
  return [1, 0.5, 0.2, 0.08, 0.03, 0.01, 0.003, 0.001, 0].map((beta) => ({
    beta,
    logLik: Float64Array.from({ length: 500 }, () => logLik(stream, beta)),
    positions: new Float64Array(0),
    tuning: beta === 0 ? undefined : plainTuning(DIM, 0.1 / Math.sqrt(0.01 + beta), 5, beta),
  }));
}

/** A batch in which every rung has its own acceptance and spread. */
function batchOf(
  rungs: readonly { beta: number }[],
  transitions: number,
  acceptance: (rung: number) => number,
  seed: number,
) {
  const chains = rungs.length * LADDERS, rows = transitions * chains, stream = new RandomStream(seed, 0);
  const rungOf = (row: number) => Math.floor(row % chains / LADDERS);
  const each = (value: (rung: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) => value(rungOf(row)));
  return {
    transitions,
    chains,
    dim: DIM,
    positions: Float64Array.from(
      { length: rows * DIM },
      (_, i) => (1 + rungOf(Math.floor(i / DIM))) * stream.normal(),
    ),
    logPrior: each(() => 0),
    logLik: each((rung) => logLik(stream, rungs[rung].beta)),
    acceptance: each(acceptance),
    energy: each(() => 0),
    diverging: new Uint8Array(rows),
    cheesGradient: each(() => 0),
    leapfrogs: new Uint32Array(transitions * rungs.length),
    // Replicas all over the place: what is learned must not depend on who was there.
    replica: Uint32Array.from({ length: rows }, (_, row) => (row * 7) % chains),
  } satisfies TransitionBatch;
}

Deno.test("rounds double and come to the warm-up, settling included", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 5000 }), (warmup) => {
    const { rounds, settle } = planRounds(warmup);
    assert.equal(rounds.reduce((sum, length) => sum + length, settle), warmup);
    rounds.slice(0, -1).forEach((length, i) => assert.equal(length, 16 * 2 ** i));
    assert.ok([...rounds, settle].every((length) => length >= 0));
  }));
});

Deno.test("the first ladder spans the path and starts each rung from the stop nearest to it", () => {
  const stops = path(), { rungs, from } = firstRungs(stops);
  assert.deepEqual([rungs[0].beta, rungs.at(-1)!.beta], [1, 0]);
  assert.equal(from[0], stops[0]);
  assert.equal(from.at(-1), stops.at(-1));
  rungs.slice(1, -1).forEach(({ beta }, i) => {
    const gap = (other: number) => Math.abs(Math.log(other / beta));
    stops.slice(0, -1).forEach((stop) => assert.ok(gap(from[i + 1].beta) <= gap(stop.beta)));
  });
  rungs.slice(0, -1).forEach((rung, r) =>
    assert.ok(Math.abs(rungTuning(rung, false).stepSize - from[r].tuning!.stepSize) < 1e-12)
  );
});

// Statistics credited to where replicas went, not to where they moved, once drove every second step size to zero.
Deno.test("step sizes follow the acceptance of the rung itself, up where it is high and down where it is low", () => {
  let { rungs } = firstRungs(path());
  const before = rungs.map((rung) => rungTuning(rung, false).stepSize);
  for (let i = 0; i < 20; i++) {
    rungs = stepRungs(
      rungs,
      batchOf(rungs, 4, (rung) => rung % 2 === 0 ? 1 : 0.2, i),
    );
  }
  rungs.slice(0, -1).forEach((rung, r) => {
    const now = rungTuning(rung, false).stepSize;
    assert.ok(r % 2 === 0 ? now > before[r] : now < before[r], `rung ${r}: ${before[r]} to ${now}`);
  });
});

Deno.test("a rung's metric is that of its own draws, and waits until there are enough", () => {
  let { rungs } = firstRungs(path());
  rungs = stepRungs(rungs, batchOf(rungs, 4, () => 0.9, 100));
  assert.ok(!knowsMetric(rungs[1]));
  for (let i = 0; i < 60; i++) rungs = stepRungs(rungs, batchOf(rungs, 8, () => 0.9, i));
  rungs.slice(0, -1).forEach((rung, r) => {
    assert.ok(knowsMetric(rung));
    // Gradients of the very Gaussian: balancing leaves the metric as it is.
    const stream = new RandomStream(7, 0), sd = 1 + r;
    const gradients = Float64Array.from({ length: 2000 * DIM }, () => stream.normal() / sd);
    const { factor } = withMetric(rung, gradients);
    // Variance of 2904 draws and of 2000 gradients: relative error of the factor 1.3% and 0.8%.
    identity(DIM).forEach((one, i) =>
      assert.ok(Math.abs(factor[i] - sd * one) < 0.09 * sd, `${r}: ${factor}`)
    );
  });
});

Deno.test("a ladder is laid anew with equal rejections, as many rungs as the barrier asks for, learning kept", () => {
  let { rungs } = firstRungs(path());
  for (let i = 0; i < 100; i++) rungs = stepRungs(rungs, batchOf(rungs, 4, () => 0.9, i));
  const { rungs: relaid, from } = relay(rungs);
  assert.deepEqual([relaid[0].beta, relaid.at(-1)!.beta], [1, 0]);
  relaid.slice(1).forEach(({ beta }, i) => assert.ok(beta < relaid[i].beta));
  assert.ok(Math.abs(relaid.length - rungs.length) <= 2);
  relaid.forEach((rung, r) => {
    assert.equal(rung.factor, rungs[from[r]].factor);
    assert.deepEqual([rung.moments.count, rung.logLik.length], [0, 0]);
  });
});
