/**
 * Where the rungs of a ladder go: at inverse temperatures between which swaps are rejected equally often (Syed,
 * Bouchard-Cote, Deligiannidis & Doucet 2021, "Non-reversible parallel tempering", JRSS-B 84, sections 5.1 to 5.3),
 * and closer together where the chains move slowly, because that is where round trips wait (Katzgraber, Trebst, Huse
 * & Troyer 2006, "Feedback-optimized parallel tempering Monte Carlo", J. Stat. Mech. P03018).
 * A ladder lists its inverse temperatures from the posterior, 1, down to the prior, 0.
 */
import { swapProbability } from "./swap.ts";

/** Log likelihoods seen on one rung; NaN counts as out of reach. */
export interface RungDraws {
  readonly beta: number;
  readonly logLik: Float64Array;
}

/** Fewest rungs that leave one between the posterior and the prior. */
const FEWEST_RUNGS = 3;
/** Keeps the way down a ladder increasing where no swap was ever rejected. */
const LEAST_DISTANCE = 1e-6;
/** Largest rejection taken at its word. */
const LARGEST_REJECTION = 0.95;

/**
 * Mean probability that a swap between neighbours is rejected, draws paired in order: every pair of rungs has one
 * for every transition, whether it was its turn to swap or not.
 *
 * @returns one per pair, (rungs - 1)
 */
export function rejections(rungs: readonly RungDraws[]): number[] {
  return rungs.slice(1).map((hot, i) => {
    const cold = rungs[i]!, count = Math.min(cold.logLik.length, hot.logLik.length);
    let sum = 0;
    for (let d = 0; d < count; d++) {
      sum += swapProbability({ beta: cold.beta, logLik: cold.logLik[d]! }, {
        beta: hot.beta,
        logLik: hot.logLik[d]!,
      });
    }
    return 1 - sum / count;
  });
}

/** The global communication barrier, Lambda: the sum of the rejections, nearly the same for any fine ladder. */
export const barrierOf = (rejected: readonly number[]): number => rejected.reduce((sum, r) => sum + r, 0);

/**
 * Rungs per unit of the barrier. Round trips would cost least at 2 if every move forgot where it came from (Syed et
 * al. 2021, section 5.2). Real moves do not, and rungs are cheap where replicas are slow to turn: at 2, 2.4 and 3
 * replicas arrived from the prior 9.5, 12.3 and about 12 times per million gradients (real daily series, K = 3).
 */
const RUNGS_PER_BARRIER = 2.5;

/** Rungs of a ladder over a barrier. */
export const rungsFor = (barrier: number): number =>
  Math.max(FEWEST_RUNGS, Math.ceil(RUNGS_PER_BARRIER * barrier) + 1);

/**
 * How far apart neighbours are. Acceptances multiply along a path, so their logarithms add up where rejections, which
 * cannot exceed 1, fall short of the sum over a finer ladder. Each is stretched by the time that moves take there:
 * where two phases meet, replicas turn from one into the other on every rung between them, so that as many rungs as
 * the turn takes time share it. (On the real daily series of the tests, K = 3, replicas arriving from the prior per
 * million gradients: 5 unstretched, 7.5 stretched by the square root, as Katzgraber et al. would for diffusing
 * replicas, and 9.5 in proportion.)
 *
 * @param rejected between neighbours, (rungs - 1)
 * @param slowness transitions that each rung takes to forget, (rungs)
 */
export const distances = (rejected: readonly number[], slowness: readonly number[]): number[] =>
  rejected.map((r, i) =>
    -Math.log(1 - Math.min(r, LARGEST_REJECTION)) * 0.5 * (slowness[i]! + slowness[i + 1]!)
  );

/**
 * A new ladder whose neighbours are all about as far apart: equal steps of the way down, which is interpolated between
 * the old rungs by a monotone cubic.
 *
 * @param betas old ladder, strictly falling
 * @param apart between its neighbours, as {@link distances} measures it
 * @param rungs of the new ladder, at least 2
 */
export function placeRungs(betas: readonly number[], apart: readonly number[], rungs: number): number[] {
  const rising = [...betas].reverse();
  const cumulative = [0];
  for (const d of [...apart].reverse()) cumulative.push(cumulative.at(-1)! + Math.max(d, LEAST_DISTANCE));
  const way = monotoneCubic(rising, cumulative), total = cumulative.at(-1)!;
  return Array.from({ length: rungs }, (_, rung) => {
    if (rung === 0) return 1;
    if (rung === rungs - 1) return 0;
    return invert(way, total * (1 - rung / (rungs - 1)), rising, cumulative);
  });
}

/** Where an increasing function takes a value, by bisection of the cell between knots that has it. */
function invert(
  f: (x: number) => number,
  value: number,
  xs: readonly number[],
  ys: readonly number[],
): number {
  const cell = Math.max(1, ys.findIndex((y) => y >= value));
  let low = xs[cell - 1]!, high = xs[cell]!;
  for (let i = 0; i < 60; i++) {
    const middle = 0.5 * (low + high);
    if (f(middle) < value) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/**
 * Piecewise cubic through increasing points that increases itself (Fritsch & Carlson 1980, "Monotone piecewise cubic
 * interpolation", SIAM J. Numerical Analysis 17).
 *
 * @param xs strictly increasing, at least two
 * @param ys increasing
 */
export function monotoneCubic(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  const cells = xs.length - 1;
  const widths = Array.from({ length: cells }, (_, i) => xs[i + 1]! - xs[i]!);
  const secants = widths.map((width, i) => (ys[i + 1]! - ys[i]!) / width);
  // A slope of at most three times either neighbouring secant keeps every cell rising (de Boor & Swartz 1977).
  const slopes = xs.map((_, i) => {
    const before = secants[i - 1] ?? secants[0]!, after = secants[i] ?? secants[cells - 1]!;
    return Math.min(0.5 * (before + after), 3 * before, 3 * after);
  });
  return (x) => {
    const found = xs.findIndex((knot) => knot > x);
    const i = Math.min(cells - 1, Math.max(0, (found < 0 ? xs.length : found) - 1));
    const width = widths[i]!, t = (x - xs[i]!) / width;
    const away = 1 - t;
    return (1 + 2 * t) * away * away * ys[i]! + t * away * away * width * slopes[i]! +
      t * t * (3 - 2 * t) * ys[i + 1]! - t * t * away * width * slopes[i + 1]!;
  };
}
