/**
 * Fits by the peers, on the same data and model as ours: four chains of NUTS, 1000 + 1000, target acceptance 0.9.
 * Their programs read {@link Job} and write {@link Answer}, in `stan/fit.R` and `numpyro/fit.py`.
 *
 * Every choice goes the peer's way: the fastest spelling of the likelihood found, standardised data, non-centred
 * coordinates, compilation and start-up left out of warm-up and sampling. All of them read hillmix's table of
 * ln median(s(alpha)), so that the densities are equal to rounding.
 */
import { z } from "zod";
import type { Series } from "../../lib/data/series.ts";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { summarise } from "../../lib/diagnostics/summary.ts";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { parameterNames } from "../../lib/model/parameters.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { startPositions } from "./gradients.ts";
import { type PeerProgram, type PeerResult, runPeer } from "./peer_process.ts";
import { numpyroProgram, stanProgram } from "./peer_programs.ts";
import type { Run } from "./run.ts";

/** What to fit. */
export interface PeerRequest {
  /** Without controls. */
  readonly series: Series;
  /** K. */
  readonly components: number;
  readonly seed: number;
  /** 4 unless given. */
  readonly chains?: number;
  /** Iterations per chain spent on adaptation; 1000 unless given. */
  readonly warmup?: number;
  /** Draws kept per chain; 1000 unless given. */
  readonly draws?: number;
  /** Target acceptance; 0.9 unless given. */
  readonly delta?: number;
}

/** Positions where the peer's density is compared with ours. */
const POINTS = 32;
/** The first half of them lie this share of the way from the origin to a prior draw, where the density is milder. */
const NEAR = 0.3;
/** Largest relative error of the peer's log density and gradient; both are f64, and rounding alone is near 1e-12. */
const TOLERANCE = 1e-9;

/** What a peer reads. Spend, response and ln median are in original units. */
export interface Job {
  readonly spend: readonly number[]; // (T)
  readonly response: readonly number[]; // (T)
  readonly components: number;
  /** ln median(s(alpha)) over logit alpha, as lib/model/median.ts makes and reads it. */
  readonly median: { readonly start: number; readonly step: number; readonly values: readonly number[] };
  /** Unconstrained positions for the comparison of densities, (POINTS, D). */
  readonly points: readonly (readonly number[])[];
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly delta: number;
  readonly seed: number;
  /** Processes at a time. */
  readonly cores: number;
}

const seconds = z.number().nonnegative();
const gradients = z.int().nonnegative();
const real = z.number().nullable().transform((value) => value ?? NaN);

const answerSchema = z.object({
  version: z.string(),
  compile_s: seconds.nullable().describe("Null where programs are compiled once and for all."),
  warmup_s: seconds.describe("Of all chains, by the wall clock, as are the draws'."),
  sampling_s: seconds,
  warmup_gradients: gradients.describe("Leapfrog steps of all chains."),
  gradients: gradients.describe("The same, sampling included."),
  log_density: z.array(real).describe("At the job's points, up to one constant."),
  gradient: z.array(z.array(real)),
  draws: z.record(z.string(), z.array(real)).describe(
    "Columns of draws.csv in original units, chains one after another.",
  ),
});
/** What a peer writes. */
export type Answer = z.output<typeof answerSchema>;

/** A peer's run. */
export interface PeerRun extends Run {
  /** Largest relative error of its log densities and gradients against ours. */
  readonly density_error: number;
}

/**
 * Fits the Hill mixture, preset `baseline`, with Stan.
 *
 * @param program what to run in place of it, for tests
 */
export function stanFit(
  request: PeerRequest,
  program = stanProgram("fit.R"),
): Promise<PeerResult<PeerRun>> {
  return peerFit(request, program);
}

/**
 * Fits the Hill mixture, preset `baseline`, with NumPyro.
 *
 * @param program what to run in place of it, for tests
 */
export function numpyroFit(request: PeerRequest, program = numpyroProgram()): Promise<PeerResult<PeerRun>> {
  return peerFit(request, program);
}

async function peerFit(request: PeerRequest, program: PeerProgram): Promise<PeerResult<PeerRun>> {
  const { series, components } = request;
  if (series.controls.length > 0) throw new RangeError("The peers' programs know no controls");
  const problem = buildProblem(series, parseSpec({ components }, "benchmark"));
  const job = jobOf(request, problem);
  const { value, why } = await runPeer(program, job, answerSchema);
  return value === undefined ? { value, why } : { value: runOf(program.title, problem, job, value) };
}

/** What a peer is given to read. */
export function jobOf(
  { series, components, seed, chains = 4, warmup = 1000, draws = 1000, delta = 0.9 }: PeerRequest,
  problem: HillProblem,
): Job {
  const { median: { start, step, values }, layout: { dim }, units } = problem;
  const points = startPositions(problem, POINTS);
  for (let i = 0; i < POINTS / 2 * dim; i++) points[i] *= NEAR;
  return {
    spend: [...series.spend],
    response: [...series.response],
    components,
    median: { start, step, values: [...values].map((value) => value + Math.log(units.spendScale)) },
    points: Array.from({ length: POINTS }, (_, i) => [...points.subarray(i * dim, (i + 1) * dim)]),
    chains,
    warmup,
    draws,
    delta,
    seed,
    cores: navigator.hardwareConcurrency,
  };
}

/**
 * What a peer's answer says about its run.
 *
 * @throws RangeError when draws are missing
 */
export function runOf(name: string, problem: HillProblem, job: Job, answer: Answer): PeerRun {
  const names = [...parameterNames(problem.layout), "log_lik"].filter((each) =>
    job.components > 1 || each !== "pi.1" // 1 by construction
  );
  const draws = drawsOf(names, job, answer);
  const error = densityError(problem, job.points, answer);
  return {
    name,
    version: answer.version,
    setup_s: answer.compile_s,
    warmup_s: answer.warmup_s,
    sampling_s: answer.sampling_s,
    warmup_gradients: answer.warmup_gradients,
    sampling_gradients: answer.gradients - answer.warmup_gradients,
    summary: summarise(draws, names),
    density_error: error,
    fault: error <= TOLERANCE ? null : `its density is not hillmix's: relative error ${error.toPrecision(1)}`,
  };
}

function drawsOf(names: readonly string[], { chains, draws }: Job, answer: Answer): Draws {
  return {
    chains,
    draws,
    columns: new Map(names.map((name) => {
      const values = answer.draws[name];
      if (values?.length === chains * draws) return [name, Float64Array.from(values)];
      throw new RangeError(`${answer.version} gave ${values?.length ?? "no"} draws of ${name}`);
    })),
  };
}

/**
 * Largest error of log densities and gradients against the f64 reference, relative to their size; NaN, where the
 * peer has one, is the largest. Log densities are compared with that of the first point.
 */
function densityError(
  problem: HillProblem,
  points: Job["points"],
  { log_density, gradient }: Pick<Answer, "log_density" | "gradient">,
): number {
  const work = hillWorkspace(problem), own = new Float64Array(problem.layout.dim);
  let worst = 0, first = 0;
  points.forEach((point, i) => {
    hillDensity(work, Float64Array.from(point), 0, 1, own, 0);
    const value = work.logPrior + work.logLik;
    if (i === 0) first = value;
    const difference = (log_density[i] ?? NaN) - log_density[0] - (value - first);
    const distance = Math.hypot(...own.map((each, j) => each - (gradient[i]?.[j] ?? NaN)));
    worst = Math.max(
      worst,
      Math.abs(difference) / Math.max(Math.abs(value), Math.abs(first)),
      distance / Math.hypot(...own),
    );
  });
  return worst;
}
