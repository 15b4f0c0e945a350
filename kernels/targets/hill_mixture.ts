/** Buffers for hill_mixture.wgsl: the host side of its `Problem` struct, its tables and its knots. */
import { type Coordinate, type HillProblem, PriorFamily } from "../../lib/model/problem.ts";
import { logBeta, logGamma } from "../../lib/model/special.ts";
import source from "./hill_mixture.wgsl" with { type: "text" };
import type { ProblemTable, TargetKernel } from "./target.ts";

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
/** Floats of one coordinate in the table: (loc, scale, m, c1), (c2, c3, c4, 0). */
const COORDINATE_FLOATS = 8;
/** Rows of one turn of the kernel's row loop: loop-carried sums and masks are paid per turn. */
const ROWS_AT_ONCE = 2;
/** Rows summed in one go before they are added to the total. */
const BLOCK = 32;
/** 32-bit words of the WGSL struct `Problem`. */
const PROBLEM_WORDS = 12;

interface PriorTerm {
  /** m, c1, c2, c3, c4 of the WGSL prior terms. */
  readonly terms: readonly [number, number, number, number, number];
  /** What the WGSL term leaves out. */
  readonly constant: number;
}

/** The WGSL form of one prior on its natural coordinate. */
function priorTerm({ family, a, b }: Coordinate): PriorTerm {
  switch (family) {
    case PriorFamily.normal:
      return { terms: [a, 0, -0.5 / (b * b), 0, 0], constant: -Math.log(b) - HALF_LOG_TWO_PI };
    case PriorFamily.betaLogit:
      return { terms: [0, a, b, 0, 0], constant: -logBeta(a, b) };
    case PriorFamily.halfNormalLog: // d = phi - ln a
      return { terms: [Math.log(a), 1, 0, -0.5, 2], constant: Math.LN2 - HALF_LOG_TWO_PI };
    case PriorFamily.inverseGammaLog: // d = phi - ln b
      return { terms: [Math.log(b), -a, 0, -1, -1], constant: -logGamma(a) };
    case PriorFamily.hierarchical:
      return { terms: [0, 0, 0, 0, 0], constant: -HALF_LOG_TWO_PI };
  }
}

/**
 * Packs problems of equal K and J for one ensemble.
 *
 * @throws RangeError when the problems differ in K or J
 */
export function hillMixtureKernel(problems: readonly HillProblem[]): TargetKernel {
  const { components, width, dim } = problems[0]!.layout;
  if (problems.some(({ layout }) => layout.components !== components || layout.width !== width)) {
    throw new RangeError("One ensemble holds problems of equal components and baseline width only");
  }
  const rows = Math.max(...problems.map((problem) => problem.rows));
  const knots = sharedKnots(problems);
  const tables = problems.map((problem) => tableOf(problem, knots.firstOf.get(problem.median.values)!));
  return {
    file: "targets/hill_mixture.wgsl",
    source,
    constants: { DIM: dim, K: components, J: width, ROWS_AT_ONCE, BLOCK },
    tables,
    data: knots.data,
    accumulators: 4 * components + 5 + width,
    rows,
    terms: rows * components,
  };
}

/** The knots of every median table end to end; problems of one table, such as the fits of a cut, share its knots. */
function sharedKnots(problems: readonly HillProblem[]) {
  const firstOf = new Map<Float64Array, number>();
  let count = 0;
  for (const { median: { values } } of problems) {
    if (firstOf.has(values)) continue;
    firstOf.set(values, count);
    count += values.length;
  }
  const data = new Float32Array(count);
  for (const [values, first] of firstOf) data.set(values, first);
  return { firstOf, data };
}

/** Rows, then coordinates. @param firstKnot where this problem's knots begin in `target_data` */
function tableOf(problem: HillProblem, firstKnot: number): ProblemTable {
  const { rows, median, coordinates, layout: { width, components } } = problem;
  const stride = 4 + 4 * Math.ceil(width / 4), filled = ROWS_AT_ONCE * Math.ceil(rows / ROWS_AT_ONCE);
  const vectors = new Float32Array(filled * stride + coordinates.length * COORDINATE_FLOATS);
  for (let t = 0; t < rows; t++) {
    vectors.set([problem.spend[t]!, problem.response[t]!, problem.time[t]!, 1], t * stride);
    vectors.set(problem.baseline.subarray(t * width, (t + 1) * width), t * stride + 4);
  }
  let constant = 0;
  coordinates.forEach((coordinate, i) => {
    const term = priorTerm(coordinate);
    constant += term.constant + Math.log(coordinate.scale);
    vectors.set([coordinate.loc, coordinate.scale, ...term.terms], filled * stride + i * COORDINATE_FLOATS);
  });
  return {
    vectors,
    header(firstVector) {
      const words = new Uint32Array(PROBLEM_WORDS), floats = new Float32Array(words.buffer);
      words.set([firstVector, filled, firstVector + filled * stride / 4, firstKnot, median.values.length]);
      words[5] = problem.centred && components > 1 ? 1 : 0;
      floats.set([median.start, 1 / median.step, constant, rows], 6);
      return words;
    },
  };
}
