/** Random numbers and elementary functions of kernels/common against f64 and published vectors. */
import assert from "node:assert/strict";
import { logistic, logSigmoid } from "../../lib/model/special.ts";
import { philox, type Words, wordsToNormals, wordToUniform } from "../../lib/random.ts";
import { assertStandardNormal } from "../normality.ts";
import { PHILOX_VECTORS } from "../philox_vectors.ts";
import { mapFloats, mapOnDevice, RNG, SPECIAL, ulp, withGpu } from "./harness.ts";

const STEPS = 200_000;

const between = (low: number, high: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: STEPS }, (_, i) => low + (high - low) * i / (STEPS - 1));

/** Steps of equal ratio, for ranges of many magnitudes; `low` and `high` of one sign. */
const magnitudes = (low: number, high: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: STEPS }, (_, i) => low * (high / low) ** (i / (STEPS - 1)));

/** Largest error allowed at x where the exact value is given. */
type Bound = (x: number, exact: number) => number;

const ulps = (count: number): Bound => (_, exact) => count * ulp(exact);

/** The rounding of x itself, and a few units of the last place. */
const asRounded = (relative: number): Bound => (x, exact) => (relative + 7e-8 * Math.abs(x)) * exact;

/** A function, its f64 twin, and the error that special.wgsl states, where it states it. */
interface Accuracy {
  readonly expression: string;
  readonly reference: (x: number) => number;
  readonly bound: Bound;
  readonly sweeps: readonly Float32Array<ArrayBuffer>[];
}

const ACCURACY: readonly Accuracy[] = [
  {
    expression: "exp_f32(x)",
    reference: Math.exp,
    bound: ulps(1.3),
    sweeps: [between(-87.3, 88.7), between(-1, 1), magnitudes(1e-12, 1), magnitudes(-1e-12, -1)],
  },
  {
    expression: "exp(x)", // WGSL's own, on which inner loops rely
    reference: Math.exp,
    bound: asRounded(3e-7),
    sweeps: [between(-87, 88), between(-5, 5), between(-0.5, 0.5)],
  },
  {
    expression: "log_f32(x)",
    reference: Math.log,
    bound: ulps(1.4),
    sweeps: [magnitudes(1.18e-38, 3.4e38), between(0.5, 2), between(0.999, 1.001)],
  },
  {
    expression: "log1p_f32(x)",
    reference: Math.log1p,
    bound: ulps(2.1),
    sweeps: [magnitudes(1e-37, 1.1e38), magnitudes(-1e-37, -0.9999999), between(-0.9, 2)],
  },
  {
    expression: "expm1_f32(x)",
    reference: Math.expm1,
    bound: ulps(1.8),
    sweeps: [between(-90, 88.7), between(-1, 1), magnitudes(1e-37, 1), magnitudes(-1e-37, -1)],
  },
  {
    expression: "logistic(x)",
    reference: logistic,
    bound: asRounded(3e-7),
    sweeps: [between(-87, 88), between(-5, 5)],
  },
  {
    expression: "log_sigmoid(x)",
    reference: logSigmoid,
    bound: (x, exact) => asRounded(3.5e-7)(x, -exact),
    sweeps: [between(-87, 87), between(-5, 5)],
  },
  {
    expression: "softplus(x)",
    reference: (x) => -logSigmoid(-x),
    bound: asRounded(3.5e-7),
    sweeps: [between(-87, 87), between(-5, 5)],
  },
];

for (const { expression, reference, bound, sweeps } of ACCURACY) {
  Deno.test(`special.wgsl: ${expression} keeps its stated accuracy`, () =>
    withGpu(async (gpu) => {
      for (const xs of sweeps) {
        const values = await mapFloats(gpu, expression, xs);
        let worst = 0, at = NaN; // error as a share of what is allowed
        for (let i = 0; i < xs.length; i++) {
          const exact = reference(xs[i]);
          if (values[i] === exact) continue;
          const share = Math.abs(values[i] - exact) / bound(xs[i], exact);
          if (!(share <= worst)) [worst, at] = [share, xs[i]];
        }
        assert.ok(worst > 0 && worst <= 1, `${worst} times the bound at x = ${at}`);
      }
    }));
}

