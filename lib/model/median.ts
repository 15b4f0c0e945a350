/**
 * ln median(s(alpha)) of the adstocked spend as a smooth function of logit alpha: tabulated once per problem,
 * read by cubic Hermite interpolation with Catmull-Rom slopes (Catmull & Rom 1974). The kernel reads the same
 * table by the same formula.
 */
import type { MedianTable } from "./problem.ts";
import { logistic } from "./special.ts";

// Steps are powers of two and knots are multiples of them, so that an f32 finds its place in a cell exactly.
const COARSEST_STEP = 2 ** -7;
const FINEST_STEP = 2 ** -12;
const TOLERANCE = 1e-4; // relative error of the median
// A median below the smallest normal f32 is out of the kernel's sight; both engines stop there.
const SMALLEST = 2 ** -126;

/**
 * Tabulates ln median(s(alpha)), s_t = x_t + alpha s_{t-1}, over the rows from the first positive spend on.
 * Before that row s is 0 whatever alpha is; with spend from the first row on it is the plain median.
 *
 * @param spend standardised spend, (T), at least one positive
 * @param from logit alpha where the table begins at the latest; the function is constant before
 * @param to logit alpha where it ends at the earliest; the function is constant after
 */
export function medianTable(spend: Float64Array, from: number, to: number): MedianTable {
  const active = spend.subarray(spend.findIndex((x) => x > 0));
  const start = Math.floor(from / COARSEST_STEP) * COARSEST_STEP;
  let step = COARSEST_STEP;
  let knots = coarseKnots(active, start, Math.ceil((to - start) / step));
  let values = logMiddles(knots);
  while (step > FINEST_STEP && kinkError(values) > TOLERANCE) {
    step /= 2;
    knots = refine(active, start, step, knots);
    values = logMiddles(knots);
  }
  const last = values.length - 1;
  // Equal outermost pairs make the Catmull-Rom slope vanish at both ends, where the constant parts begin.
  values[0] = values[1];
  values[last] = values[last - 1];
  return { start, step, values };
}

/** The two middle order statistics of s(alpha) at each knot, equal for an odd number of rows. */
interface Knots {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

function coarseKnots(active: Float64Array, start: number, cells: number): Knots {
  const lower = new Float64Array(cells + 1), upper = new Float64Array(cells + 1);
  const scratch = new Float64Array(active.length);
  for (let i = 0; i <= cells; i++) {
    adstock(active, logistic(start + i * COARSEST_STEP), scratch);
    [lower[i], upper[i]] = middlePair(scratch);
  }
  return { lower, upper };
}

/**
 * Puts a knot between every two. Each s_t grows with alpha, and so does every order statistic: those of a new
 * knot lie between its neighbours', and only the rows found there need sorting out.
 */
function refine(active: Float64Array, start: number, step: number, { lower, upper }: Knots): Knots {
  const cells = 2 * (lower.length - 1), rows = active.length;
  const finer = { lower: new Float64Array(cells + 1), upper: new Float64Array(cells + 1) };
  const scratch = new Float64Array(rows + 1);
  for (let i = 0; i <= cells; i++) {
    const left = i >> 1;
    if (i % 2 === 0) {
      finer.lower[i] = lower[left];
      finer.upper[i] = upper[left];
      continue;
    }
    const alpha = logistic(start + i * step), low = lower[left], high = upper[left + 1];
    let s = 0, below = 0, between = 0;
    for (let t = 0; t < rows; t++) {
      s = active[t] + alpha * s;
      scratch[between] = s; // kept only if the count moves on
      below += s < low ? 1 : 0;
      between += s >= low && s <= high ? 1 : 0;
    }
    const found = scratch.subarray(0, between).sort();
    finer.lower[i] = found[((rows - 1) >> 1) - below];
    finer.upper[i] = found[(rows >> 1) - below];
  }
  return finer;
}

function logMiddles({ lower, upper }: Knots): Float64Array {
  return lower.map((low, i) => Math.log(Math.max(0.5 * (low + upper[i]), SMALLEST)));
}

/**
 * Bound on the interpolation error. The median has kinks where two rows swap ranks; one inside a cell moves the
 * cubic off by at most 3/16 of the bend between the neighbouring cells, all of it the kink's on so fine a grid.
 */
function kinkError(values: Float64Array): number {
  let bend = 0;
  for (let i = 1; i < values.length - 2; i++) {
    const before = values[i] - values[i - 1], after = values[i + 2] - values[i + 1];
    bend = Math.max(bend, Math.abs(after - before));
  }
  return 3 / 16 * bend;
}

/** s_t = x_t + alpha s_{t-1}, s_{-1} = 0. */
export function adstock(spend: Float64Array, alpha: number, into: Float64Array): Float64Array {
  let s = 0;
  for (let t = 0; t < spend.length; t++) into[t] = s = spend[t] + alpha * s;
  return into;
}

/** Median, the mean of the middle two for an even count. Reorders `values`. */
export function median(values: Float64Array): number {
  const [lower, upper] = middlePair(values);
  return 0.5 * (lower + upper);
}

/** The two middle order statistics, equal for an odd count. Reorders `values`. */
function middlePair(values: Float64Array): [number, number] {
  const middle = values.length >> 1;
  const upper = select(values, middle);
  if (values.length % 2 === 1) return [upper, upper];
  let lower = -Infinity; // select() left the smaller half in front
  for (let i = 0; i < middle; i++) if (values[i] > lower) lower = values[i];
  return [lower, upper];
}

/** The value of the given rank, 0-based; those before it are no greater afterwards (Hoare 1961, "Find"). */
function select(values: Float64Array, rank: number): number {
  let left = 0, right = values.length - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1];
    let i = left, j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const swap = values[i];
        values[i++] = values[j];
        values[j--] = swap;
      }
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank];
}

/** ln median at logit alpha, and its derivative there. */
export interface MedianValue {
  logMedian: number;
  logMedianSlope: number;
}

/** Reads the table at `logitAlpha`; continuous with a continuous derivative everywhere. */
export function readMedian(table: MedianTable, logitAlpha: number, into: MedianValue): void {
  const { values, step } = table, last = values.length - 1;
  const place = Math.min(Math.max((logitAlpha - table.start) / step, 0), last);
  const cell = Math.min(Math.floor(place), last - 1), t = place - cell;
  const v1 = values[cell], v2 = values[cell + 1];
  const rise = v2 - v1;
  const m1 = 0.5 * (v2 - values[Math.max(cell - 1, 0)]);
  const m2 = 0.5 * (values[Math.min(cell + 2, last)] - v1);
  const cubic = m1 + m2 - 2 * rise, square = 3 * rise - 2 * m1 - m2;
  into.logMedian = v1 + t * (m1 + t * (square + t * cubic));
  into.logMedianSlope = (m1 + t * (2 * square + 3 * t * cubic)) / step;
}
