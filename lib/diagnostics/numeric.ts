/**
 * Small f64 building blocks shared by the diagnostics: moments, quantiles, log-sum-exp and the special
 * functions that R's `posterior` leans on.
 */

/** Arithmetic mean of `values[start .. start + length)`, refined once so that equal values give themselves. */
export function mean(values: Readonly<Float64Array>, start = 0, length = values.length - start): number {
  const end = start + length;
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i];
  const rough = sum / length;
  let residual = 0;
  for (let i = start; i < end; i++) residual += values[i] - rough;
  return rough + residual / length;
}

/** Sum of squared distances from `centre` over `values[start .. start + length)`. */
export function squaredDistance(
  values: Readonly<Float64Array>,
  centre: number,
  start = 0,
  length = values.length - start,
): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) {
    const distance = values[i] - centre;
    sum += distance * distance;
  }
  return sum;
}

/** Sample variance (divisor n - 1); NaN for fewer than two values. */
export function variance(values: Readonly<Float64Array>): number {
  return squaredDistance(values, mean(values)) / (values.length - 1);
}

/**
 * A quantile by linear interpolation of the order statistics: R's default, type 7 of Hyndman & Fan 1996,
 * "Sample quantiles in statistical packages", The American Statistician 50(4).
 *
 * @param at the i-th smallest value, i from 0
 * @param count how many values there are
 * @param probability 0 to 1
 */
export function quantile(at: (index: number) => number, count: number, probability: number): number {
  // Counted from one, as R does, so that rounding picks the same order statistics.
  const position = 1 + (count - 1) * probability;
  const below = Math.floor(position), weight = position - below;
  const low = at(below - 1);
  if (weight === 0) return low;
  const high = at(below);
  return low === high ? low : (1 - weight) * low + weight * high;
}

/** ln sum exp(values), safe from overflow; -Infinity when every value is. */
export function logSumExp(values: Readonly<Float64Array>): number {
  let top = -Infinity;
  for (const value of values) if (value > top) top = value;
  if (top === -Infinity) return top;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) value = value * x + coefficients[i];
  return value;
}

// Rational approximations of Wichura 1988, "Algorithm AS 241: the percentage points of the normal
// distribution", Applied Statistics 37(3), routine PPND16 (about 1e-16 relative). Lowest power first.
const CENTRE_NUMERATOR = [
  3.3871328727963666080,
  1.3314166789178437745e2,
  1.9715909503065514427e3,
  1.3731693765509461125e4,
  4.5921953931549871457e4,
  6.7265770927008700853e4,
  3.3430575583588128105e4,
  2.5090809287301226727e3,
];
const CENTRE_DENOMINATOR = [
  1,
  4.2313330701600911252e1,
  6.8718700749205790830e2,
  5.3941960214247511077e3,
  2.1213794301586595867e4,
  3.9307895800092710610e4,
  2.8729085735721942674e4,
  5.2264952788528545610e3,
];
const TAIL_NUMERATOR = [
  1.42343711074968357734,
  4.63033784615654529590,
  5.76949722146069140550,
  3.64784832476320460504,
  1.27045825245236838258,
  2.41780725177450611770e-1,
  2.27238449892691845833e-2,
  7.74545014278341407640e-4,
];
const TAIL_DENOMINATOR = [
  1,
  2.05319162663775882187,
  1.67638483018380384940,
  6.89767334985100004550e-1,
  1.48103976427480074590e-1,
  1.51986665636164571966e-2,
  5.47593808499534494600e-4,
  1.05075007164441684324e-9,
];
const FAR_NUMERATOR = [
  6.65790464350110377720,
  5.46378491116411436990,
  1.78482653991729133580,
  2.96560571828504891230e-1,
  2.65321895265761230930e-2,
  1.24266094738807843860e-3,
  2.71155556874348757815e-5,
  2.01033439929228813265e-7,
];
const FAR_DENOMINATOR = [
  1,
  5.99832206555887937690e-1,
  1.36929880922735805310e-1,
  1.48753612908506148525e-2,
  7.86869131145613259100e-4,
  1.84631831751005468180e-5,
  1.42151175831644588870e-7,
  2.04426310338993978564e-15,
];

/** The standard normal quantile of a probability strictly between 0 and 1 (Wichura 1988, AS 241). */
export function normalQuantile(probability: number): number {
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const r = 0.180625 - centred * centred;
    return centred * polynomial(CENTRE_NUMERATOR, r) / polynomial(CENTRE_DENOMINATOR, r);
  }
  const r = Math.sqrt(-Math.log(Math.min(probability, 1 - probability)));
  const size = r <= 5
    ? polynomial(TAIL_NUMERATOR, r - 1.6) / polynomial(TAIL_DENOMINATOR, r - 1.6)
    : polynomial(FAR_NUMERATOR, r - 5) / polynomial(FAR_DENOMINATOR, r - 5);
  return centred < 0 ? -size : size;
}

/** ln Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) after moving x above 10. */
export function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) shift += Math.log(x++);
  const inverse = 1 / x, square = inverse * inverse;
  const series = inverse *
    (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** The continued fraction of DLMF 8.17.22, by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300, precision = 1e-16, limit = 10_000;
  let c = 1, d = 1 / nonZero(1 - (a + b) * x / (a + 1)), value = d;
  for (let m = 1; m <= limit; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const term of [even, odd]) {
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      value *= c * d;
    }
    if (Math.abs(c * d - 1) < precision) break;
  }
  return value;

  function nonZero(y: number): number {
    return Math.abs(y) < tiny ? tiny : y;
  }
}

/** The regularised incomplete beta function I_x(a, b) for 0 <= x <= 1 and a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const logFront = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  // The fraction converges fast only on the near side of the mean.
  return x < (a + 1) / (a + b + 2)
    ? Math.exp(logFront) * betaFraction(x, a, b) / a
    : 1 - Math.exp(logFront) * betaFraction(1 - x, b, a) / b;
}

/** The Beta(a, b) quantile, by bisection to the last bit. */
export function betaQuantile(probability: number, a: number, b: number): number {
  let low = 0, high = 1;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (betaCdf(middle, a, b) < probability) low = middle;
    else high = middle;
  }
}
