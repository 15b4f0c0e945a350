/**
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as
 * easy as 1, 2, 3", SC'11). The same integers come out of `kernels/common/rng.wgsl`, so both engines see the
 * same random numbers for the same (seed, chain, transition, purpose).
 */

/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

/** What a stream of numbers is for; the last counter word, so that no two uses ever share numbers. */
export const Purpose = {
  momentum: 0,
  accept: 1,
  initial: 2,
  simulate: 3,
  relabel: 4,
  predict: 5,
  start: 6,
  resample: 7,
  reference: 8,
  swap: 9,
  tree: 10,
  approximation: 11,
  search: 12,
  jump: 13,
  curves: 14,
} as const;
export type Purpose = typeof Purpose[keyof typeof Purpose];

// Multipliers and Weyl increments: Salmon et al. 2011, section 4.3 (Random123 philox.h).
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two unsigned 32-bit words, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // < 2^32, exact in f64
  const cross = aLow * bHigh + (middle & 0xffff); // < 2^32
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/**
 * The Philox4x32-10 bijection.
 *
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 * @returns four unsigned 32-bit words
 */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0), low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2), low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Splits a seed (a whole number from 0 to 2^53 - 1) into the two key words. */
export function seedKey(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** A word as a uniform strictly inside (0, 1), on a grid of 2^-24 offsets that f32 holds exactly. */
export function wordToUniform(word: number): number {
  return ((word >>> 9) + 0.5) * 2 ** -23;
}

/** Two independent standard normals from two words (Box & Muller 1958). */
export function wordsToNormals(first: number, second: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(wordToUniform(first)));
  const angle = 2 * Math.PI * wordToUniform(second);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** How far a stream has been read. */
export interface StreamState {
  readonly block: number;
  /** Words of the last block that are still to come. */
  readonly words: readonly number[];
  readonly spareNormal: number | undefined;
}

/** A sequential view of one counter stream, for host work (prior draws, simulation, bootstrap). */
export class RandomStream {
  #block = 0;
  #words: number[] = [];
  #spareNormal: number | undefined;
  readonly #key: [number, number];

  /**
   * @param seed whole number, 0 to 2^53 - 1
   * @param purpose what the numbers are for
   * @param stream which of many independent streams of that purpose (a chain, a problem)
   * @param from where another one of the same three was, to read on from there
   */
  constructor(seed: number, readonly purpose: Purpose, readonly stream = 0, from?: StreamState) {
    this.#key = seedKey(seed);
    if (from === undefined) return;
    this.#block = from.block;
    this.#words = [...from.words];
    this.#spareNormal = from.spareNormal;
  }

  get state(): StreamState {
    return { block: this.#block, words: [...this.#words], spareNormal: this.#spareNormal };
  }

  #word(): number {
    if (this.#words.length === 0) {
      this.#words = [...philox([this.stream, this.#block++, 0, this.purpose], this.#key)];
    }
    return this.#words.shift()!;
  }

  /** Uniform on (0, 1) with 53-bit resolution. */
  uniform(): number {
    const high = this.#word() >>> 5, low = this.#word() >>> 6;
    return (high * 67108864 + low + 0.5) / 9007199254740992;
  }

  /** Standard normal. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform())), angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * Natural log of a Gamma(shape, 1) variate; stays finite for tiny shapes where the variate underflows.
   * Marsaglia & Tsang 2000, "A simple method for generating gamma variables", ACM TOMS 26(3); shapes under one
   * by their boost Gamma(a) = Gamma(a + 1) U^(1/a).
   */
  logGamma(shape: number): number {
    if (shape < 1) return this.logGamma(shape + 1) + Math.log(this.uniform()) / shape;
    const d = shape - 1 / 3, c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = this.normal(), v = (1 + c * z) ** 3;
      if (v > 0 && Math.log(this.uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) {
        return Math.log(d * v);
      }
    }
  }
}
