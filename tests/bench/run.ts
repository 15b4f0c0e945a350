/** A finished sampling run, ours or a peer's, and whether its figures may be shown. */
import type { SummaryRow } from "../../lib/diagnostics/summary.ts";
import { MIN_ROUND_TRIPS } from "../../lib/diagnostics/verdict.ts";
import type { MethodName } from "../../lib/fit_types.ts";
import { type FitRequest, fitSeries } from "./support.ts";

/** Largest R-hat of a run that has figures (Vehtari et al. 2021, section 4; design, section 8). */
const MOST_RHAT = 1.01;
/**
 * Largest difference of means in combined Monte Carlo standard errors. With about 20 quantities, right samplers
 * exceed it in about one run of 800.
 */
const MOST_ERRORS = 4;

/** One run of one sampler; seconds by the wall clock, over all chains. */
export interface Run {
  /** `tempered`, `Stan`. */
  readonly name: string;
  /** Of the program: `hillmix 0.1.0`. */
  readonly version: string;
  /** Compilation and what else comes before the first transition; null where it is not known. */
  readonly setup_s: number | null;
  readonly warmup_s: number;
  readonly sampling_s: number;
  /** Of all chains and rungs. */
  readonly warmup_gradients: number;
  readonly sampling_gradients: number;
  /** Every parameter of draws.csv and the log likelihood, by this project's diagnostics. */
  readonly summary: readonly SummaryRow[];
  /** What is wrong with the run, whatever its draws look like; null when nothing is. */
  readonly fault: string | null;
}

/**
 * Draws of methods of many chains, for runs that {@link gate} judges: R-hat lies near sqrt(1 + 1 / ESS of half a
 * chain) in a perfect run, and with the methods' own sizes that alone is close to the limit.
 */
export const LONG: { readonly [name in MethodName]?: number } = { chees: 800, nuts: 1200 };

/** Fits with a method. */
export async function runMethod(request: FitRequest & Required<Pick<FitRequest, "method">>): Promise<Run> {
  let began = 0, ended = 0, soFar = 0, warmupGradients = 0;
  const { report } = await fitSeries(request, ({ phase, gradients }) => {
    if (phase === "compile") began = performance.now();
    if (phase === "warm-up") warmupGradients += gradients - soFar; // `auto` may warm up twice
    if (phase === "warm-up" || phase === "sampling") soFar = gradients;
    if (phase === "diagnostics") ended = performance.now();
  });
  const { warmup_s, sampling_s, gradients } = report.timing;
  const slowest = Math.min(...report.tempering?.round_trips ?? []);
  return {
    name: report.method,
    version: `hillmix ${report.hillmix}`,
    setup_s: (ended - began) / 1000 - warmup_s - sampling_s,
    warmup_s,
    sampling_s,
    warmup_gradients: warmupGradients,
    sampling_gradients: gradients - warmupGradients,
    summary: report.summary.filter(({ name }) => !name.startsWith("fitted.")),
    fault: slowest < MIN_ROUND_TRIPS
      ? `its slowest ladder made ${slowest} of ${MIN_ROUND_TRIPS} round trips`
      : null,
  };
}

/** The quantity that is worst in some respect. */
export interface Extreme {
  readonly name: string;
  readonly value: number;
}

/** Largest R-hat; NaN is the largest. */
export const largestRhat = ({ summary }: Run): Extreme => extreme(summary, ({ rhat }) => rhat);

/** Smallest bulk ESS; NaN is the smallest. */
export function smallestEss({ summary }: Pick<Run, "summary">): Extreme {
  const { name, value } = extreme(summary, ({ ess_bulk }) => -ess_bulk);
  return { name, value: -value };
}

/**
 * Largest difference of two runs' means in combined Monte Carlo standard errors; NaN, the largest of all, where
 * one of them lacks a quantity of the other.
 */
export function largestDifference(a: Run, b: Run): Extreme {
  const others = new Map(b.summary.map((row) => [row.name, row]));
  if (others.size !== a.summary.length) return { name: "number of quantities", value: NaN };
  return extreme(a.summary, ({ name, mean, mcse_mean }) => {
    const other = others.get(name);
    return Math.abs(mean - (other?.mean ?? NaN)) / Math.hypot(mcse_mean, other?.mcse_mean ?? NaN);
  });
}

function extreme(rows: readonly SummaryRow[], value: (row: SummaryRow) => number): Extreme {
  const badness = (row: SummaryRow) => Number.isNaN(value(row)) ? Infinity : value(row);
  const worst = rows.reduce((a, b) => badness(b) > badness(a) ? b : a);
  return { name: worst.name, value: value(worst) };
}

/** Why two runs do not sample the same posterior; null when nothing says so. */
export function disagreement(a: Run, b: Run): string | null {
  const { name, value } = largestDifference(a, b);
  if (value <= MOST_ERRORS) return null;
  return Number.isNaN(value)
    ? `${name} cannot be compared with ${b.name}'s`
    : `mean of ${name} is ${value.toFixed(1)} MCSE from ${b.name}'s`;
}

/**
 * Why a run's figures are not shown; null when they are.
 *
 * @param reference the run its means must agree with; `undefined` for that run itself
 */
export function gate(run: Run, reference?: Run): string | null {
  if (run.fault !== null) return run.fault;
  const { name, value } = largestRhat(run);
  if (!(value <= MOST_RHAT)) return `chains disagree: R-hat ${value.toFixed(value < 1.1 ? 4 : 2)} of ${name}`;
  if (reference === undefined) return null;
  const missing = gate(reference);
  return missing === null ? disagreement(run, reference) : `${reference.name} is no reference: ${missing}`;
}

/** What a run's draws count for, per second and per gradient. Where the {@link gate} is closed they count for less. */
export interface Speed {
  readonly ess_per_sampling_s: number;
  /** Warm-up included, set-up left out. */
  readonly ess_per_s: number;
  readonly gradients_per_draw: number;
}

/** Speed by the smallest bulk ESS. */
export function speedOf(run: Run): Speed {
  const { value } = smallestEss(run);
  return {
    ess_per_sampling_s: value / run.sampling_s,
    ess_per_s: value / (run.warmup_s + run.sampling_s),
    gradients_per_draw: run.sampling_gradients / value,
  };
}
