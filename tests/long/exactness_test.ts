/**
 * Exactness of every sampler over twenty seeds, on targets whose moments, mode weights and evidence are known.
 *
 * Each row of the table pools the seeds: an estimate is the mean over seeds, its error the seeds' own Monte Carlo
 * standard errors combined, its score their ratio. Errors must be right as well: scores of single seeds have a mean
 * square near 1.
 */
import assert from "node:assert/strict";
import { sortColumn } from "../../lib/diagnostics/column.ts";
import { mcseMean } from "../../lib/diagnostics/ess.ts";
import { mean } from "../../lib/diagnostics/numeric.ts";
import { rhat } from "../../lib/diagnostics/rhat.ts";
import type { DrawBatch, Engine, TestTarget } from "../../lib/engine/ensemble.ts";
import { TARGET_ACCEPTANCE } from "../../lib/methods/nuts.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { runTempered } from "../../lib/samplers/run_tempered.ts";
import type { TemperedTarget } from "../../lib/samplers/tempered_run.ts";
import { CANDIDATES } from "../../lib/samplers/start.ts";
import { correlatedGaussian, withWebgpu } from "../engine/support.ts";
import {
  fromPrior,
  linearLogEvidence,
  linearPosterior,
  linearRegression,
} from "../samplers/exact_targets.ts";
import { exactLogEvidence, mixture } from "../samplers/tempered_targets.ts";

const SEEDS = 20;

/**
 * Largest pooled score. There are 183 of them that must hold, each beyond 4 with probability 6.3e-5: a wrong alarm
 * once in 85 studies.
 */
const MOST_ERRORS = 4;

/**
 * Bounds on the mean square of the scores of single seeds, at least 160 of them in a row: an error that the sampler
 * reports 25% too small or too large is outside. By chance about 5 standard deviations.
 */
const SQUARES = [0.6, 1.6] as const;

/**
 * Largest t of the seeds' mean log evidence by their own spread, 19 degrees of freedom: beyond it with probability
 * 5e-4, for five targets once in 400 studies.
 */
const MOST_EVIDENCE_T = 4.2;
/**
 * Seeds further than three of their errors off. An error is told from 16 ladders and may be a little small: one
 * seed is beyond three with probability 0.9% to 2%, five of twenty, on any of five targets, once in 4000 studies at worst.
 */
const MOST_OUTSIDE = 4;
/** Largest miss of any seed's log evidence of the regression, four of its errors: by chance once in 200 studies. */
const MOST_MISS = 0.1;

/** A function of a draw, and its exact expectation. */
interface Moment {
  readonly name: string;
  readonly of: (u: ArrayLike<number>) => number;
  readonly exact: number;
}

interface Case {
  readonly name: string;
  readonly target: TemperedTarget;
  readonly dim: number;
  readonly moments: readonly Moment[];
  readonly logEvidence: number;
  /** Size of a tempered run. */
  readonly ladders: number;
  readonly warmup: number;
  readonly draws: number;
  readonly thin: number;
  /** Methods that must be right; the others are shown as they are. */
  readonly gated: readonly MethodName[];
  readonly shown: readonly MethodName[];
}

type MethodName = "tempered" | "chees" | "nuts";

/** Mean and variance of every coordinate. */
const meansAndVariances = (means: ArrayLike<number>, variances: ArrayLike<number>): Moment[] =>
  Array.from(means, (centre, i): Moment[] => [
    { name: `mean ${i}`, of: (u) => u[i], exact: centre },
    { name: `variance ${i}`, of: (u) => (u[i] - centre) ** 2, exact: variances[i] },
  ]).flat();

const repeat = (count: number, value: number) => Float64Array.from({ length: count }, () => value);

function gaussianCase(): Case {
  const dim = 10, { target, mean, sd } = correlatedGaussian(dim, 0.9), priorSd = sd.map((s) => 3 * s);
  return {
    name: "gaussian",
    target: fromPrior({ ...target, priorSd }, priorSd),
    dim,
    moments: meansAndVariances(mean, sd.map((s) => s * s)),
    logEvidence: 0,
    ladders: 16,
    warmup: 300,
    draws: 200,
    thin: 5,
    gated: ["tempered", "chees", "nuts"],
    shown: [],
  };
}

