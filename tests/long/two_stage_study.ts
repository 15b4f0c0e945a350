/**
 * What two stages cost: bias, 90% intervals and their coverage of alpha, sigma, the intercept and the total
 * contribution of advertising, for every way to carry the baseline over and for the joint posterior, on series
 * simulated from two curves. Each way is one ensemble of all series, a cut one for every ten.
 *
 *     deno run --allow-read --allow-env tests/long/two_stage_study.ts [--series 100] [--baselines 32]
 *
 * `--baselines` are the draws of stage one that a cut carries over for each series.
 */
import { parseArgs } from "node:util";
import { simulateSeries, type Simulation } from "../../lib/data/simulate.ts";
import { sortColumn } from "../../lib/diagnostics/column.ts";
import { mean, quantile, variance } from "../../lib/diagnostics/numeric.ts";
import { rhat } from "../../lib/diagnostics/rhat.ts";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { openEngine } from "../../lib/engine/open.ts";
import { CARRIES } from "../../lib/fit_types.ts";
import { drawCandidates } from "../../lib/methods/candidates.ts";
import { allocatePrediction, predict, responseCurve, trainingRows } from "../../lib/model/predict.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { gatherSample, type Sample } from "../../lib/posterior.ts";
import type { SamplerPlan } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { seedCandidates } from "../../lib/twostage/candidates.ts";
import { inCoordinatesOf, meanPosition, stageTwoProblems } from "../../lib/twostage/carry.ts";
import { curveStart } from "../../lib/twostage/curve_start.ts";

const ROWS = 200, SEED = 20150501, FIRST_SERIES = 5000;
const CHAINS = 8;
/** Warm-up and draws per chain. The fits of a cut are many: short ones do. */
const LONG = { warmup: 400, draws: 400 }, SHORT = { warmup: 200, draws: 50 };
const PLANS = {
  joint: LONG,
  "stage one": { warmup: 400, draws: 100 },
  "plug-in": LONG,
  prior: LONG,
  cut: SHORT,
};
/** Series whose cuts share an ensemble, for the sake of memory. */
const CUT_TOGETHER = 10;
/** Draws of a series from which quantities are computed, about. */
const USED = 3200;
const QUANTITIES = ["alpha", "sigma", "intercept", "total contribution"] as const;

/** One quantity of one series by one way; errors of the total contribution are relative to the truth. */
interface Found {
  readonly error: number;
  readonly width: number;
  readonly covered: boolean;
}

export interface Way {
  readonly name: string;
  /** (series, quantities) */
  readonly found: readonly (readonly Found[])[];
  readonly gradients: number;
  readonly seconds: number;
  /** Of alpha, within chains of one target: the largest, and the share above 1.05. */
  readonly worstRhat: number;
  readonly apart: number;
}

interface Run {
  readonly samples: readonly Sample[];
  readonly gradients: number;
  readonly seconds: number;
}

export async function runStudy(engine: Engine, series: number, baselines: number): Promise<Way[]> {
  const simulations = Array.from(
    { length: series },
    (_, i) => simulateSeries("mixture_k2", FIRST_SERIES + i, ROWS),
  );
  const single = simulations.map((simulation) => problemOf(simulation, 1));
  const mixture = simulations.map((simulation) => problemOf(simulation, 2));
  const judged = (name: string, own: readonly HillProblem[], run: Run, fits: readonly HillProblem[] = own) =>
    wayOf(name, simulations, own, fits, run);

  const first = await sample(engine, single, baselines, PLANS["stage one"], SEED);
  const ways = [
    judged("joint", mixture, await sample(engine, mixture, CHAINS, PLANS.joint, SEED + 1)),
    judged("stage one", single, first),
  ];
  for (const carry of CARRIES) {
    const together = carry === "cut" ? CUT_TOGETHER : series, runs: Run[] = [], all: HillProblem[] = [];
    for (let from = 0; from < series; from += together) {
      const fits = mixture.slice(from, from + together).map((problem, i) =>
        stageTwoProblems(carry, problem, single[from + i]!, first.samples[from + i]!)
      );
      const starts = fits.flatMap((own, i) => {
        const start = curveStart(single[from + i]!, meanPosition(first.samples[from + i]!), 2);
        return own.map(() => start);
      });
      runs.push(await sample(engine, fits.flat(), CHAINS, PLANS[carry], SEED + 2 + from, starts));
      all.push(...fits.flat());
    }
    const total = (part: "gradients" | "seconds") => runs.reduce((sum, run) => sum + run[part], 0);
    const run = {
      samples: runs.flatMap(({ samples }) => samples),
      gradients: total("gradients"),
      seconds: total("seconds"),
    };
    ways.push(judged(carry, mixture, run, all));
  }
  return ways;
}

