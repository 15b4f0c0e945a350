/**
 * The search for modes that no chain from the prior finds: a narrow one may hold nearly all of the probability and still
 * be entered once in ten thousand round trips of a tempered ladder. Ascents find it from much further away.
 */
import { Purpose, RandomStream } from "../random.ts";
import { cholesky } from "./metric.ts";
import { climb, startAscents } from "../variational/ascents.ts";
import { normalsAbout } from "../variational/curvature.ts";
import { inverseHessianOf, type LbfgsState, type Point } from "../variational/lbfgs.ts";
import type { Normal } from "../variational/normal.ts";
import type { Target } from "../variational/importance.ts";
import { groupTops } from "../variational/solutions.ts";

/**
 * Evaluations that every ascent may take, and that the highest on each hill may take after them: half of all ascents
 * are at their tops by then, it is plain who climbs the same hill, and chains find the rest of the way.
 */
const ROUNDS = 120, LATER_ROUNDS = 40;
/**
 * How far out ascents start, in multiples of the prior's own spread, in turns. Wider starts find narrow modes more
 * often: on a real series (conjura 596eef7c, two curves) the mode with 99% of the posterior is where 0.1 to 0.2% of
 * ascents from the prior end, 0.5% from twice and 1% from three times its spread.
 */
const SPREADS = [1, 2, 3];
/** Tops this far below the highest, in nats, are left out: where the likelihood counts a tenth they still are 12 behind. */
const DEEPEST = 120;
/** Hills are told apart from the highest down until there are so many. */
const MOST_HILLS = 128;

/** A mode as ascents see it. */
export interface Summit {
  readonly top: Point;
  /** Laplace's approximation about the top. */
  readonly normal: Normal;
  /**
   * Lower Cholesky factor of a covariance for chains that set out from the top, (D, D): the one that the ascent learnt
   * on the way, where it can be used. Curvature at the very top is often not that of the mode.
   */
  readonly factor: Float64Array;
  /** That of its log evidence. */
  readonly logEvidence: number;
  /** Ascents that ended there. */
  readonly ascents: number;
}

export interface Search {
  /** Highest approximate evidence first. */
  readonly summits: readonly Summit[];
  readonly ascents: number;
  readonly gradients: number;
}

/**
 * Searches a posterior by ascents from all over the prior.
 *
 * @param prior an exact prior draw, (D)
 * @param ascents how many: a mode that one of them finds with probability p is missed with probability (1 - p)^n
 * @param onRound told how many ascents have ended
 * @throws the signal's reason when aborted
 */
export async function searchModes(
  target: Target,
  prior: (stream: RandomStream) => Float64Array,
  seed: number,
  ascents: number,
  onRound: (ended: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Search> {
  let gradients = 0;
  const counted: Target = {
    dim: target.dim,
    evaluate(positions, beta) {
      gradients += positions.length / target.dim;
      return target.evaluate(positions, beta);
    },
  };
  const tell = (climbing: number) => onRound(ascents - climbing);
  const begun = await startAscents(counted, drawStarts(prior, target.dim, seed, ascents));
  const all = await climb(counted, begun, ROUNDS, tell, signal);
  const hills = await groupPaths(counted, all.map((path) => ({ path, ascents: 1 })));
  const higher = await climb(counted, hills.map(({ path }) => path), LATER_ROUNDS, tell, signal);
  const peaks = await groupPaths(counted, hills.map((hill, h) => ({ ...hill, path: higher[h]! })));
  const normals = await normalsAbout(
    counted,
    peaks.map(({ path }) => ({ point: path.point, sds: sdsOf(path) })),
  );
  const summits = peaks.map(({ path, ascents }, p): Summit => {
    const { point } = path, normal = normals[p]!;
    const logEvidence = point.logDensity + 0.5 * target.dim * Math.log(2 * Math.PI) + normal.logDeterminant;
    const learnt = cholesky(inverseHessianOf(path), target.dim);
    return { top: point, normal, factor: learnt ?? normal.factor, logEvidence, ascents };
  });
  summits.sort((a, b) => b.logEvidence - a.logEvidence);
  return { summits, ascents, gradients };
}

/** Standard deviations about the end of a path, as far as its steps tell. */
function sdsOf(path: LbfgsState): Float64Array {
  const covariance = inverseHessianOf(path), dim = path.diagonal.length;
  return path.diagonal.map((_, i) => Math.sqrt(Math.max(0, covariance[i * dim + i]!)));
}

/** The highest path on a hill, and how many ascents are on it. */
interface Hill {
  readonly path: LbfgsState;
  readonly ascents: number;
}

/** One for each hill that is not far below the highest. */
async function groupPaths(target: Target, paths: readonly Hill[]): Promise<Hill[]> {
  const height = ({ path }: Hill) => path.point.logDensity;
  const highest = paths.reduce((most, hill) => Math.max(most, height(hill)), -Infinity);
  const near = paths.filter((hill) => height(hill) >= highest - DEEPEST);
  const groups = await groupTops(target, near.map(({ path }) => path.point), MOST_HILLS);
  return groups.map((members) => ({
    path: near[members[0]!]!.path,
    ascents: members.reduce((sum, m) => sum + near[m]!.ascents, 0),
  }));
}

/** Prior draws, stretched about their mean, (ascents, D). */
function drawStarts(
  prior: (stream: RandomStream) => Float64Array,
  dim: number,
  seed: number,
  ascents: number,
): Float64Array {
  const starts = new Float64Array(ascents * dim), centre = new Float64Array(dim);
  for (let a = 0; a < ascents; a++) {
    const draw = prior(new RandomStream(seed, Purpose.search, a));
    starts.set(draw, a * dim);
    draw.forEach((x, i) => centre[i]! += x / ascents);
  }
  return starts.map((x, at) => {
    const spread = SPREADS[Math.floor(at / dim) % SPREADS.length]!, mean = centre[at % dim]!;
    return mean + spread * (x - mean);
  });
}
