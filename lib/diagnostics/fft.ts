/**
 * Autocovariance of many chains by the fast Fourier transform. The two diagnostics that need it only ever use
 * the mean over chains, so power spectra are added up and transformed back once.
 */
import { mean } from "./numeric.ts";

/**
 * Mean over chains of the biased autocovariance (divisor n) at lags 0 .. draws - 1.
 *
 * By the Wiener-Khinchin theorem it is the inverse transform of the mean power spectrum of the centred chains,
 * padded with zeros so that nothing wraps around. Two real chains travel as one complex one, a + i b: its power
 * at frequencies w and -w adds up to twice the sum of both, so the real part of the inverse needs no unpacking.
 *
 * @param values (chains, draws) row-major
 * @returns (draws)
 */
export function meanAutocovariance(
  values: Readonly<Float64Array>,
  chains: number,
  draws: number,
): Float64Array {
  let size = 2;
  while (size < 2 * draws - 1) size *= 2;
  const cosine = twiddles(size, Math.cos), sine = twiddles(size, Math.sin);
  const real = new Float64Array(size), imaginary = new Float64Array(size);
  const power = new Float64Array(size);
  for (let chain = 0; chain < chains; chain += 2) {
    loadCentred(values, chain * draws, draws, real);
    if (chain + 1 < chains) loadCentred(values, (chain + 1) * draws, draws, imaginary);
    else imaginary.fill(0);
    transform(real, imaginary, cosine, sine);
    for (let i = 0; i < size; i++) power[i] += real[i] * real[i] + imaginary[i] * imaginary[i];
  }
  imaginary.fill(0);
  transformBack(power, imaginary, cosine, sine);
  return power.subarray(0, draws).map((sum) => sum / (size * chains * draws));
}

function loadCentred(values: Readonly<Float64Array>, start: number, draws: number, into: Float64Array): void {
  const centre = mean(values, start, draws);
  for (let i = 0; i < draws; i++) into[i] = values[start + i] - centre;
  into.fill(0, draws);
}

function twiddles(size: number, wave: (angle: number) => number): Float64Array {
  return Float64Array.from({ length: size / 2 }, (_, i) => wave(2 * Math.PI * i / size));
}

/**
 * Forward transform in place, radix 2, decimation in frequency (Cooley & Tukey 1965; Gentleman & Sande 1966):
 * natural order in, bit-reversed order out. Together with {@link transformBack} no reordering is ever needed.
 */
export function transform(
  real: Float64Array,
  imaginary: Float64Array,
  cosine: Float64Array,
  sine: Float64Array,
): void {
  const size = real.length;
  for (let half = size / 2, stride = 1; half >= 1; half /= 2, stride *= 2) {
    for (let block = 0; block < size; block += 2 * half) {
      for (let i = block, w = 0; i < block + half; i++, w += stride) {
        const j = i + half;
        const differenceReal = real[i] - real[j], differenceImaginary = imaginary[i] - imaginary[j];
        real[i] += real[j];
        imaginary[i] += imaginary[j];
        real[j] = differenceReal * cosine[w] + differenceImaginary * sine[w];
        imaginary[j] = differenceImaginary * cosine[w] - differenceReal * sine[w];
      }
    }
  }
}

/** Unscaled inverse transform in place, decimation in time: bit-reversed order in, natural order out. */
export function transformBack(
  real: Float64Array,
  imaginary: Float64Array,
  cosine: Float64Array,
  sine: Float64Array,
): void {
  const size = real.length;
  for (let half = 1, stride = size / 2; half < size; half *= 2, stride /= 2) {
    for (let block = 0; block < size; block += 2 * half) {
      for (let i = block, w = 0; i < block + half; i++, w += stride) {
        const j = i + half;
        const turnedReal = real[j] * cosine[w] - imaginary[j] * sine[w];
        const turnedImaginary = imaginary[j] * cosine[w] + real[j] * sine[w];
        real[j] = real[i] - turnedReal;
        imaginary[j] = imaginary[i] - turnedImaginary;
        real[i] += turnedReal;
        imaginary[i] += turnedImaginary;
      }
    }
  }
}
