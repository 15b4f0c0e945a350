import assert from "node:assert/strict";
import fc from "fast-check";
import { meanAutocovariance, transform, transformBack } from "../../lib/diagnostics/fft.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

/** The definition, chain by chain and lag by lag. */
function byDefinition(values: Float64Array, chains: number, draws: number): Float64Array {
  const result = new Float64Array(draws);
  for (let chain = 0; chain < chains; chain++) {
    const own = values.subarray(chain * draws, (chain + 1) * draws);
    const mean = own.reduce((sum, value) => sum + value, 0) / draws;
    for (let lag = 0; lag < draws; lag++) {
      for (let i = 0; i + lag < draws; i++) {
        result[lag] += (own[i] - mean) * (own[i + lag] - mean) / (draws * chains);
      }
    }
  }
  return result;
}

Deno.test("the mean autocovariance equals its definition at every lag", () => {
  const shape = fc.record({
    chains: fc.integer({ min: 1, max: 5 }),
    draws: fc.integer({ min: 1, max: 70 }),
    seed: fc.nat(),
  });
  fc.assert(fc.property(shape, ({ chains, draws, seed }) => {
    const random = new RandomStream(seed, Purpose.simulate);
    const values = Float64Array.from({ length: chains * draws }, () => 5 + random.normal());
    const actual = meanAutocovariance(values, chains, draws);
    const expected = byDefinition(values, chains, draws);
    assert.equal(actual.length, draws);
    actual.forEach((value, lag) => assert.ok(Math.abs(value - expected[lag]) < 1e-13, `lag ${lag}`));
  }));
});

Deno.test("transforming there and back gives the input times its length", () => {
  const size = 64, random = new RandomStream(1, Purpose.simulate);
  const turn = (wave: (angle: number) => number) =>
    Float64Array.from({ length: size / 2 }, (_, i) => wave(2 * Math.PI * i / size));
  const real = Float64Array.from({ length: size }, () => random.normal()), imaginary = real.map((x) => x * x);
  const before = [real.slice(), imaginary.slice()];
  transform(real, imaginary, turn(Math.cos), turn(Math.sin));
  transformBack(real, imaginary, turn(Math.cos), turn(Math.sin));
  for (let i = 0; i < size; i++) {
    assert.ok(Math.abs(real[i] / size - before[0][i]) < 1e-14);
    assert.ok(Math.abs(imaginary[i] / size - before[1][i]) < 1e-14);
  }
});
