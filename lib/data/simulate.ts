/** Simulated series with known truth: one to five response curves, a curve drawn anew for each row. */
import { InputError } from "../errors.ts";
import { Purpose, RandomStream } from "../random.ts";
import { adstock } from "../model/median.ts";
import { timeIndex } from "../model/standardise.ts";
import { formatCsv } from "./csv.ts";
import { isoDate } from "./dates.ts";
import type { Roles } from "./roles.ts";
import { FEWEST_ROWS, selectSeries } from "./select.ts";
import type { Series } from "./series.ts";
import { median } from "./statistics.ts";
import { readTable } from "./table.ts";

/** One response curve: A s^n / (kappa^n + s^n). */
export interface Curve {
  /** Probability that a row follows this curve. */
  readonly pi: number;
  /** Response at saturation. */
  readonly A: number;
  /** Half-saturation, as a multiple of the median adstocked spend. */
  readonly kappaFactor: number;
  readonly n: number;
}

/** The four data-generating processes of the design, by ascending kappa. */
export const PROCESSES = {
  single: [{ pi: 1, A: 30, kappaFactor: 1, n: 1.5 }],
  mixture_k2: [
    { pi: 0.6, A: 20, kappaFactor: 0.7, n: 2 },
    { pi: 0.4, A: 40, kappaFactor: 1.3, n: 1.2 },
  ],
  mixture_k3: [
    { pi: 0.4, A: 15, kappaFactor: 0.5, n: 2 },
    { pi: 0.3, A: 30, kappaFactor: 1, n: 1.5 },
    { pi: 0.3, A: 60, kappaFactor: 1.2, n: 1 },
  ],
  mixture_k5: [
    { pi: 0.3, A: 10, kappaFactor: 0.4, n: 2.5 },
    { pi: 0.25, A: 20, kappaFactor: 0.7, n: 2 },
    { pi: 0.2, A: 35, kappaFactor: 1, n: 1.5 },
    { pi: 0.15, A: 50, kappaFactor: 1.3, n: 1.2 },
    { pi: 0.1, A: 70, kappaFactor: 1.6, n: 1 },
  ],
} as const satisfies Record<string, readonly Curve[]>;

/** Name of a data-generating process. */
export type Process = keyof typeof PROCESSES;
export const PROCESS_NAMES = Object.keys(PROCESSES) as readonly Process[];

/** Spend per row is LogNormal(meanLog, sdLog). */
export const SPEND = { meanLog: 1.5, sdLog: 0.6 } as const;
/** What all four processes share, in units of the response. */
export const BASE: Base = { alpha: 0.5, intercept: 50, slope: 2, sigma: 3 };
export const DEFAULT_LENGTH = 200;
export const MOST_ROWS = 1_000_000;

// Streams of their own, so that one seed gives all processes the same spend and the same noise.
const Stream = { spend: 0, component: 1, noise: 2, channels: 3 } as const;

/** Parameters outside the curves. */
export interface Base {
  /** Share of the adstock carried to the next row. */
  readonly alpha: number;
  readonly intercept: number;
  /** Response per standard deviation of time. */
  readonly slope: number;
  /** Standard deviation of the noise. */
  readonly sigma: number;
}

/** All there is to know about a simulated series; written as JSON beside the data. */
export interface Truth extends Base {
  readonly process: string;
  readonly seed: number;
  readonly rows: number;
  /** Median of the adstocked spend, the unit of `kappaFactor`. */
  readonly medianAdstock: number;
  /** Curves by ascending kappa, `kappa` in units of spend. */
  readonly curves: readonly {
    readonly pi: number;
    readonly A: number;
    readonly kappa: number;
    readonly n: number;
  }[];
  /** (rows) curve of each row, counting from 1. */
  readonly component: readonly number[];
  /** (rows) response without noise. */
  readonly mean: readonly number[];
}

/** A simulated series. */
export interface Simulation {
  readonly spend: Float64Array; // (rows)
  readonly response: Float64Array; // (rows)
  readonly truth: Truth;
}

/**
 * Draws a series from one of the design's processes.
 *
 * @param seed whole number, 0 to 2^53 - 1
 * @param length rows, 30 to 1,000,000
 * @throws InputError when seed or length is out of range
 */