function bananaCase(): Case {
  const dim = 4, twist = 0.03, priorSd = Float64Array.of(20, 9, 2, 2);
  return {
    name: "banana",
    target: fromPrior({ kind: "banana", dim, twist, priorSd }, priorSd),
    dim,
    moments: meansAndVariances(repeat(dim, 0), [100, 1 + 2 * (100 * twist) ** 2, 1, 1]),
    logEvidence: 0,
    ladders: 16,
    warmup: 300,
    draws: 200,
    thin: 5,
    gated: ["tempered", "chees", "nuts"],
    shown: [],
  };
}

/**
 * Chains of one step size cannot be exact on the funnel: what suits its mouth is shut out of its neck. What the table
 * must show of them is R-hat far above 1.01, so that no verdict passes. Ladders can, given time: each rung enters the
 * neck as deep as its own step size lets it, and the rungs gather where that is slow.
 */
function funnelCase(): Case {
  const dim = 10, priorSd = Float64Array.of(6, ...repeat(dim - 1, 20));
  // Of a mouth relative to its own scale: its variance, exp(9 / 2), has no error to speak of, since its square's is exp(18).
  const mouths = Array.from({ length: dim - 1 }, (_, i): Moment[] => [
    { name: `mouth ${i} mean / scale`, of: (u) => u[i + 1] * Math.exp(-u[0] / 2), exact: 0 },
    { name: `mouth ${i} variance / scale`, of: (u) => u[i + 1] ** 2 * Math.exp(-u[0]), exact: 1 },
  ]);
  return {
    name: "funnel",
    target: fromPrior({ kind: "funnel", dim, priorSd }, priorSd),
    dim,
    moments: [
      { name: "neck mean", of: (u) => u[0], exact: 0 },
      { name: "neck variance", of: (u) => u[0] ** 2, exact: 9 },
      { name: "neck < -3", of: (u) => u[0] < -3 ? 1 : 0, exact: 0.158655 },
      { name: "neck > 3", of: (u) => u[0] > 3 ? 1 : 0, exact: 0.158655 },
      ...mouths.flat(),
    ],
    logEvidence: 0,
    ladders: 16,
    warmup: 1200,
    draws: 800,
    thin: 40,
    gated: ["tempered"],
    shown: ["chees", "nuts"],
  };
}

function mixtureCase(): Case {
  const dim = 20, target = mixture(dim, [0.3, 0.7], 8, 10), shrink = 100 / 101;
  const centre = 4 * shrink; // of either mode
  const rest = meansAndVariances(repeat(dim, 0), repeat(dim, shrink)).slice(2);
  return {
    name: "mixture 0.3 / 0.7",
    target: fromPrior(target, repeat(dim, target.priorSd)),
    dim,
    moments: [
      { name: "weight", of: (u) => u[0] > 0 ? 1 : 0, exact: 0.7 },
      { name: "mean 0", of: (u) => u[0], exact: 0.4 * centre },
      { name: "variance 0 within", of: (u) => (Math.abs(u[0]) - centre) ** 2, exact: shrink },
      ...rest,
    ],
    logEvidence: exactLogEvidence(target),
    ladders: 16,
    warmup: 300,
    draws: 400,
    thin: 5,
    gated: ["tempered"],
    shown: [],
  };
}

function linearCase(): Case {
  const dim = 6, target = linearRegression(40, dim, 3), { mean, sd } = linearPosterior(target);
  return {
    name: "linear regression",
    target: fromPrior(target, repeat(dim, target.priorSd)),
    dim,
    moments: meansAndVariances(mean, sd.map((s) => s * s)),
    logEvidence: linearLogEvidence(target),
    ladders: 32,
    warmup: 300,
    draws: 600,
    thin: 5,
    gated: ["tempered", "chees", "nuts"],
    shown: [],
  };
}