function problemOf({ spend, response }: Simulation, components: number): HillProblem {
  const columns = { spendColumns: ["spend"], leftOut: [], targetColumn: "y", controls: [] };
  return buildProblem({ name: "simulated", spend, response, ...columns }, parseSpec({ components }, "study"));
}

/** All problems in one ensemble, `chains` of each. @param starts start values of each problem's curves, if any */
async function sample(
  engine: Engine,
  problems: readonly HillProblem[],
  chains: number,
  plan: SamplerPlan,
  seed: number,
  starts?: readonly ReturnType<typeof curveStart>[],
): Promise<Run> {
  const began = performance.now();
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems },
    chainsPerProblem: chains,
    seed,
  });
  const candidates = problems.map((problem, i) => {
    const own = drawCandidates(problem, chains, seed + 2 ** 32 * (i + 1)); // priors differ with the data's range
    if (starts !== undefined) seedCandidates(problem, starts[i]!, own, seed + i);
    return own;
  });
  const all = new Float64Array(candidates.reduce((sum, { length }) => sum + length, 0));
  candidates.reduce((at, own) => (all.set(own, at), at + own.length), 0);
  const run = await runChees(ensemble, all, seed, plan);
  await ensemble.close();
  return {
    samples: problems.map((problem, i) => gatherSample(problem, run.batches, i * chains, chains)),
    gradients: run.gradients,
    seconds: (performance.now() - began) / 1000,
  };
}

/** @param fits as many for every series, one after another, each with its sample */
function wayOf(
  name: string,
  simulations: readonly Simulation[],
  own: readonly HillProblem[],
  fits: readonly HillProblem[],
  { samples, gradients, seconds }: Run,
): Way {
  const each = fits.length / own.length;
  const found = simulations.map((simulation, i) => {
    const parts = Array.from({ length: each }, (_, j) => {
      const at = i * each + j;
      return quantitiesOf(own[i]!, fits[at]!, samples[at]!, Math.ceil(USED / each));
    });
    const truth = truthOf(simulation);
    return QUANTITIES.map((quantity, q): Found => {
      const values = Float64Array.from(parts.flatMap((part) => part[q]!)).sort(), exact = truth[q]!;
      const unit = quantity === "total contribution" ? exact : 1;
      const [low, high] = [0.05, 0.95].map((p) => quantile((k) => values[k]!, values.length, p));
      return {
        error: (mean(values) - exact) / unit,
        width: (high! - low!) / unit,
        covered: low! <= exact && exact <= high!,
      };
    });
  });
  const rhats = samples.map(({ positions, chains, draws }) => {
    const dim = positions.length / chains / draws;
    return rhat(sortColumn(positions.filter((_, i) => i % dim === 0), chains, draws));
  });
  return {
    name,
    found,
    gradients,
    seconds,
    worstRhat: Math.max(...rhats),
    apart: rhats.filter((value) => !(value <= 1.05)).length / rhats.length,
  };
}

