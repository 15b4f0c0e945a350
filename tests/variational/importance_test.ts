import assert from "node:assert/strict";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { pick, type Proposals, resample, weigh } from "../../lib/variational/importance.ts";

/** Draws of Normal(0, sd) proposed for Normal(0, 1), both up to one constant. */
function normals(count: number, sd: number): Proposals {
  const stream = new RandomStream(3, Purpose.start),
    z = Float64Array.from({ length: count }, () => stream.normal());
  const positions = z.map((value) => sd * value);
  return {
    positions,
    logPrior: positions.map((x) => -0.25 * x * x),
    logLik: positions.map((x) => -0.25 * x * x),
    logProposal: z.map((value) => -0.5 * value * value - Math.log(sd)),
  };
}

Deno.test("proposals wider than the target can be weighted, far narrower ones cannot", () => {
  // Ratios under a wider normal are bounded, so the true shape is negative; under sd s < 1 it is 1 - s^2.
  const wide = weigh(normals(4000, 2)), narrow = weigh(normals(4000, 0.3));
  assert.ok(wide.kHat < 0.3 && wide.effectiveSize > 2000, `${wide.kHat}`);
  assert.ok(narrow.kHat > 0.7 && narrow.effectiveSize < 1000, `${narrow.kHat}`);
  assert.ok(Math.abs(wide.logWeights.reduce((sum, w) => sum + Math.exp(w), 0) - 1) < 1e-9);
});

Deno.test("draws without a density weigh nothing; where none has one, nothing is usable", () => {
  const proposals = normals(200, 1.5);
  proposals.logLik[7] = NaN;
  proposals.logPrior[8] = -Infinity;
  const { logWeights, kHat } = weigh(proposals);
  assert.deepEqual([logWeights[7], logWeights[8]], [-Infinity, -Infinity]);
  assert.ok(kHat < 0.7);
  proposals.logLik.fill(NaN);
  assert.deepEqual([weigh(proposals).kHat, weigh(proposals).effectiveSize], [Infinity, 0]);
});

Deno.test("resampling names each proposal in proportion to its weight, to within one", () => {
  const weights = [0.5, 0.25, 0, 0.2, 0.05];
  const chosen = resample(Float64Array.from(weights, Math.log), 1000, 0.37);
  assert.equal(chosen.length, 1000);
  weights.forEach((weight, i) => {
    const times = chosen.filter((index) => index === i).length;
    assert.ok(Math.abs(times - 1000 * weight) <= 1, `${i}: ${times}`);
  });
});

Deno.test("picked proposals keep their densities", () => {
  const proposals: Proposals = {
    positions: Float64Array.of(0, 1, 2, 3, 4, 5),
    logPrior: Float64Array.of(10, 11, 12),
    logLik: Float64Array.of(20, 21, 22),
    logProposal: Float64Array.of(0, 0, 0),
  };
  assert.deepEqual(pick(proposals, [2, 0, 2]), {
    positions: Float64Array.of(4, 5, 0, 1, 4, 5),
    logPrior: Float64Array.of(12, 10, 12),
    logLik: Float64Array.of(22, 20, 22),
  });
});
