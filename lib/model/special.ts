/**
 * Special functions of the priors: log-gamma, digamma and trigamma by recurrence up to a large argument and the
 * asymptotic series there (Abramowitz & Stegun 1964, 6.1.41, 6.3.18, 6.4.12), and the logistic function and
 * its logarithm in forms that neither overflow nor cancel.
 */

// Beyond this argument the series below, cut after their last terms, are exact to f64.
const SERIES_FROM = 14;
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** ln Gamma(x), x > 0; relative error about 1e-15. */
export function logGamma(x: number): number {
  let z = x, product = 1;
  for (; z < SERIES_FROM; z++) product *= z;
  const w = 1 / (z * z);
  const series =
    (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / z;
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_TWO_PI + series - Math.log(product);
}

/** d ln Gamma(x) / dx, x > 0. */
export function digamma(x: number): number {
  let z = x, sum = 0;
  for (; z < SERIES_FROM; z++) sum -= 1 / z;
  const w = 1 / (z * z);
  return sum + Math.log(z) - 0.5 / z -
    w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * 691 / 32760)))));
}

/** d^2 ln Gamma(x) / dx^2, x > 0. */
export function trigamma(x: number): number {
  let z = x, sum = 0;
  for (; z < SERIES_FROM; z++) sum += 1 / (z * z);
  const w = 1 / (z * z);
  return sum + 1 / z + 0.5 * w +
    w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * (5 / 66 - w * 691 / 2730))))) / z;
}

/** ln B(a, b) = ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** 1 / (1 + exp(-x)), exactly 0 or 1 only where f64 has nothing nearer. */
export function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** ln logistic(x), finite for every finite x. */
export function logSigmoid(x: number): number {
  return x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x));
}
