/** Modes of targets whose every mode is known. */
import assert from "node:assert/strict";
import type { Engine, Ensemble } from "../../lib/engine/ensemble.ts";
import { balance, findModes, modesOf } from "../../lib/samplers/find_modes.ts";
import { prepareModes, temperModes } from "../../lib/samplers/temper_modes.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { RandomStream } from "../../lib/random.ts";
import { normalOf, place } from "../../lib/variational/normal.ts";
import { withCpu, withWebgpu } from "../engine/support.ts";
import {
  exactLogEvidence,
  exactLogEvidences,
  golfHole,
  mixture,
  temperedTarget,
} from "./tempered_targets.ts";

const DIM = 20, ASCENTS = 128;

/** Errors come from two halves of 16 chains: beyond six, Student's t on 15 degrees of freedom has probability 2e-5. */
function assertNear(what: string, found: number, error: number, exact: number): void {
  assert.ok(error < 0.15, `error of ${what}: ${error}`);
  assert.ok(Math.abs(found - exact) < 6 * error, `${what}: ${found} +- ${error}, exactly ${exact}`);
}

async function golf(engine: Engine): Promise<void> {
  const hole = golfHole(DIM), { target, prior } = temperedTarget(hole);
  const found = await findModes(engine, target, prior, 3, ASCENTS), [broad, narrow] = exactLogEvidences(hole);
  assert.ok(found !== undefined);
  const { modes } = found, { logEvidence, error, weights, weightErrors } = balance(modes);
  assert.equal(modes.length, 2);
  assertNear("log evidence of the hole", modes[0].mode.logEvidence, modes[0].mode.error, narrow);
  assertNear("log evidence of the rest", modes[1].mode.logEvidence, modes[1].mode.error, broad);
  assertNear("log evidence", logEvidence, error, exactLogEvidence(hole));
  assertNear("weight", weights[0], weightErrors[0], 1 / (1 + Math.exp(broad - narrow)));
  modes.forEach(({ mode: { fit, draws } }, m) => {
    const [at, sd] = [[0.4, 0.005], [-0.4, 0.1]][m], shrink = 1 / (1 + sd * sd);
    assert.ok(Math.abs(fit.mean[0] - at * shrink) < 0.1 * sd, `mean ${fit.mean[0]}`);
    const volume = DIM * Math.log(sd * Math.sqrt(shrink));
    assert.ok(Math.abs(fit.logDeterminant - volume) < 0.5, `volume ${fit.logDeterminant}, exactly ${volume}`);
    assert.deepEqual(new Set(modesOf(modes, draws)), new Set([m]));
  });
  // Ascents from either side end on that side, but for those that start between.
  for (const { mode: { ascents } } of modes) {
    assert.ok(ascents > ASCENTS / 4 && ascents < 0.75 * ASCENTS, `${ascents}`);
  }
  assert.equal(found.ascents, ASCENTS);
}

Deno.test("a mode that tempering cannot see is found, with its weight, on the device", () =>
  withWebgpu(golf));
Deno.test("a mode that tempering cannot see is found, with its weight, in f64", () => withCpu(golf));

Deno.test("a posterior of one mode has one, and all the ascents are its own", () =>
  withCpu(async (engine) => {
    const one = mixture(4, [1], 0, 1, [0.2]), { target, prior } = temperedTarget(one);
    const found = (await findModes(engine, target, prior, 1, 60))!;
    assert.equal(found.modes.length, 1);
    assert.equal(found.modes[0].mode.ascents, 60);
    const again = (await findModes(engine, target, prior, 1, 60))!;
    assert.deepEqual(again.modes, found.modes);
    assertNear(
      "log evidence",
      found.modes[0].mode.logEvidence,
      found.modes[0].mode.error,
      exactLogEvidence(one),
    );
  }));

Deno.test("a signal ends the search", () =>
  withCpu(async (engine) => {
    const { target, prior } = temperedTarget(mixture(3, [0.5, 0.5], 1, 1, [0.1, 0.1])),
      reason = new Error("enough");
    const stop = new AbortController();
    const search = findModes(engine, target, prior, 1, 60, () => stop.abort(reason), stop.signal);
    await assert.rejects(search, (error) => error === reason);
  }));

// The log likelihood in the middle is estimated from draws whose own is a chi-square on 6 degrees of freedom over -2,
// from 256 of them: its error is 0.11.
Deno.test("modes under a unit normal prior are known at every inverse temperature", async () => {
  const dim = 6, target = mixture(dim, [0.4, 0.6], 3, 1, [0.3, 0.1]), density = targetDensity(target, 0);
  const evaluate: Ensemble["evaluate"] = (positions, beta = 1) => {
    const n = positions.length / dim, gradient = new Float64Array(n * dim);
    const logPrior = new Float64Array(n), logLik = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      density.evaluate(positions, i * dim, beta, gradient, i * dim);
      [logPrior[i], logLik[i]] = [density.logPrior, density.logLik];
    }
    return Promise.resolve({ gradient, logPrior, logLik });
  };
  const { weights, sds, means } = target, stream = new RandomStream(7, 0);
  /** Of one component raised to beta under the prior: variance, mean of the first coordinate, log evidence. */
  const exactly = (m: number, beta: number) => {
    const precision = 1 + beta / sds[m] ** 2, at = means[m * dim];
    const constant = Math.log(weights[m]) - 0.5 * dim * Math.log(2 * Math.PI * sds[m] ** 2);
    const centre = beta * at / sds[m] ** 2 / precision;
    const square = -0.5 * beta * at * at / sds[m] ** 2 + 0.5 * precision * centre * centre;
    return {
      variance: 1 / precision,
      centre,
      log: beta * constant - 0.5 * dim * Math.log(precision) + square,
    };
  };
  const modes = await prepareModes(
    { evaluate },
    [0, 1].map((m) => {
      const { variance, centre, log } = exactly(m, 1), covariance = new Float64Array(dim * dim);
      for (let i = 0; i < dim; i++) covariance[i * dim + i] = variance;
      const fit = normalOf(Float64Array.from({ length: dim }, (_, i) => i === 0 ? centre : 0), covariance)!;
      const draws = new Float64Array(256 * dim);
      for (let n = 0; n < 256; n++) {
        place(fit, Float64Array.from({ length: dim }, () => stream.normal()), 0, draws, n * dim);
      }
      return { fit, logEvidence: log, error: 0, ascents: 1, draws };
    }),
  );
  for (const beta of [1, 0.5, 0.1]) {
    const { fits, logWeights } = temperModes(modes, beta), exact = [0, 1].map((m) => exactly(m, beta));
    fits.forEach(({ mean, logDeterminant }, m) => {
      // The prior's slope is the mean of as many draws.
      assert.ok(Math.abs(mean[0] - exact[m].centre) < 0.1 * Math.sqrt(exact[m].variance), `${mean[0]}`);
      assert.ok(Math.abs(logDeterminant - 0.5 * dim * Math.log(exact[m].variance)) < 1e-9);
    });
    const gap = logWeights[1] - logWeights[0], wanted = exact[1].log - exact[0].log;
    assert.ok(Math.abs(gap - wanted) < 0.8, `beta ${beta}: ${gap}, exactly ${wanted}`);
  }
});