/** What one run of one seed gives. */
interface Run {
  readonly batches: readonly DrawBatch[];
  readonly evidence?: { readonly log: number; readonly error: number };
}

async function tempered(
  engine: Engine,
  { target, ladders, warmup, draws, thin }: Case,
  seed: number,
): Promise<Run> {
  const plan = { ladders, warmup, draws, thin };
  const { batches, report } = await runTempered(engine, target, seed, plan);
  return { batches, evidence: report!.evidence };
}

/** Prior draws for every chain to start from, (chains, CANDIDATES, D). */
function candidatesOf({ target, dim }: Case, chains: number, seed: number): Float64Array {
  const all = new Float64Array(chains * CANDIDATES * dim);
  const stream = new RandomStream(seed, Purpose.initial);
  for (let at = 0; at < all.length; at += dim) all.set(target.prior(stream), at);
  return all;
}

async function chees(engine: Engine, given: Case, seed: number): Promise<Run> {
  const chains = 32, target = given.target.target as TestTarget;
  const ensemble = await engine.ensemble({ target, chainsPerProblem: chains, seed });
  const candidates = candidatesOf(given, chains, seed);
  const run = await runChees(ensemble, candidates, seed, { warmup: 300, draws: 300 });
  await ensemble.close();
  return run;
}

async function nuts(engine: Engine, given: Case, seed: number): Promise<Run> {
  const chains = 32, target = given.target.target as TestTarget;
  const ensemble = await engine.ensemble({ target, chainsPerProblem: chains, seed });
  const annealed = { candidates: candidatesOf(given, chains, seed), seed };
  const run = await runNuts(ensemble, {
    warmup: 300,
    draws: 300,
    targetAcceptance: TARGET_ACCEPTANCE,
    annealed,
  });
  await ensemble.close();
  return run;
}

const METHODS = { tempered, chees, nuts } as const;

/** Estimate, error and R-hat of one moment in one run. */
function estimate(batches: readonly DrawBatch[], of: Moment["of"]) {
  const { chains, dim } = batches[0], draws = batches.reduce((sum, { transitions }) => sum + transitions, 0);
  const values = new Float64Array(chains * draws);
  let start = 0;
  for (const { positions, transitions } of batches) {
    for (let i = 0; i < transitions; i++) {
      for (let c = 0; c < chains; c++) {
        const from = (i * chains + c) * dim;
        values[c * draws + start + i] = of(positions.subarray(from, from + dim));
      }
    }
    start += transitions;
  }
  const column = sortColumn(values, chains, draws);
  return { mean: mean(column.values), error: mcseMean(column), rhat: rhat(column) };
}

/** One row of the table: a target under a method. */
interface Row {
  readonly name: string;
  readonly gated: boolean;
  readonly moments: number;
  readonly worst: { readonly name: string; readonly score: number };
  /** Mean square of the scores of single seeds, and the largest of them. */
  readonly square: number;
  readonly largest: number;
  readonly rhat: number;
  readonly evidence?: EvidenceRow;
}

interface EvidenceRow {
  /** Of the seeds' mean, by their own spread. */
  readonly t: number;
  /** Mean of the errors that the seeds report. */
  readonly error: number;
  /** Seeds more than three of their errors off, and the largest miss of any. */
  readonly outside: number;
  readonly largestMiss: number;
}

async function study(engine: Engine, given: Case, method: MethodName): Promise<Row> {
  const seen = given.moments.map(() => [] as { mean: number; error: number; rhat: number }[]);
  const evidence: { log: number; error: number }[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = await METHODS[method](engine, given, seed);
    given.moments.forEach(({ of }, m) => seen[m].push(estimate(run.batches, of)));
    if (run.evidence !== undefined) evidence.push(run.evidence);
  }
  const scores = given.moments.map(({ name, exact }, m) => ({ name, score: pooled(seen[m], exact) }));
  const singles = given.moments.flatMap(({ exact }, m) =>
    seen[m].map((one) => (one.mean - exact) / one.error)
  );
  return {
    name: `${given.name}, ${method}`,
    gated: given.gated.includes(method),
    moments: given.moments.length,
    worst: scores.reduce((a, b) => Math.abs(b.score) > Math.abs(a.score) ? b : a),
    square: singles.reduce((sum, z) => sum + z * z, 0) / singles.length,
    largest: Math.max(...singles.map(Math.abs)),
    rhat: Math.max(...seen.flat().map((one) => one.rhat)),
    ...(evidence.length === 0 ? {} : { evidence: evidenceRow(evidence, given.logEvidence) }),
  };
}