export function simulateSeries(process: Process, seed: number, length = DEFAULT_LENGTH): Simulation {
  checkWhole("--seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole("--length", length, FEWEST_ROWS, MOST_ROWS);
  const stream = new RandomStream(seed, Purpose.simulate, Stream.spend);
  const spend = Float64Array.from(
    { length },
    () => Math.exp(SPEND.meanLog + SPEND.sdLog * stream.normal()),
  );
  return respond(spend, PROCESSES[process], BASE, process, seed);
}

/** The data of a simulation as CSV, columns `t,spend,y`. */
export function simulationCsv({ spend, response }: Simulation): string {
  return formatCsv(["t", "spend", "y"], Array.from(spend, (x, t) => [t, x, response[t]]));
}

/** The built-in example: a shop's weekly spend on three channels and its sales, in one currency. */
export interface Example {
  readonly csv: string;
  readonly roles: Roles;
  readonly truth: Truth;
}

const EXAMPLE = {
  name: "built-in example",
  seed: 20220103,
  rows: 156,
  /** 2022-01-03, a Monday, in days from 1970-01-01. */
  firstDay: 18995,
  /** Kappas far enough apart that the data, not the prior, says which curve is which. */
  curves: [
    { pi: 0.6, A: 28_000, kappaFactor: 0.5, n: 2.5 },
    { pi: 0.4, A: 40_000, kappaFactor: 1.5, n: 2.5 },
  ],
  base: { alpha: 0.45, intercept: 52_000, slope: 2_500, sigma: 2_000 },
} as const;

/**
 * The example that `fit` runs without a file: 156 weeks, television in bursts of four weeks in every nine, search
 * with a yearly season, social media that grows and pauses. The data comes from this code and a fixed seed.
 */
export function builtInExample(): Example {
  const { seed, rows, firstDay, curves, base } = EXAMPLE;
  const stream = new RandomStream(seed, Purpose.simulate, Stream.channels);
  const around = (level: number, spread: number) => toCents(level * Math.exp(spread * stream.normal()));
  const weeks = Array.from({ length: rows }, (_, week) => {
    const season = 1 + 0.3 * Math.cos(2 * Math.PI * (week / 52.18 - 0.92)); // highest in early December
    const tv = around(24_000, 0.5);
    const search = around(3_200 * season, 0.2);
    const social = around(1_200 * (1 + week / rows), 0.35);
    return { tv: week % 9 < 4 ? tv : 0, search, social: week % 13 === 12 ? 0 : social };
  });
  const spend = Float64Array.from(weeks, ({ tv, search, social }) => tv + search + social);
  const { response, truth } = respond(spend, curves, base, "example", seed);
  const csv = formatCsv(
    ["week", "tv_spend", "search_spend", "social_spend", "sales"],
    weeks.map((
      { tv, search, social },
      t,
    ) => [isoDate(firstDay + 7 * t), tv, search, social, toCents(response[t])]),
  );
  const roles = { date: "week", spend: ["tv_spend", "search_spend", "social_spend"], target: "sales" };
  return { csv, roles, truth };
}

/** The built-in example, read and checked like any file. */
export function exampleSeries(): Series {
  const { csv, roles } = builtInExample();
  return selectSeries(readTable(new TextEncoder().encode(csv), EXAMPLE.name), roles).series;
}

function toCents(amount: number): number {
  return Math.round(100 * amount) / 100;
}

/** Draws a curve and the noise of each row, and computes the response to given spend. */
function respond(
  spend: Float64Array,
  curves: readonly Curve[],
  base: Base,
  process: string,
  seed: number,
): Simulation {
  const rows = spend.length;
  const stock = adstock(spend, base.alpha, new Float64Array(rows));
  const time = timeIndex(rows, 0, rows);
  const middle = median(stock);
  const placed = curves.map(({ pi, A, kappaFactor, n }) => ({ pi, A, kappa: kappaFactor * middle, n }));
  const choice = new RandomStream(seed, Purpose.simulate, Stream.component);
  const noise = new RandomStream(seed, Purpose.simulate, Stream.noise);
  const component = Array.from({ length: rows }, () => pick(curves, choice.uniform()));
  const mean = Array.from({ length: rows }, (_, t) => {
    const { A, kappa, n } = placed[component[t]];
    const trend = base.intercept + base.slope * time[t];
    return trend + A / (1 + Math.exp(-n * (Math.log(stock[t]) - Math.log(kappa))));
  });
  return {
    spend,
    response: Float64Array.from(mean, (value) => value + base.sigma * noise.normal()),
    truth: {
      process,
      seed,
      rows,
      ...base,
      medianAdstock: middle,
      curves: placed,
      component: component.map((k) => k + 1),
      mean,
    },
  };
}

function pick(curves: readonly Curve[], uniform: number): number {
  let reached = 0;
  const found = curves.findIndex(({ pi }) => uniform < (reached += pi));
  return found < 0 ? curves.length - 1 : found; // the probabilities' sum may round to just under 1
}

function checkWhole(where: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  const message = `is out of range; give a whole number from ${low} to ${high}.`;
  throw new InputError([{ where, value: String(value), message }]);
}
