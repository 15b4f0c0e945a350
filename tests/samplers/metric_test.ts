import assert from "node:assert/strict";
import fc from "fast-check";
import { RandomStream } from "../../lib/random.ts";
import { cholesky, factorFrom, mergeMoments, momentsOf } from "../../lib/samplers/metric.ts";
import { identity } from "../engine/support.ts";

const entry = fc.double({ min: -3, max: 3, noNaN: true });
/** Numbers of a dim x dim matrix, for any dim from 1 to 6. */
const square = fc.integer({ min: 1, max: 6 }).chain((dim) =>
  fc.tuple(fc.constant(dim), fc.array(entry, { minLength: dim * dim, maxLength: dim * dim }))
);

function timesTranspose(a: ArrayLike<number>, dim: number): Float64Array {
  return Float64Array.from({ length: dim * dim }, (_, ij) => {
    const i = Math.floor(ij / dim), j = ij % dim;
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += a[i * dim + k] * a[j * dim + k];
    return sum;
  });
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance * (1 + Math.abs(expected[i])),
      `${actual[i]} at ${i}`,
    );
  }
}

function isFactor(factor: Float64Array, dim: number): boolean {
  return factor.every((value, ij) => {
    const row = Math.floor(ij / dim), column = ij % dim;
    return Number.isFinite(value) && (column <= row || value === 0) && (column !== row || value > 0);
  });
}

Deno.test("the Cholesky factor is lower triangular and squares to the matrix", () => {
  fc.assert(fc.property(square, ([dim, numbers]) => {
    const matrix = timesTranspose(numbers, dim).map((x, ij) => x + identity(dim)[ij]);
    const factor = cholesky(matrix, dim)!;
    assert.ok(isFactor(factor, dim));
    assertClose(timesTranspose(factor, dim), matrix, 1e-12);
  }));
});

Deno.test("a matrix that is not positive definite has no Cholesky factor", () => {
  for (const matrix of [[0], [-1], [1, 2, 2, 1], [1, 1, 1, 1], [NaN], [1, NaN, NaN, 1]]) {
    assert.equal(cholesky(Float64Array.from(matrix), Math.sqrt(matrix.length)), undefined);
  }
});

const table = fc.integer({ min: 1, max: 4 }).chain((dim) =>
  fc.tuple(
    fc.constant(dim),
    fc.array(fc.array(entry, { minLength: dim, maxLength: dim }), { minLength: 0, maxLength: 40 }),
    fc.nat({ max: 40 }),
  )
);

Deno.test("moments of two parts together are the moments of the whole", () => {
  fc.assert(fc.property(table, ([dim, rows, cut]) => {
    const positions = Float64Array.from(rows.flat());
    const of = (from: number, to: number) =>
      momentsOf(positions, dim, rows.keys().filter((i) => i >= from && i < to));
    const whole = of(0, rows.length), merged = mergeMoments(of(0, cut), of(cut, rows.length));
    assert.equal(merged.count, rows.length);
    assertClose(merged.mean, whole.mean, 1e-12);
    assertClose(merged.scatter, whole.scatter, 1e-11);
    for (let i = 0; i < dim; i++) {
      const column = rows.map((row) => row[i]), mean = column.reduce((sum, x) => sum + x, 0) / rows.length;
      if (rows.length === 0) continue;
      assertClose([whole.mean[i]], [mean], 1e-12);
      assertClose([whole.scatter[i * dim + i]], [column.reduce((sum, x) => sum + (x - mean) ** 2, 0)], 1e-11);
    }
  }));
});

Deno.test("moments take the rows named and leave out those that are not finite", () => {
  const positions = Float32Array.of(1, 2, NaN, NaN, 3, 6, Infinity, 0, 100, 100);
  const { count, mean, scatter } = momentsOf(positions, 2, [0, 1, 2, 3]);
  assert.equal(count, 2);
  assert.deepEqual([...mean], [2, 4]);
  assert.deepEqual([...scatter], [2, 4, 4, 8]);
});

/** Draws of Normal(0, C) with C of sds 0.1, 1 and 10 and correlation 0.8 between the last two. */
function draws(count: number): Float64Array {
  const stream = new RandomStream(1, 0);
  return Float64Array.from(
    Array.from({ length: count }, () => {
      const [a, b, c] = [stream.normal(), stream.normal(), stream.normal()];
      return [0.1 * a, b, 8 * b + 6 * c];
    }).flat(),
  );
}

Deno.test("with many draws the factor is that of their covariance", () => {
  const count = 20_000, factor = factorFrom(momentsOf(draws(count), 3, new Float64Array(count).keys()));
  const covariance = timesTranspose(factor, 3);
  assert.ok(isFactor(factor, 3));
  // Relative errors of a variance and of a correlation from 20 000 draws: below 0.01 each at one sd.
  [0.01, 1, 100].forEach((variance, i) => assert.ok(Math.abs(covariance[4 * i] / variance - 1) < 0.05));
  assert.ok(Math.abs(covariance[7] / Math.sqrt(covariance[4] * covariance[8]) - 0.8) < 0.02);
});

Deno.test("with few draws the factor is diagonal, and with fewer than two the identity", () => {
  const factor = factorFrom(momentsOf(draws(12), 3, new Float64Array(12).keys()));
  assert.ok(isFactor(factor, 3));
  assert.deepEqual([factor[3], factor[6], factor[7]], [0, 0, 0]);
  assert.ok(factor[0] < factor[4] && factor[4] < factor[8]);
  for (const count of [0, 1]) {
    assert.deepEqual(factorFrom(momentsOf(draws(1), 3, new Float64Array(count).keys())), identity(3));
  }
});

Deno.test("the factor can be used whatever the draws, even when a coordinate never moved or two are the same", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(1000), (count, seed) => {
    const stream = new RandomStream(seed, 0);
    const positions = Float64Array.from(
      Array.from({ length: count }, () => {
        const z = 100 * stream.normal();
        return [z, 5, z, -z];
      }).flat(),
    );
    assert.ok(isFactor(factorFrom(momentsOf(positions, 4, new Float64Array(count).keys())), 4));
  }));
});
