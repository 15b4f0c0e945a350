import assert from "node:assert/strict";
import { philox, Purpose, RandomStream, seedKey, wordsToNormals, wordToUniform } from "../lib/random.ts";
import { assertStandardNormal } from "./normality.ts";
import { PHILOX_VECTORS } from "./philox_vectors.ts";

Deno.test("philox gives the published vectors", () => {
  for (const { counter, key, words } of PHILOX_VECTORS) assert.deepEqual(philox(counter, key), words);
});

Deno.test("seedKey keeps every bit of a seed up to 2^53 - 1", () => {
  assert.deepEqual(seedKey(0), [0, 0]);
  assert.deepEqual(seedKey(0xffffffff), [0xffffffff, 0]);
  assert.deepEqual(seedKey(2 ** 32 + 5), [5, 1]);
  assert.deepEqual(seedKey(2 ** 53 - 1), [0xffffffff, 0x1fffff]);
});

Deno.test("wordToUniform stays inside (0, 1) on numbers that f32 holds exactly", () => {
  assert.equal(wordToUniform(0), 2 ** -24);
  assert.equal(wordToUniform(0xffffffff), 1 - 2 ** -24);
  for (const word of [0, 0x1ff, 0x200, 0x7fffffff, 0x80000000, 0xffffffff]) {
    assert.equal(Math.fround(wordToUniform(word)), wordToUniform(word));
  }
});

Deno.test("wordsToNormals gives standard normals", () => {
  const values = new Float64Array(400_000);
  for (let i = 0; i < values.length; i += 4) {
    const [a, b, c, d] = philox([i, 0, 0, Purpose.momentum], [11, 0]);
    values.set([...wordsToNormals(a, b), ...wordsToNormals(c, d)], i);
  }
  assertStandardNormal(values);
});

Deno.test("RandomStream gives standard normals", () => {
  const stream = new RandomStream(12, Purpose.simulate);
  assertStandardNormal(Float64Array.from({ length: 200_000 }, () => stream.normal()));
});

Deno.test("RandomStream gives uniforms inside (0, 1) with the right moments", () => {
  const stream = new RandomStream(13, Purpose.simulate), count = 200_000;
  let sum = 0, squares = 0;
  for (let i = 0; i < count; i++) {
    const u = stream.uniform();
    assert.ok(u > 0 && u < 1);
    sum += u - 0.5;
    squares += (u - 0.5) ** 2 - 1 / 12;
  }
  // |z| < 5 twice: a wrong alarm, for a seed chosen at random, below 1.2e-6.
  assert.ok(Math.abs(sum) < 5 * Math.sqrt(count / 12));
  assert.ok(Math.abs(squares) < 5 * Math.sqrt(count / 180)); // var of (u - 1/2)^2
});

Deno.test("RandomStream repeats for the same seed, purpose and stream, and differs otherwise", () => {
  const first = (stream: RandomStream) => Array.from({ length: 8 }, () => stream.uniform());
  const streams = [
    new RandomStream(1, Purpose.initial, 0),
    new RandomStream(2, Purpose.initial, 0),
    new RandomStream(1 + 2 ** 32, Purpose.initial, 0),
    new RandomStream(1, Purpose.predict, 0),
    new RandomStream(1, Purpose.initial, 1),
  ].map(first);
  assert.deepEqual(first(new RandomStream(1, Purpose.initial)), streams[0]);
  assert.equal(new Set(streams.flat()).size, 8 * streams.length);
});

Deno.test("logGamma draws have the moments of ln Gamma(a, 1), for shapes above and below 1", () => {
  // Mean digamma(a), variance trigamma(a), fourth cumulant 6 zeta(4, a) (polygamma 3); scipy.special.polygamma.
  const moments = [
    { shape: 0.05, mean: -20.497842, variance: 401.532311, fourth: 960005.1 },
    { shape: 0.5, mean: -1.963510, variance: 4.934802, fourth: 97.40909 },
    { shape: 1, mean: -0.577216, variance: 1.644934, fourth: 6.493939 },
    { shape: 7.5, mean: 1.946757, variance: 0.142583, fourth: 0.00577 },
  ];
  const count = 100_000;
  for (const { shape, mean, variance, fourth } of moments) {
    const stream = new RandomStream(17, Purpose.initial);
    let sum = 0, squares = 0;
    for (let i = 0; i < count; i++) {
      const value = stream.logGamma(shape) - mean;
      sum += value;
      squares += value * value - variance;
    }
    // |z| < 5 eight times in all: a wrong alarm, for a seed chosen at random, below 5e-6.
    assert.ok(Math.abs(sum) < 5 * Math.sqrt(count * variance), `mean at shape ${shape}`);
    const squareSd = Math.sqrt(fourth + 2 * variance ** 2); // var of a squared deviation
    assert.ok(Math.abs(squares) < 5 * squareSd * Math.sqrt(count), `variance at shape ${shape}`);
  }
});
