/**
 * Effective draws per second beside Stan's on the same data in the same run, warm-up included, compilation left
 * out on both sides; and how long the built-in example takes to a verdict. Reported only when
 * Stan has converged and both agree on every posterior mean.
 */
import { exampleSeries } from "../../lib/data/simulate.ts";
import { DEFAULT_METHOD } from "../../lib/fit_types.ts";
import { formatNumber, formatSeconds } from "../../lib/report/format.ts";
import { type BenchContext, type Benchmark, middle, tableLine, times } from "./benchmark.ts";
import { stanFit } from "./peer_fit.ts";
import { disagreement, gate, largestDifference, type Run, runMethod, smallestEss, speedOf } from "./run.ts";
import { fitSeries, simulatedSeries } from "./support.ts";

const COMPONENTS = 2;
/** As `fit` has it without a file. */
const EXAMPLE_COMPONENTS = 2;
/** hillmix's effective draws per second over Stan's that this project aims at. */
const TARGET = 20;
const ROUNDS = 3;

/** Both samplers once, same data and seed; null where the gate failed or Stan is absent. */
export interface EssRound {
  readonly seed: number;
  /** Smallest bulk ESS of any quantity. */
  readonly min_ess_bulk: number;
  readonly worst: string;
  readonly ess_per_s: number | null;
  readonly stan_min_ess_bulk: number | null;
  readonly stan_ess_per_s: number | null;
  /** Largest difference of means in combined standard errors, and where. */
  readonly largest_z: number | null;
  readonly at: string | null;
  readonly ratio: number | null;
}

/** One fit of the built-in example. */
export interface ExampleFigure {
  readonly engine: "webgpu" | "cpu";
  readonly total_s: number;
  readonly verdict: string;
}

export const ess: Benchmark = {
  title: `Smallest effective draws per second, simulated mixture of two curves, T=200 K=${COMPONENTS}`,
  async run({ quick, write }) {
    const rounds = await besideStan(quick ? 1 : ROUNDS, write);
    const example = await timeExample(quick ? ["webgpu"] : ["webgpu", "cpu"], write);
    return { rounds, ratio: medianRatio(rounds), example };
  },
};

async function besideStan(count: number, write: BenchContext["write"]): Promise<EssRound[]> {
  const series = await simulatedSeries("mixture_k2");
  const rounds: EssRound[] = [], widths = [8, 9, 9, 9, 9, 9, 22];
  write(tableLine(["", "ESS", "ESS/s", "Stan ESS", "ESS/s", "ratio", "largest difference"], widths));
  for (let seed = 1; seed <= count; seed++) { // in turns, so that both see the same machine
    const fit = { series, components: COMPONENTS, seed };
    const ours = await runMethod({ ...fit, engine: "webgpu", method: "chees" });
    const stan = await stanFit(fit);
    // Ours is the fit that users get, too short for the gate's R-hat at so many chains: its means are judged.
    const closed = stan.value === undefined ? null : gate(stan.value) ?? disagreement(ours, stan.value);
    rounds.push(roundOf(seed, ours, stan.value, closed === null));
    write(tableLine(cellsOf(rounds.at(-1)!), widths));
    if (stan.why !== undefined) write(`${stan.why}\n`);
    if (closed !== null) write(`  no figures: ${closed}\n`);
  }
  const ratio = medianRatio(rounds);
  if (ratio !== null) write(`Median ratio ${times(ratio)}; target ${times(TARGET)}.\n`);
  return rounds;
}

function roundOf(seed: number, ours: Run, stan: Run | undefined, open: boolean): EssRound {
  const least = smallestEss(ours);
  const own = open ? speedOf(ours).ess_per_s : null;
  const theirs = open && stan !== undefined ? speedOf(stan).ess_per_s : null;
  const furthest = stan === undefined ? undefined : largestDifference(ours, stan);
  return {
    seed,
    min_ess_bulk: least.value,
    worst: least.name,
    ess_per_s: own,
    stan_min_ess_bulk: stan === undefined ? null : smallestEss(stan).value,
    stan_ess_per_s: theirs,
    largest_z: furthest?.value ?? null,
    at: furthest?.name ?? null,
    ratio: own === null || theirs === null ? null : own / theirs,
  };
}

function cellsOf(round: EssRound): string[] {
  const number = (value: number | null) => formatNumber(value ?? NaN);
  return [
    `seed ${round.seed}`,
    number(round.min_ess_bulk),
    number(round.ess_per_s),
    number(round.stan_min_ess_bulk),
    number(round.stan_ess_per_s),
    round.ratio === null ? "-" : times(round.ratio),
    round.largest_z === null ? "-" : `${round.largest_z.toFixed(1)} MCSE, ${round.at}`,
  ];
}

function medianRatio(rounds: readonly EssRound[]): number | null {
  const ratios = rounds.flatMap(({ ratio }) => ratio === null ? [] : [ratio]);
  return ratios.length === rounds.length ? middle(ratios) : null;
}

async function timeExample(
  engines: readonly ("webgpu" | "cpu")[],
  write: BenchContext["write"],
): Promise<ExampleFigure[]> {
  const figures: ExampleFigure[] = [], series = exampleSeries();
  for (const engine of engines) {
    const { report: { timing, verdict } } = await fitSeries({
      series,
      components: EXAMPLE_COMPONENTS,
      seed: 1,
      engine,
      method: DEFAULT_METHOD,
    });
    figures.push({ engine, total_s: timing.total_s, verdict: verdict.status });
    write(
      `The built-in example, two curves, takes ${formatSeconds(timing.total_s)} to its verdict ` +
        `(${verdict.status}) on ${engine}.\n`,
    );
  }
  return figures;
}