/** Draws of every quantity, original units, (quantities, about `used`). */
function quantitiesOf(own: HillProblem, fit: HillProblem, sample: Sample, used: number): number[][] {
  const { dim } = own.layout,
    count = sample.chains * sample.draws,
    step = Math.max(1, Math.floor(count / used));
  const rows = trainingRows(own), prediction = allocatePrediction(own, rows), curve = new Float64Array(ROWS);
  const positions = inCoordinatesOf(own, fit, sample.positions), found: number[][] = QUANTITIES.map(() => []);
  for (let d = 0; d < count; d += step) {
    predict(own, rows, positions, d * dim, prediction);
    const { parameters, adstocked, sigma } = prediction;
    responseCurve(own, parameters, positions, d * dim, adstocked, curve, 0);
    const intercept = own.units.responseMean + own.units.responseSd * parameters.base[0]!;
    const total = curve.reduce((sum, value) => sum + value, 0);
    [parameters.alpha, sigma, intercept, total].forEach((value, q) => found[q]!.push(value));
  }
  return found;
}

/** Every quantity as it was simulated; the contribution as it is to be expected, rows falling to curves by chance. */
function truthOf({ spend, truth }: Simulation): number[] {
  let s = 0, total = 0;
  for (const x of spend) {
    s = x + truth.alpha * s;
    for (const { pi, A, kappa, n } of truth.curves) total += pi * A / (1 + (kappa / s) ** n);
  }
  return [truth.alpha, truth.sigma, truth.intercept, total];
}

const average = (values: readonly number[]) => mean(Float64Array.from(values));

/** Mean over series, and its error. */
const meanAndError = (values: readonly number[]): readonly [number, number] => [
  average(values),
  Math.sqrt(variance(Float64Array.from(values)) / values.length),
];

/** One table, Monte Carlo errors in brackets. */
export function table(ways: readonly Way[]): string {
  const shown = ([value, error]: readonly [number, number], digits: number) =>
    `${value.toFixed(digits)} (${error.toFixed(digits)})`;
  const lines = QUANTITIES.flatMap((quantity, q) => [
    "",
    `${quantity}${quantity === "total contribution" ? ", relative to the truth" : ""}`,
    row("", "bias", "RMSE", "90% coverage", "width", "width / joint"),
    ...ways.map(({ name, found }) => {
      const own = found.map((each) => each[q]!), joint = ways[0]!.found.map((each) => each[q]!.width);
      const squares = own.map(({ error }) => error ** 2),
        share = average(own.map(({ covered }) => covered ? 1 : 0));
      return row(
        name,
        shown(meanAndError(own.map(({ error }) => error)), 3),
        Math.sqrt(average(squares)).toFixed(3),
        shown([share, Math.sqrt(share * (1 - share) / own.length)], 2),
        shown(meanAndError(own.map(({ width }) => width)), 3),
        shown(meanAndError(own.map(({ width }, i) => width / joint[i]!)), 2),
      );
    }),
  ]);
  const work = ways.map(({ name, gradients, seconds, worstRhat, apart }) =>
    row(
      name,
      `${(gradients / 1e6).toFixed(1)} M`,
      `${seconds.toFixed(0)} s`,
      worstRhat.toFixed(2),
      `${(100 * apart).toFixed(1)}%`,
    )
  );
  return [
    `${ways[0]!.found.length} series of two curves, ${ROWS} rows; Monte Carlo errors in brackets`,
    ...lines,
    "",
    row("", "gradients", "time", "worst R-hat", "over 1.05"),
    ...work,
  ].join("\n");
}

const row = (first: string, ...cells: string[]) =>
  (first.padEnd(11) + cells.map((cell) => cell.padStart(15)).join("")).trimEnd();

if (import.meta.main) {
  const { values } = parseArgs({ options: { series: { type: "string" }, baselines: { type: "string" } } });
  const { engine } = await openEngine("webgpu");
  try {
    console.log(table(await runStudy(engine, Number(values.series ?? 100), Number(values.baselines ?? 32))));
  } finally {
    await engine.close();
  }
}