/** The mean of some estimates in combined errors. */
function pooled(seen: readonly { mean: number; error: number }[], exact: number): number {
  const total = seen.reduce((sum, one) => sum + one.mean - exact, 0);
  return total / Math.hypot(...seen.map(({ error }) => error));
}

function evidenceRow(evidence: readonly { log: number; error: number }[], exact: number): EvidenceRow {
  const misses = Float64Array.from(evidence, ({ log }) => log - exact), average = mean(misses);
  const squares = misses.reduce((sum, miss) => sum + (miss - average) ** 2, 0);
  return {
    t: average / Math.sqrt(squares / (SEEDS * (SEEDS - 1))),
    error: mean(Float64Array.from(evidence, ({ error }) => error)),
    outside: evidence.filter(({ log, error }) => Math.abs(log - exact) > 3 * error).length,
    largestMiss: Math.max(...misses.map(Math.abs)),
  };
}

function print(row: Row): void {
  const { evidence } = row;
  const cells = [
    row.name.padEnd(28),
    row.gated ? "gated" : "shown",
    String(row.moments).padStart(3),
    `${row.worst.score.toFixed(2).padStart(7)} ${row.worst.name.padEnd(22)}`,
    row.square.toFixed(2).padStart(6),
    row.largest.toFixed(2).padStart(6),
    row.rhat.toFixed(3).padStart(6),
    evidence === undefined ? "" : [
      evidence.t.toFixed(2).padStart(6),
      evidence.error.toFixed(3),
      String(evidence.outside).padStart(2),
      evidence.largestMiss.toFixed(3),
    ].join("  "),
  ];
  console.log(cells.join("  "));
}

Deno.test("moments, mode weights and evidence are exact over twenty seeds", () =>
  withWebgpu(async (engine) => {
    console.log(
      "target, method                         n  worst pooled score             mean z2   max z   R-hat  " +
        "evidence: t, error, seeds beyond 3 errors, largest miss",
    );
    const rows: Row[] = [];
    for (const given of [gaussianCase(), bananaCase(), funnelCase(), mixtureCase(), linearCase()]) {
      for (const method of [...given.gated, ...given.shown]) {
        rows.push(await study(engine, given, method));
        print(rows.at(-1)!);
      }
    }
    const gated = rows.filter((row) => row.gated);
    assert.equal(gated.reduce((sum, row) => sum + row.moments, 0), 183);
    for (const { name, worst, square, evidence } of gated) {
      assert.ok(Math.abs(worst.score) <= MOST_ERRORS, `${name}: ${worst.name} off by ${worst.score} errors`);
      assert.ok(square > SQUARES[0] && square < SQUARES[1], `${name}: mean square of scores ${square}`);
      if (evidence === undefined) continue;
      assert.ok(Math.abs(evidence.t) <= MOST_EVIDENCE_T, `${name}: evidence off, t = ${evidence.t}`);
      assert.ok(evidence.outside <= MOST_OUTSIDE, `${name}: ${evidence.outside} seeds beyond 3 errors`);
      if (!name.startsWith("linear")) continue;
      assert.ok(evidence.largestMiss <= MOST_MISS, `${name}: evidence off by ${evidence.largestMiss}`);
    }
    for (const { name, rhat } of rows.filter((row) => !row.gated)) {
      assert.ok(rhat > 1.01, `${name}: R-hat ${rhat} would pass`);
    }
  }));
