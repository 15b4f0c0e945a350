/**
 * The no-U-turn sampler beside its two yardsticks: gradients per second beside plain HMC's on the same chains, and
 * gradients per effective draw beside Stan's NUTS on the same data (sampling only, on both sides).
 */
import { simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import { openWebgpu } from "../../lib/engine/webgpu.ts";
import { formatLarge, formatNumber } from "../../lib/report/format.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { startChains } from "../../lib/samplers/start.ts";
import { drawCandidates } from "../../lib/methods/candidates.ts";
import { type Benchmark, middle, tableLine, times } from "./benchmark.ts";
import { benchProblem, LEAPFROGS } from "./gradients.ts";
import { stanFit } from "./peers.ts";
import { fitSeries, seriesOf, sharedFile } from "./support.ts";

const DATA = "data/sim_mixture_k2_T200.csv";
const COMPONENTS = 2;
const CHAINS = 256, TRANSITIONS = 50, REPEATS = 5;
/** Largest difference of means in combined Monte Carlo standard errors; see ess.ts. */
const MOST_ERRORS = 4;

/** Rates in gradients per second. */
export interface NutsFigures {
  readonly nuts_gradients_per_s: number;
  readonly hmc_gradients_per_s: number;
  readonly throughput_ratio: number;
  readonly rounds: readonly NutsRound[];
}

/** Gradients per effective draw of the worst parameter; null where Stan is absent or the means disagree. */
export interface NutsRound {
  readonly seed: number;
  readonly gradients_per_draw: number | null;
  readonly stan_gradients_per_draw: number | null;
  readonly largest_z: number | null;
}

export const nuts: Benchmark = {
  title: "NUTS: gradients per second beside plain HMC, gradients per effective draw beside Stan",
  async run({ quick, write }): Promise<NutsFigures> {
    const rates = await besideHmc();
    const ratio = rates.nuts / rates.hmc;
    write(
      `${CHAINS} chains: ${formatLarge(rates.nuts)} gradients per second, plain HMC ` +
        `${formatLarge(rates.hmc)}: ${times(ratio)}\n`,
    );
    const rounds = await besideStan(quick ? 1 : 3, write);
    return {
      nuts_gradients_per_s: rates.nuts,
      hmc_gradients_per_s: rates.hmc,
      throughput_ratio: ratio,
      rounds,
    };
  },
};

/** Both kinds of transitions in turns, at the tuning that a warm-up found; medians. */
async function besideHmc(): Promise<{ nuts: number; hmc: number }> {
  const engine = await openWebgpu(), problem = benchProblem(200, COMPONENTS);
  try {
    const target = { kind: "hill_mixture", problems: [problem] } as const;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: CHAINS, seed: 1 });
    const [{ positions }] = await startChains(ensemble, drawCandidates(problem, CHAINS, 1), 1);
    const plan = { warmup: 150, draws: TRANSITIONS, targetAcceptance: 0.9 };
    const { tuning } = await runNuts(ensemble, plan, positions);
    const steady = [{ ...tuning[0], trajectoryLength: 1e9, maxLeapfrogs: LEAPFROGS }];
    const nutsRates: number[] = [], hmcRates: number[] = [];
    for (let i = 0; i <= REPEATS; i++) {
      const one = await rate(async () => {
        const { steps } = await ensemble.nuts(TRANSITIONS, tuning);
        return steps.reduce((sum, count) => sum + count, 0);
      });
      const other = await rate(async () => {
        const { leapfrogs } = await ensemble.hmc(4 * TRANSITIONS, steady);
        return CHAINS * leapfrogs.reduce((sum, count) => sum + count, 0);
      });
      if (i === 0) continue; // launch sizes settle
      nutsRates.push(one);
      hmcRates.push(other);
    }
    await ensemble.close();
    return { nuts: middle(nutsRates), hmc: middle(hmcRates) };
  } finally {
    await engine.close();
  }
}

async function rate(work: () => Promise<number>): Promise<number> {
  const began = performance.now(), gradients = await work();
  return 1000 * gradients / (performance.now() - began);
}

async function besideStan(count: number, write: (text: string) => void): Promise<NutsRound[]> {
  const shared = await sharedFile(DATA), csv = shared ?? await Deno.makeTempFile({ suffix: ".csv" });
  if (shared === undefined) await Deno.writeTextFile(csv, simulationCsv(simulateSeries("mixture_k2", 1)));
  const rounds: NutsRound[] = [], widths = [8, 12, 12, 10, 14];
  write(tableLine(["", "gradients", "Stan's", "ratio", "largest z"], widths));
  try {
    const series = seriesOf(await Deno.readFile(csv), "mixture of two curves");
    for (let seed = 1; seed <= count; seed++) {
      const { report } = await fitSeries({
        series,
        components: COMPONENTS,
        seed,
        engine: "webgpu",
        method: "nuts",
      });
      const stan = await stanFit({ csv, components: COMPONENTS, seed });
      if (stan.value === undefined) write(`${stan.why}\n`);
      rounds.push(roundOf(seed, report, stan.value));
      const { gradients_per_draw: ours, stan_gradients_per_draw: theirs, largest_z: z } = rounds.at(-1)!;
      const ratio = ours === null || theirs === null ? "-" : times(ours / theirs);
      write(
        tableLine(
          [
            `seed ${seed}`,
            formatNumber(ours ?? NaN),
            formatNumber(theirs ?? NaN),
            ratio,
            formatNumber(z ?? NaN),
          ],
          widths,
        ),
      );
    }
  } finally {
    if (shared === undefined) await Deno.remove(csv);
  }
  return rounds;
}

type Report = Awaited<ReturnType<typeof fitSeries>>["report"];
type Peer = Awaited<ReturnType<typeof stanFit>>["value"];

function roundOf(seed: number, { summary, sampling, diagnostics }: Report, stan: Peer): NutsRound {
  const gradients = sampling.mean_leapfrogs * sampling.chains * sampling.draws;
  const ours = gradients / diagnostics.min_ess_bulk;
  if (stan === undefined) {
    return { seed, gradients_per_draw: ours, stan_gradients_per_draw: null, largest_z: null };
  }
  const zs = stan.summary.flatMap(({ name, mean, mcse_mean }) => {
    const own = summary.find((row) => row.name === name);
    return own === undefined || mcse_mean === null
      ? []
      : [Math.abs(own.mean - mean) / Math.hypot(own.mcse_mean, mcse_mean)];
  });
  const largest = Math.max(...zs), agree = largest <= MOST_ERRORS;
  const theirs = stan.min_ess_bulk === null
    ? null
    : (stan.gradients - stan.warmup_gradients) / stan.min_ess_bulk;
  return {
    seed,
    gradients_per_draw: agree ? ours : null,
    stan_gradients_per_draw: agree ? theirs : null,
    largest_z: largest,
  };
}