Deno.test("special.wgsl: functions behave at the ends of their range and with NaN", () =>
  withGpu(async (gpu) => {
    const at = async (expression: string, ...xs: number[]) => [
      ...await mapFloats(gpu, expression, Float32Array.from(xs)),
    ];
    assert.deepEqual(await at("exp_f32(x)", 0, -105, -1e30, -Infinity, 89, 1e30, Infinity, NaN), [
      ...[1, 0, 0, 0, Infinity, Infinity, Infinity, NaN],
    ]);
    assert.deepEqual(await at("expm1_f32(x)", 0, -30, -Infinity, 89, Infinity, NaN), [
      ...[0, -1, -1, Infinity, Infinity, NaN],
    ]);
    assert.deepEqual(await at("log_f32(x)", 1, -1, -1e-30, -Infinity, Infinity, NaN), [
      0,
      NaN,
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    const [logZero] = await at("log_f32(x)", 0);
    assert.ok(Math.abs(logZero + 88.03) < 0.01, `${logZero}`);
    assert.deepEqual(await at("log1p_f32(x)", 0, NaN), [0, NaN]);
    assert.deepEqual(await at("logistic(x)", 0, 1e30, Infinity, -1e30, -Infinity, NaN), [
      0.5,
      1,
      1,
      0,
      0,
      NaN,
    ]);
    assert.deepEqual(await at("log_sigmoid(x)", 1e30, -1e30, -Infinity, NaN), [
      ...[0, Math.fround(-1e30), -Infinity, NaN],
    ]);
    assert.deepEqual(await at("softplus(x)", -1e30, 1e30, Infinity, NaN), [
      0,
      Math.fround(1e30),
      Infinity,
      NaN,
    ]);
  }));

Deno.test("special.wgsl: is_finite and is_nan see what comparisons do not", () =>
  withGpu(async (gpu) => {
    const xs = Float32Array.from([0, -1, 3.4e38, 1e-40, Infinity, -Infinity, NaN, -NaN]);
    const finite = await mapFloats(gpu, "select(0.0, 1.0, is_finite(x))", xs);
    const nan = await mapFloats(gpu, "select(0.0, 1.0, is_nan(x))", xs);
    assert.deepEqual([...finite], [1, 1, 1, 1, 0, 0, 0, 0]);
    assert.deepEqual([...nan], [0, 0, 0, 0, 0, 0, 1, 1]);
  }));

/** Runs Philox on the device for (counter, key) pairs. */
async function philoxOnDevice(pairs: readonly { counter: Words; key: readonly [number, number] }[]) {
  let words = new Uint32Array();
  await withGpu(async (gpu) => {
    const output = await mapOnDevice(gpu, {
      parts: [SPECIAL, RNG],
      input: "array<vec4u, 2>",
      output: "vec4u",
      expression: "philox(x[0], x[1].xy)",
      data: Uint32Array.from(pairs.flatMap(({ counter, key }) => [...counter, ...key, 0, 0])),
      count: pairs.length,
      outputBytes: 16 * pairs.length,
    });
    words = new Uint32Array(output);
  });
  return pairs.map((_, i) => [...words.subarray(4 * i, 4 * i + 4)]);
}

Deno.test("rng.wgsl: philox gives the published vectors", async () => {
  assert.deepEqual(await philoxOnDevice(PHILOX_VECTORS), PHILOX_VECTORS.map(({ words }) => [...words]));
});

Deno.test("rng.wgsl: philox gives the words of lib/random.ts", async () => {
  const pairs = Array.from({ length: 5000 }, (_, i) => ({
    counter: philox([i, 1, 2, 3], [4, 5]),
    key: philox([i, 5, 4, 3], [2, 1]).slice(0, 2) as unknown as [number, number],
  }));
  assert.deepEqual(await philoxOnDevice(pairs), pairs.map(({ counter, key }) => [...philox(counter, key)]));
});

/** Words for uniforms and normals: both ends, quadrant edges, and a spread over everything between. */
function sampleWords(count: number): Uint32Array<ArrayBuffer> {
  const edges = [0, 0x1ff, 0x200, 0x1fffffff, 0x20000000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000];
  const words = [...edges, ...edges.map((word) => ~word >>> 0)];
  for (let i = 0; words.length < count; i++) words.push(...philox([i, 0, 0, 0], [7, 0]));
  return Uint32Array.from(words.slice(0, count));
}

Deno.test("rng.wgsl: uniforms are those of lib/random.ts exactly", () =>
  withGpu(async (gpu) => {
    const words = sampleWords(STEPS);
    const output = await mapOnDevice(gpu, {
      parts: [SPECIAL, RNG],
      input: "u32",
      output: "f32",
      expression: "word_to_uniform(x)",
      data: words,
      count: words.length,
      outputBytes: 4 * words.length,
    });
    assert.deepEqual([...new Float32Array(output)], Array.from(words, wordToUniform));
  }));

/** Standard normals of pairs of words, (pairs, 2). */
async function normalsOnDevice(words: Uint32Array<ArrayBuffer>): Promise<Float32Array> {
  let normals = new Float32Array();
  await withGpu(async (gpu) => {
    const output = await mapOnDevice(gpu, {
      parts: [SPECIAL, RNG],
      input: "vec2u",
      output: "vec2f",
      expression: "words_to_normals(x.x, x.y)",
      data: words,
      count: words.length / 2,
      outputBytes: 4 * words.length,
    });
    normals = new Float32Array(output);
  });
  return normals;
}

Deno.test("rng.wgsl: normals are those of lib/random.ts within their stated error", async () => {
  const edges = sampleWords(18); // every edge word against every other
  const pairs = Array.from(edges, (first) => Array.from(edges, (second) => [first, second])).flat(2);
  const words = Uint32Array.from([...pairs, ...sampleWords(STEPS)]);
  const normals = await normalsOnDevice(words);
  for (let i = 0; i < words.length; i += 2) {
    const expected = wordsToNormals(words[i], words[i + 1]);
    for (let j = 0; j < 2; j++) {
      const error = Math.abs(normals[i + j] - expected[j]);
      assert.ok(error <= 3e-7 * Math.abs(expected[j]) + 1e-12, `${normals[i + j]} for ${expected[j]}`);
    }
  }
});

Deno.test("rng.wgsl: normals follow the standard normal distribution", async () => {
  const words = new Uint32Array(1_000_000);
  for (let i = 0; i < words.length; i += 4) words.set(philox([i, 0, 0, 0], [20240517, 0]), i);
  assertStandardNormal(await normalsOnDevice(words));
});
