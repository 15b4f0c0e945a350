/** A short test of one engine on a known problem: does it compute the right thing, and how fast. */
import { simulateSeries } from "../data/simulate.ts";
import { samplePrior } from "../model/initial.ts";
import { buildProblem } from "../model/priors.ts";
import { parseSpec } from "../model/spec.ts";
import { targetDensity } from "../model/target.ts";
import { Purpose, RandomStream } from "../random.ts";
import type { TargetSpec, Tuning } from "./ensemble.ts";
import { openEngine } from "./open.ts";

const SEED = 1;
const CHAINS = 256;
const LEAPFROGS = 16;
/** Largest gradient error, relative to its norm, that an f32 engine may show. */
const TOLERANCE = 1e-3;

export interface SelfTest {
  readonly gradientsPerSecond: number;
  /** Largest error of any gradient tried, relative to its norm, against the f64 reference. */
  readonly gradientError: number;
  readonly passed: boolean;
}

/**
 * Compares gradients at prior draws with the reference, then runs HMC for about `seconds`.
 *
 * @throws DeviceError when the engine cannot be used
 */
export async function selfTest(name: "webgpu" | "cpu", seconds: number): Promise<SelfTest> {
  const { spend, response } = simulateSeries("mixture_k3", SEED);
  const series = {
    name: "self-test",
    spend,
    response,
    spendColumns: [],
    leftOut: [],
    targetColumn: "y",
    controls: [],
  };
  const problem = buildProblem(series, parseSpec({ components: 3 }, "self-test"));
  const target: TargetSpec = { kind: "hill_mixture", problems: [problem] }, { dim } = problem.layout;
  const { engine } = await openEngine(name);
  try {
    const ensemble = await engine.ensemble({ target, chainsPerProblem: CHAINS, seed: SEED });
    const stream = new RandomStream(SEED, Purpose.initial);
    const positions = new Float64Array(CHAINS * dim);
    for (let c = 0; c < CHAINS; c++) positions.set(samplePrior(problem, stream).map(Math.fround), c * dim);
    const { gradient } = await ensemble.evaluate(positions);
    const gradientError = largestError(target, positions, gradient, dim);

    await ensemble.setPositions(positions);
    const tuning: Tuning = {
      stepSize: 1e-4,
      trajectoryLength: LEAPFROGS * 1e-4,
      maxLeapfrogs: LEAPFROGS,
      beta: 1,
      factor: Float64Array.from({ length: dim * dim }, (_, i) => i % (dim + 1) === 0 ? 1 : 0),
      centre: new Float64Array(dim),
    };
    await ensemble.hmc(2, [tuning]); // the first launch also finishes compiling
    let gradients = 0;
    const began = performance.now();
    while (performance.now() - began < 1000 * seconds) {
      const { leapfrogs } = await ensemble.hmc(16, [tuning]);
      gradients += CHAINS * leapfrogs.reduce((sum, count) => sum + count, 0);
    }
    const gradientsPerSecond = gradients / ((performance.now() - began) / 1000);
    await ensemble.close();
    return { gradientsPerSecond, gradientError, passed: gradientError <= TOLERANCE };
  } finally {
    await engine.close();
  }
}

function largestError(
  target: TargetSpec,
  positions: Float64Array,
  gradient: Float64Array,
  dim: number,
): number {
  const density = targetDensity(target, 0), exact = new Float64Array(dim);
  let worst = 0;
  for (let at = 0; at < positions.length; at += dim) {
    density.evaluate(positions, at, 1, exact, 0);
    const miss = Math.hypot(...exact.map((value, i) => value - gradient[at + i]!));
    worst = Math.max(worst, miss / Math.hypot(...exact)); // NaN, once seen, stays
  }
  return worst;
}
