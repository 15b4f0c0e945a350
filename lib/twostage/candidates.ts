/** Where stage two may start: half of each chain's candidates are prior draws, half lie about the start values. */
import type { HillProblem } from "../model/problem.ts";
import { Purpose, RandomStream } from "../random.ts";
import type { Curve, CurveStart } from "./curve_start.ts";

/** Spread of candidates about the start values, in logarithms and logits. */
const SPREAD = 0.3;
/** Least step between the logarithms of neighbouring kappas, and least spread of a block's logarithms. */
const LEAST_STEP = 0.05;

/**
 * Puts every second candidate near the start values. What they say nothing about (alpha, the baseline's prior, the
 * spreads where they are wide enough) stays the prior draw it was.
 *
 * @param problem of stage two, any of them: their curves have the same coordinates
 * @param candidates prior draws, (n, D); changed in place
 */
export function seedCandidates(
  problem: HillProblem,
  start: CurveStart,
  candidates: Float64Array,
  seed: number,
): void {
  const { coordinates, layout: { dim } } = problem, stream = new RandomStream(seed, Purpose.curves);
  for (let i = 1; i < candidates.length / dim; i += 2) {
    const u = candidates.subarray(i * dim, (i + 1) * dim);
    const natural = Array.from(u, (value, j) => coordinates[j]!.loc + coordinates[j]!.scale * value);
    placeCurves(problem, jittered(start, stream), natural);
    natural.forEach((phi, j) => u[j] = (phi - coordinates[j]!.loc) / coordinates[j]!.scale);
  }
}

function jittered({ curves, shares, logMedian, noise }: CurveStart, stream: RandomStream): CurveStart {
  const near = (value: number) => value + SPREAD * stream.normal();
  const moved = curves.map(([A, kappa, n]): Curve => [near(A), near(kappa), near(n)]);
  const weights = shares.map((share) => Math.exp(near(Math.log(share))));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    curves: moved.sort((a, b) => a[1] - b[1]),
    shares: weights.map((weight) => weight / total),
    logMedian,
    noise: Math.exp(near(Math.log(noise))),
  };
}

/** Writes curves, weights and noise as natural coordinates; see `lib/model/problem.ts` for what each stands for. */
function placeCurves(
  { layout, centred }: HillProblem,
  { curves, shares, logMedian, noise }: CurveStart,
  natural: number[],
): void {
  const { components: K } = layout;
  natural[layout.sigma] = Math.log(noise);
  let rest = 1;
  curves.forEach(([, logKappa], k) => {
    if (k === 0) natural[layout.kappa] = logKappa - logMedian;
    else natural[layout.kappa + k] = Math.log(Math.max(logKappa - curves[k - 1]![1], LEAST_STEP));
    if (k === K - 1) return;
    natural[layout.sticks + k] = Math.log(shares[k]! / (rest - shares[k]!));
    rest -= shares[k]!;
  });
  placeBlock(curves.map(([A]) => A), layout.hyper, layout.amplitude);
  placeBlock(curves.map(([, , n]) => n), layout.hyper + 2, layout.shape);

  function placeBlock(logs: readonly number[], hyper: number, first: number) {
    const mean = logs.reduce((sum, value) => sum + value, 0) / K;
    const spread = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / K);
    natural[hyper] = mean;
    natural[hyper + 1] = Math.max(natural[hyper + 1]!, Math.log(Math.max(spread, LEAST_STEP)));
    logs.forEach((value, k) =>
      natural[first + k] = centred ? value : (value - mean) / Math.exp(natural[hyper + 1]!)
    );
  }
}
