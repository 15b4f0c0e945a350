/** Problems to time gradients on, the check that comes before every timing, and the timing of HMC itself. */
import { simulateSeries } from "../../lib/data/simulate.ts";
import type { Ensemble, TransitionBatch, Tuning } from "../../lib/engine/ensemble.ts";
import { samplePrior } from "../../lib/model/initial.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { middle } from "./benchmark.ts";

export const SEED = 1;
/** Leapfrogs of every timed transition; fits of the built-in example and the simulated series take 60 to 200. */
export const LEAPFROGS = 64;
/** So short that positions, and with them the work, hardly change. */
const STEP = 1e-6;
/** Largest gradient error, relative to the gradient's norm, that an engine may show (design, section 5). */
const TOLERANCE = 1e-3;
/** Chains looked at by a check. */
const CHECKED = 64;
/** Transitions times chains of a batch: 32 floats each stay within 128 MiB, the smallest limit on a buffer. */
const MOST_RECORDS = 2 ** 20;

/** Simulated data of T rows, the same kind that Stan's gradients are timed on, with K curves fitted. */
export function benchProblem(rows: number, components: number): HillProblem {
  const { spend, response } = simulateSeries(components === 1 ? "single" : "mixture_k3", SEED, rows);
  const series = {
    name: "benchmark",
    spend,
    response,
    spendColumns: ["spend"],
    leftOut: [],
    targetColumn: "y",
    controls: [],
  };
  return buildProblem(series, parseSpec({ components }, "benchmark"));
}

/** Prior draws exact in f32, (chains, D). */
export function startPositions(problem: HillProblem, chains: number): Float64Array {
  const { dim } = problem.layout, stream = new RandomStream(SEED, Purpose.initial);
  const positions = new Float64Array(chains * dim);
  for (let c = 0; c < chains; c++) positions.set(samplePrior(problem, stream).map(Math.fround), c * dim);
  return positions;
}

/** Largest error of a gradient against the f64 reference, relative to its norm; NaN counts as the worst. */
export function gradientError(
  problem: HillProblem,
  positions: Float64Array,
  gradient: Float64Array,
): number {
  const density = targetDensity({ kind: "hill_mixture", problems: [problem] }, 0);
  const { dim } = density, exact = new Float64Array(dim);
  let worst = 0;
  for (let at = 0; at < positions.length; at += dim) {
    density.evaluate(positions, at, 1, exact, 0);
    const error = Math.hypot(...exact.map((value, i) => value - gradient[at + i])) / Math.hypot(...exact);
    worst = Math.max(worst, error);
  }
  return worst;
}

/** Whether an error passes the gate; NaN does not. */
export const passes = (error: number): boolean => error <= TOLERANCE;

/** HMC that takes {@link LEAPFROGS} tiny steps a transition, unwhitened. */
function fixedTuning(dim: number): Tuning {
  return {
    stepSize: STEP,
    trajectoryLength: 1e9, // every jitter of it is cut to maxLeapfrogs; infinite ones count as one step
    maxLeapfrogs: LEAPFROGS,
    beta: 1,
    factor: Float64Array.from({ length: dim * dim }, (_, i) => i % (dim + 1) === 0 ? 1 : 0),
    centre: new Float64Array(dim),
  };
}

/**
 * An ensemble about to be timed: checked at prior draws, placed there, and run until compilation and the
 * engine's own estimates have settled.
 */
export interface TimedHmc {
  /** Runs transitions for about `seconds`, without a look at the results; gradients per second. */
  repeat(seconds: number): Promise<number>;
  /** Largest error so far, the last batch's included. */
  error(): number;
}

/** Checks and warms up an ensemble of one problem. */
export async function timedHmc(ensemble: Ensemble, problem: HillProblem): Promise<TimedHmc> {
  const { chains } = ensemble, { dim } = problem.layout, tuning = [fixedTuning(dim)];
  const positions = startPositions(problem, chains);
  const some = positions.slice(0, CHECKED * dim);
  const evaluated = gradientError(problem, some, (await ensemble.evaluate(some)).gradient);
  await ensemble.setPositions(positions);
  let last = await ensemble.hmc(1, tuning);
  let secondsEach = Infinity;
  const run = async (transitions: number): Promise<number> => {
    const began = performance.now();
    last = await ensemble.hmc(transitions, tuning);
    const seconds = (performance.now() - began) / 1000;
    secondsEach = seconds / transitions;
    return chains * last.leapfrogs.reduce((sum, count) => sum + count, 0) / seconds;
  };
  await run(1);
  await run(Math.max(1, Math.min(8, Math.round(0.1 / secondsEach))));
  return {
    repeat: (seconds) => run(Math.max(1, Math.min(MOST_RECORDS / chains, Math.round(seconds / secondsEach)))),
    error: () => Math.max(evaluated, recordedError(problem, last)),
  };
}

/** Error of the log likelihoods that the last transition recorded, relative to their size, 1 at least. */
function recordedError(problem: HillProblem, batch: TransitionBatch): number {
  const density = targetDensity({ kind: "hill_mixture", problems: [problem] }, 0);
  const scratch = new Float64Array(batch.dim), first = (batch.transitions - 1) * batch.chains;
  let worst = 0;
  for (let row = first; row < first + Math.min(CHECKED, batch.chains); row++) {
    const position = Float64Array.from(batch.positions.subarray(row * batch.dim, (row + 1) * batch.dim));
    density.evaluate(position, 0, 1, scratch, 0);
    const error = Math.abs(batch.logLik[row] - density.logLik) / Math.max(1, Math.abs(density.logLik));
    worst = Math.max(worst, error);
  }
  return worst;
}

/** Gradients per second with the check that allows it to be reported. */
export interface Rate {
  /** Median over the repeats; undefined when the check failed. */
  readonly gradientsPerSecond: number | undefined;
  /** Largest relative error of gradients and of the log likelihoods that the timed transitions recorded. */
  readonly error: number;
}

/** Checks an ensemble of one problem, then times it. */
export async function hmcRate(
  ensemble: Ensemble,
  problem: HillProblem,
  repeats: number,
  seconds: number,
): Promise<Rate> {
  const timed = await timedHmc(ensemble, problem);
  const rates: number[] = [];
  for (let i = 0; i < repeats; i++) rates.push(await timed.repeat(seconds));
  const error = timed.error();
  return { gradientsPerSecond: passes(error) ? middle(rates) : undefined, error };
}
