/** From batches of positions to draws in original units, and to the scores that need the data as well. */
import type { Series } from "./data/series.ts";
import type { Draws } from "./diagnostics/draws.ts";
import { minEbfmi } from "./diagnostics/energy.ts";
import { type Elpd, type Loo, looElpd, waicElpd } from "./diagnostics/loo.ts";
import { type HoldoutScores, scoreHoldout } from "./diagnostics/scores.ts";
import type { DrawBatch } from "./engine/ensemble.ts";
import { allocateParameters, constrain, parameterNames } from "./model/parameters.ts";
import { allocatePrediction, laterRows, predict, type Rows, trainingRows } from "./model/predict.ts";
import type { HillProblem } from "./model/problem.ts";
import { Purpose, RandomStream } from "./random.ts";

/** Draws that LOO and the hold-out scores use at most: some thousand are plenty, and time grows with them. */
const SCORED_DRAWS = 4000;
/** Shares of the training rows at which the fitted mean is watched: early, middle, late. */
const WATCHED_ROWS = [0.1, 0.5, 0.9];

/** Kept transitions of one problem's chains, chain by chain. */
export interface Sample {
  readonly chains: number;
  /** Draws per chain. */
  readonly draws: number;
  /** (chains, draws, D) */
  readonly positions: Float64Array;
  /** Log density of the unconstrained position, data in original units, (chains, draws). */
  readonly logDensity: Float64Array;
  readonly logLik: Float64Array;
  /** Empty where nothing moved: draws of an approximation. */
  readonly energy: Float64Array;
  /** NaN where nothing moved, as is the acceptance. */
  readonly divergences: number;
  /** Mean acceptance. */
  readonly acceptance: number;
}

/**
 * Gathers the chains `first .. first + chains` of every batch.
 *
 * @throws RangeError when there are no batches
 */
export function gatherSample(
  problem: HillProblem,
  batches: readonly DrawBatch[],
  first: number,
  chains: number,
): Sample {
  const { dim } = problem.layout, draws = batches.reduce((sum, { transitions }) => sum + transitions, 0);
  if (draws === 0) throw new RangeError("There are no draws to gather");
  const shift = toOriginalUnits(problem);
  const column = () => new Float64Array(chains * draws);
  const positions = new Float64Array(chains * draws * dim);
  const logDensity = column(), logLik = column(), energy = column();
  let divergences = 0, acceptance = 0, start = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.transitions; i++) {
      for (let c = 0; c < chains; c++) {
        const from = i * batch.chains + first + c, to = c * draws + start + i;
        positions.set(batch.positions.subarray(from * dim, (from + 1) * dim), to * dim);
        logLik[to] = batch.logLik[from]! + shift;
        logDensity[to] = batch.logPrior[from]! + logLik[to]!;
        energy[to] = batch.energy[from]!;
        divergences += batch.diverging[from]!;
        acceptance += batch.acceptance[from]! / (chains * draws);
      }
    }
    start += batch.transitions;
  }
  return { chains, draws, positions, logDensity, logLik, energy, divergences, acceptance };
}

/**
 * Independent draws of an approximation, as one chain.
 *
 * @param draws positions (n, D) and both parts of their log density, (n), in standardised units
 */
export function independentSample(
  problem: HillProblem,
  { positions, logPrior, logLik: standardised }: {
    readonly positions: Float64Array;
    readonly logPrior: Float64Array;
    readonly logLik: Float64Array;
  },
): Sample {
  const shift = toOriginalUnits(problem), logLik = standardised.map((value) => value + shift);
  return {
    chains: 1,
    draws: logLik.length,
    positions,
    logDensity: logLik.map((value, i) => value + logPrior[i]!),
    logLik,
    energy: new Float64Array(0),
    divergences: NaN,
    acceptance: NaN,
  };
}

/** What to add to a log density of the standardised response: standardising multiplied it by its sd, row by row. */
export const toOriginalUnits = ({ rows, units }: HillProblem): number => -rows * Math.log(units.responseSd);

/** Smallest E-BFMI of any chain. */
export const sampleEbfmi = ({ energy, chains, draws }: Sample): number => minEbfmi(energy, chains, draws);

/**
 * `lp__`, every constrained parameter and `log_lik`, then the fitted mean at a few rows (`fitted.<row>`, 1-based),
 * which no relabelling changes.
 */
