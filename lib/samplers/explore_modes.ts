/**
 * What lies around the tops of a search: some chains explore each for a while, tops whose chains run into one another
 * become one mode, and draws tell every mode's mean, covariance and evidence.
 */
import { copiesOf, type Engine, type Ensemble, type TargetSpec } from "../engine/ensemble.ts";
import { Purpose, RandomStream } from "../random.ts";
import { type Normal, normalOf } from "../variational/normal.ts";
import { drawStudent, logStudentOf } from "../variational/student.ts";
import { bennett, pullError } from "./bennett.ts";
import { momentsOf } from "./metric.ts";
import type { Summit } from "./mode_search.ts";
import { batchGradients } from "./run_chees.ts";
import { finishWarmup, initWarmup, stepWarmup, warmupTuning } from "./warmup.ts";

/** Chains at each top. */
const CHAINS = 32;
/** Batches of adaptation, from the curvature at the top to the metric of the draws, and the transitions of each. */
const SCHEDULE = { batches: 30, annealEnd: 0, renewals: [6, 12, 20] }, BATCH = 4;
/** Transitions whose draws describe the mode. */
const DRAWS = 80;
/** Longest trajectories, in whitened time: a quarter period of a Gaussian is 1.6. */
const LONGEST = 3;
/** A top is part of another mode where at least this share of its draws lie rather there; of twins a half would. */
const STRAYED = 0.3;
/** Share of a mode's draws that lie rather in another one from which its chains are said to reach that one. */
const REACHED = 0.01;
/** Draws per mode from a t distribution in its place, for its evidence. */
const PROPOSALS = 4096;

/** A mode as its own draws show it. */
export interface Mode {
  /** Mean and covariance of the draws. */
  readonly fit: Normal;
  /** Of the part of the space where this mode's fit is the nearest, by bridge sampling, and its standard error. */
  readonly logEvidence: number;
  readonly error: number;
  /** Ascents of the search that ended in it, or in another one that its chains reach. */
  readonly ascents: number;
  /** (n, D) */
  readonly draws: Float64Array;
}

export interface Explored {
  /** Heaviest first. */
  readonly modes: readonly Mode[];
  readonly gradients: number;
}

/** Draws around one top. */
interface Surroundings {
  readonly summit: Summit;
  /** (transitions, CHAINS, D) */
  readonly positions: Float64Array;
  /** (transitions, CHAINS) */
  readonly logDensity: Float64Array;
}

/** Surroundings with the moments of the draws that belong there. */
interface Fitted extends Surroundings {
  readonly fit: Normal;
  readonly ascents: number;
}

/**
 * Explores the surroundings of every summit.
 *
 * @param target one problem
 * @param summits most promising first: of two that are one mode, the first stays
 * @throws the signal's reason when aborted
 */
export async function exploreModes(
  engine: Engine,
  target: TargetSpec,
  summits: readonly Summit[],
  seed: number,
  signal?: AbortSignal,
): Promise<Explored> {
  const ensemble = await engine.ensemble({
    target: copiesOf(target, summits.length),
    chainsPerProblem: CHAINS,
    seed,
  });
  try {
    const { around, gradients } = await sampleAround(ensemble, summits, signal);
    const fitted = mergeTops(around);
    const modes = await weighModes(ensemble, fitted, seed);
    return { modes, gradients: gradients + ensemble.problems * PROPOSALS };
  } finally {
    await ensemble.close();
  }
}

/** Chains from every top, a tuning of its own each. */
async function sampleAround(
  ensemble: Ensemble,
  summits: readonly Summit[],
  signal?: AbortSignal,
): Promise<{ around: Surroundings[]; gradients: number }> {
  const { dim, chains } = ensemble;
  const start = new Float64Array(chains * dim);
  for (let c = 0; c < chains; c++) start.set(summits[Math.floor(c / CHAINS)]!.top.position, c * dim);
  await ensemble.setPositions(start);
  let gradients = 0;
  const advance = async (transitions: number, tunings: ReturnType<typeof finishWarmup>[]) => {
    signal?.throwIfAborted();
    const bounded = tunings.map((own) => ({
      ...own,
      trajectoryLength: Math.min(LONGEST, own.trajectoryLength),
    }));
    const batch = await ensemble.hmc(transitions, bounded);
    gradients += CHAINS * batch.leapfrogs.reduce((sum, count) => sum + count, 0);
    return batch;
  };

  // The usual d^(-1/4) scaling of a stable leapfrog step (Beskos et al. 2013), cautiously small.
  const stepSize = 0.5 * dim ** -0.25;
  let states = summits.map(({ top, factor }) =>
    initWarmup({ batch: 0, stepSize, factor, centre: top.position })
  );
  for (let done = 1; done <= SCHEDULE.batches; done++) {
    const batch = await advance(BATCH, states.map(warmupTuning));
    const renews = SCHEDULE.renewals.includes(done);
    const slopes = renews ? await batchGradients(ensemble, batch) : undefined;
    if (renews) gradients += BATCH * chains;
    const own = BATCH * CHAINS * dim; // numbers of one mode's gradients
    states = states.map((state, m) => {
      const gradients = slopes?.subarray(m * own, (m + 1) * own);
      return stepWarmup(SCHEDULE, state, batch, m * CHAINS, CHAINS, gradients);
    });
  }
  const batch = await advance(DRAWS, states.map(finishWarmup));
  const around = summits.map((summit, m): Surroundings => {
    const positions = new Float64Array(DRAWS * CHAINS * dim), logDensity = new Float64Array(DRAWS * CHAINS);
    for (let i = 0; i < DRAWS; i++) {
      const from = i * chains + m * CHAINS;
      positions.set(batch.positions.subarray(from * dim, (from + CHAINS) * dim), i * CHAINS * dim);
      for (let c = 0; c < CHAINS; c++) {
        logDensity[i * CHAINS + c] = batch.logPrior[from + c]! + batch.logLik[from + c]!;
      }
    }
    return { summit, positions, logDensity };
  });
  return { around, gradients };
}

