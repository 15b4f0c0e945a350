/**
 * One quantity's draws, checked and sorted once; every rank-based diagnostic shares the sorted order.
 */
import { quantile } from "./numeric.ts";

/** Draws of one quantity with their sorted order. Made by {@link sortColumn}. */
export interface Column {
  readonly chains: number;
  /** Draws per chain. */
  readonly draws: number;
  /** (chains, draws) row-major. */
  readonly values: Readonly<Float64Array>;
  /** Indices into `values`, smallest value first. */
  readonly order: Readonly<Uint32Array>;
  /** False when a value is not finite or all are equal: every diagnostic is then NaN, as in R's `posterior`. */
  readonly usable: boolean;
}

/** Spread under which draws count as constant: R's `.Machine$double.eps`, the rule of `posterior`. */
export const CONSTANT_SPREAD = 2 ** -52;

/**
 * Checks and sorts the draws of one quantity.
 *
 * @param values (chains, draws) row-major
 * @throws RangeError when the length is not chains * draws
 */
export function sortColumn(values: Readonly<Float64Array>, chains: number, draws: number): Column {
  if (values.length !== chains * draws || values.length === 0) {
    throw new RangeError(
      `A column of ${chains} chains of ${draws} draws cannot have ${values.length} values.`,
    );
  }
  const order = sortOrder(values);
  // NaN sorts past either end, so the ends tell whether everything between is finite.
  const spread = values[order[order.length - 1]] - values[order[0]];
  return { chains, draws, values, order, usable: spread >= CONSTANT_SPREAD && spread < Infinity };
}

/** A quantile of all draws (R's default, type 7). */
export function columnQuantile(column: Column, probability: number): number {
  const { values, order } = column;
  return quantile((i) => values[order[i]], order.length, probability);
}

/** Digits of 11 bits: three cover a 32-bit half of a key, and the counts stay in the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/**
 * Indices that sort `values` ascending, -0 before 0 and NaN at the ends; equal values keep their order. A least
 * significant digit radix sort (Knuth, The Art of Computer Programming 3, section 5.2.5) on keys whose unsigned
 * order is that of the numbers; a few times faster than sorting with a comparison.
 */
export function sortOrder(values: Readonly<Float64Array>): Uint32Array {
  const count = values.length;
  const low = new Uint32Array(count), high = new Uint32Array(count);
  const bits = new Uint32Array(values.buffer, values.byteOffset, 2 * count);
  for (let i = 0; i < count; i++) {
    const lowBits = bits[2 * i], highBits = bits[2 * i + 1];
    const negative = highBits >>> 31;
    // Negative numbers order backwards by their bits: flip all of them; others flip the sign bit only.
    low[i] = negative ? ~lowBits : lowBits;
    high[i] = negative ? ~highBits : highBits ^ 0x80000000;
  }
  let order = new Uint32Array(count), other = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const ends = new Uint32Array(DIGITS);
  for (const keys of [low, high]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (scatter(keys, shift, order, other, ends)) [order, other] = [other, order];
    }
  }
  return order;
}

/** One stable counting pass on the digit at `shift`; false, with nothing moved, when all keys share the digit. */
function scatter(
  keys: Uint32Array,
  shift: number,
  from: Uint32Array,
  to: Uint32Array,
  starts: Uint32Array,
): boolean {
  starts.fill(0);
  for (let i = 0; i < keys.length; i++) starts[(keys[i] >>> shift) & (DIGITS - 1)]++;
  if (starts[(keys[0] >>> shift) & (DIGITS - 1)] === keys.length) return false;
  for (let digit = 0, sum = 0; digit < DIGITS; digit++) {
    const here = starts[digit];
    starts[digit] = sum;
    sum += here;
  }
  for (let i = 0; i < from.length; i++) {
    const index = from[i];
    to[starts[(keys[index] >>> shift) & (DIGITS - 1)]++] = index;
  }
  return true;
}