export function drawsOf(problem: HillProblem, sample: Sample): Draws {
  const { chains, draws, positions } = sample, { dim } = problem.layout;
  const names = parameterNames(problem.layout), values = new Float64Array(names.length);
  const columns = names.map(() => new Float64Array(chains * draws));
  const watched = WATCHED_ROWS.map((share) => Math.floor(share * (problem.rows - 1)));
  const rows = watched.map((row) => rowAlone(problem, row));
  const prediction = allocatePrediction(problem, rows[0]!);
  const fitted = watched.map(() => new Float64Array(chains * draws));
  const scratch = allocateParameters(problem.layout);
  for (let d = 0; d < chains * draws; d++) {
    constrain(problem, scratch, positions, d * dim, values, 0);
    columns.forEach((column, i) => column[d] = values[i]!);
    fitted.forEach((column, i) => {
      predict(problem, rows[i]!, positions, d * dim, prediction);
      column[d] = prediction.mean[0]!;
    });
  }
  return {
    chains,
    draws,
    columns: new Map([
      ["lp__", sample.logDensity],
      ...names.map((name, i): [string, Float64Array] => [name, columns[i]!]),
      ["log_lik", sample.logLik],
      ...watched.map((row, i): [string, Float64Array] => [`fitted.${row + 1}`, fitted[i]!]),
    ]),
  };
}

/** One training row; those before it only build up its adstock state. */
function rowAlone(problem: HillProblem, row: number): Rows {
  const { spend, response, baseline, time } = trainingRows(problem), J = baseline.length / problem.rows;
  return {
    count: 1,
    skip: row,
    spend: spend.subarray(0, row + 1),
    response: response.subarray(row, row + 1),
    baseline: baseline.subarray(row * J, (row + 1) * J),
    time: time.subarray(row, row + 1),
  };
}

/** What the draws predict of rows they have seen and rows they have not. */
export interface Scores {
  readonly loo: Loo;
  readonly waic: Elpd;
  readonly holdout: HoldoutScores | null;
}

/**
 * PSIS-LOO and WAIC on the training rows, and predictive scores on the held-out rows if there are any.
 *
 * @param holdout the rows right after the training rows
 * @param seed of the predictive noise
 */
export function scoresOf(problem: HillProblem, sample: Sample, holdout: Series, seed: number): Scores {
  const thinned = thin(sample, problem.layout.dim);
  const training = pointwise(problem, thinned, trainingRows(problem));
  const logLik = {
    rows: problem.rows,
    chains: thinned.chains,
    draws: thinned.draws,
    row: (t: number) => training.logDensity[t]!,
  };
  const later = holdout.response.length > 0
    ? pointwise(problem, thinned, laterRows(problem, holdout), new RandomStream(seed, Purpose.predict))
    : undefined;
  return {
    loo: looElpd(logLik),
    waic: waicElpd(logLik),
    holdout: later === undefined ? null : scoreHoldout(holdout.response, (t) => later.responses[t]!),
  };
}

/** Every so many draws of each chain, so that at most {@link SCORED_DRAWS} are left. */
function thin(
  { chains, draws, positions }: Sample,
  dim: number,
): Pick<Sample, "chains" | "draws" | "positions"> {
  const step = Math.ceil(chains * draws / SCORED_DRAWS), kept = Math.ceil(draws / step);
  const some = new Float64Array(chains * kept * dim);
  for (let c = 0; c < chains; c++) {
    for (let i = 0; i < kept; i++) {
      const from = (c * draws + i * step) * dim;
      some.set(positions.subarray(from, from + dim), (c * kept + i) * dim);
    }
  }
  return { chains, draws: kept, positions: some };
}

/** Per row, over draws: log density of the response, and a predictive response when there is noise to make it. */
function pointwise(
  problem: HillProblem,
  { chains, draws, positions }: Pick<Sample, "chains" | "draws" | "positions">,
  rows: ReturnType<typeof trainingRows>,
  noise?: RandomStream,
): { logDensity: Float64Array[]; responses: Float64Array[] } {
  const count = chains * draws, K = problem.layout.components;
  const each = () => Array.from({ length: rows.count }, () => new Float64Array(count));
  const logDensity = each(), responses = noise === undefined ? [] : each();
  const prediction = allocatePrediction(problem, rows);
  for (let d = 0; d < count; d++) {
    predict(problem, rows, positions, d * problem.layout.dim, prediction);
    for (let t = 0; t < rows.count; t++) {
      logDensity[t]![d] = prediction.logDensity[t]!;
      if (noise === undefined) continue;
      let left = noise.uniform(), k = 0;
      while (k < K - 1 && (left -= prediction.weights[k]!) > 0) k++;
      responses[t]![d] = prediction.means[t * K + k]! + prediction.sigma * noise.normal();
    }
  }
  return { logDensity, responses };
}