/** Joins tops whose draws lie in the mode of another before them, and fits every mode to the draws that stayed in it. */
function mergeTops(around: readonly Surroundings[]): Fitted[] {
  const modes: Fitted[] = [];
  for (const own of around) {
    const { summit: { ascents, normal }, positions } = own, rows = positions.length / normal.mean.length;
    const fit = fitOf(positions, normal.mean.length, Array.from({ length: rows }, (_, i) => i));
    if (fit === undefined) continue;
    const nearest = nearestFits([...modes.map((mode) => mode.fit), fit], positions);
    const strays = nearest.filter((m) => m < modes.length);
    if (strays.length < STRAYED * rows) modes.push({ ...own, fit, ascents });
    else {
      const into = mostCommon(strays);
      modes[into] = { ...modes[into]!, ascents: modes[into]!.ascents + ascents };
    }
  }
  const fits = modes.map(({ fit }) => fit);
  return modes.map((mode, m) => {
    const nearest = nearestFits(fits, mode.positions),
      rowsIn = Map.groupBy(nearest.keys(), (row) => nearest[row]!);
    const reached = modes.filter((_, other) => (rowsIn.get(other)?.length ?? 0) >= REACHED * nearest.length);
    return {
      ...mode,
      fit: fitOf(mode.positions, mode.fit.mean.length, rowsIn.get(m) ?? []) ?? mode.fit,
      ascents: reached.reduce((sum, other) => sum + other.ascents, 0),
    };
  });
}

/**
 * Evidence of every mode by bridge sampling. Proposals come from the fit of one half of the chains and are bridged to
 * the draws of the other half, both ways round: a fit is closer to its own draws than to the mode.
 */
async function weighModes(ensemble: Ensemble, fitted: readonly Fitted[], seed: number): Promise<Mode[]> {
  const { dim, problems } = ensemble, regions = fitted.map(({ fit }) => fit), scratch = new Float64Array(dim);
  const halves = fitted.map((mode, m) => {
    const own = [...nearestFits(regions, mode.positions).entries()].filter(([, nearest]) => nearest === m);
    const rows = [0, 1].map((half) => own.map(([row]) => row).filter((row) => row % 2 === half));
    return { rows, fits: rows.map((some) => fitOf(mode.positions, dim, some) ?? mode.fit) };
  });
  const proposals = new Float64Array(problems * PROPOSALS * dim), each = PROPOSALS / 2;
  halves.forEach(({ fits }, m) => {
    const stream = new RandomStream(seed, Purpose.approximation, m);
    for (let i = 0; i < PROPOSALS; i++) {
      const fit = fits[Math.floor(i / each)]!;
      drawStudent(fit, stream, proposals, (m * PROPOSALS + i) * dim, scratch);
    }
  });
  const { logPrior, logLik } = await ensemble.evaluate(proposals);
  const modes = fitted.map(({ positions, logDensity, fit, ascents }, m): Mode => {
    const bridges = halves[m]!.fits.map((half, h) => {
      const first = m * PROPOSALS + h * each, own = proposals.subarray(first * dim, (first + each) * dim);
      const kept = new Set(halves[m]!.rows[1 - h]);
      const above = new Float64Array(logDensity.length / 2).map((_, i) => {
        const row = 2 * i + 1 - h;
        return kept.has(row)
          ? logDensity[row]! - logStudentOf(half, positions, row * dim, scratch)
          : Infinity;
      });
      const below = Float64Array.from(nearestFits(regions, own), (nearest, row) => {
        const density = logPrior[first + row]! + logLik[first + row]!;
        const inside = nearest === m && !Number.isNaN(density);
        return inside ? density - logStudentOf(half, own, row * dim, scratch) : -Infinity;
      });
      return bennett(above, below, CHAINS / 2);
    });
    const error = Math.hypot(...bridges.map(({ pull }) => pullError(pull))) / bridges.length;
    const logEvidence = bridges.reduce((sum, { log }) => sum + log / bridges.length, 0);
    return { fit, logEvidence, error, ascents, draws: pick(positions, dim, halves[m]!.rows.flat()) };
  });
  return modes.sort((a, b) => b.logEvidence - a.logEvidence);
}

function fitOf(positions: Float64Array, dim: number, rows: readonly number[]): Normal | undefined {
  const { count, mean, scatter } = momentsOf(positions, dim, rows);
  return normalOf(mean, scatter.map((sum) => sum / (count - 1)));
}

/** Which fit each position, (n, D), is likeliest a draw of. */
function nearestFits(fits: readonly Normal[], positions: Float64Array): number[] {
  const dim = fits[0]!.mean.length, scratch = new Float64Array(dim);
  return Array.from({ length: positions.length / dim }, (_, row) => {
    const logs = fits.map((fit) => logStudentOf(fit, positions, row * dim, scratch));
    return logs.indexOf(Math.max(...logs));
  });
}

function mostCommon(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((a, b) => b[1] > a[1] ? b : a)[0];
}

function pick(positions: Float64Array, dim: number, rows: readonly number[]): Float64Array {
  const picked = new Float64Array(rows.length * dim);
  rows.forEach((row, i) => picked.set(positions.subarray(row * dim, (row + 1) * dim), i * dim));
  return picked;
}
