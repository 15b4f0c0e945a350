/**
 * The no-U-turn sampler beside its two yardsticks: gradients per second beside plain HMC's on the same chains, and
 * gradients per effective draw beside Stan's NUTS on the same data (sampling only, on both sides).
 */
import { openWebgpu } from "../../lib/engine/webgpu.ts";
import { formatLarge, formatNumber } from "../../lib/report/format.ts";
import { runNuts } from "../../lib/samplers/run_nuts.ts";
import { drawCandidates } from "../../lib/methods/candidates.ts";
import { TARGET_ACCEPTANCE } from "../../lib/methods/nuts.ts";
import { type Benchmark, middle, tableLine, times } from "./benchmark.ts";
import { benchProblem, LEAPFROGS } from "./gradients.ts";
import { stanFit } from "./peer_fit.ts";
import { gate, largestDifference, LONG, type Run, runMethod, speedOf } from "./run.ts";
import { simulatedSeries } from "./support.ts";

const COMPONENTS = 2;
const CHAINS = 256, TRANSITIONS = 50, REPEATS = 5;
/** Gradients per effective draw over Stan's, and gradients per second over plain HMC's, that this project aims at. */
const MOST_GRADIENTS = 1.3, LEAST_THROUGHPUT = 0.7;

/** Rates in gradients per second. */
export interface NutsFigures {
  readonly nuts_gradients_per_s: number;
  readonly hmc_gradients_per_s: number;
  readonly throughput_ratio: number;
  readonly rounds: readonly NutsRound[];
}

/** Gradients per effective draw of the worst quantity; null where the gate failed or Stan is absent. */
export interface NutsRound {
  readonly seed: number;
  readonly gradients_per_draw: number | null;
  /** At the same target acceptance. */
  readonly stan_gradients_per_draw: number | null;
  /** At 0.9. */
  readonly usual_stan_gradients_per_draw: number | null;
  readonly largest_z: number | null;
}

export const nuts: Benchmark = {
  title: "NUTS: gradients per second beside plain HMC, gradients per effective draw beside Stan",
  async run({ quick, write }): Promise<NutsFigures> {
    const rates = await besideHmc();
    const ratio = rates.nuts / rates.hmc;
    write(
      `${CHAINS} chains: ${formatLarge(rates.nuts)} gradients per second, plain HMC ` +
        `${formatLarge(rates.hmc)}: ${times(ratio)}; target at least ${times(LEAST_THROUGHPUT)}\n`,
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
    const annealed = { candidates: drawCandidates(problem, CHAINS, 1), seed: 1 };
    const plan = { warmup: 200, draws: TRANSITIONS, targetAcceptance: TARGET_ACCEPTANCE, annealed };
    const { tuning } = await runNuts(ensemble, plan);
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

/** Stan at the acceptance that hillmix aims at, and at the one its users set for hard posteriors. */
async function besideStan(count: number, write: (text: string) => void): Promise<NutsRound[]> {
  const series = await simulatedSeries("mixture_k2");
  const rounds: NutsRound[] = [], widths = [8, 12, 16, 10, 16, 10, 14];
  const headings = [
    "gradients",
    `Stan's at ${TARGET_ACCEPTANCE}`,
    "ratio",
    "Stan's at 0.9",
    "ratio",
    "largest z",
  ];
  write(tableLine(["", ...headings], widths));
  for (let seed = 1; seed <= count; seed++) {
    const fit = { series, components: COMPONENTS, seed };
    const ours = await runMethod({ ...fit, engine: "webgpu", method: "nuts", draws: LONG.nuts! });
    const alike = await stanFit({ ...fit, delta: TARGET_ACCEPTANCE }), usual = await stanFit(fit);
    const round = roundOf(seed, ours, alike.value, usual.value);
    rounds.push(round.figures);
    write(tableLine(cellsOf(round.figures), widths));
    for (const { why } of [alike, usual]) if (why !== undefined) write(`${why}\n`);
    for (const closed of round.closed) write(`  no figures: ${closed}\n`);
  }
  write(`Target: ${times(MOST_GRADIENTS)} or fewer of Stan's gradients per effective draw.\n`);
  return rounds;
}

function roundOf(seed: number, ours: Run, alike: Run | undefined, usual: Run | undefined) {
  const own = gate(ours),
    costOf = (run: Run | undefined) =>
      run === undefined || own !== null || gate(ours, run) !== null ? null : speedOf(run).gradients_per_draw;
  const differences = [alike, usual].flatMap((run) =>
    run === undefined ? [] : [largestDifference(ours, run).value]
  );
  const figures: NutsRound = {
    seed,
    gradients_per_draw: own === null ? speedOf(ours).gradients_per_draw : null,
    stan_gradients_per_draw: costOf(alike),
    usual_stan_gradients_per_draw: costOf(usual),
    largest_z: differences.length === 0 ? null : Math.max(...differences),
  };
  const reasons = [own, ...[alike, usual].map((run) => run && gate(ours, run))];
  const closed = new Set(reasons.filter((reason) => typeof reason === "string"));
  return { figures, closed };
}

function cellsOf(
  {
    seed,
    gradients_per_draw: ours,
    stan_gradients_per_draw: alike,
    usual_stan_gradients_per_draw: usual,
    largest_z,
  }: NutsRound,
) {
  const besides = (theirs: number | null) => [
    formatNumber(theirs ?? NaN),
    ours === null || theirs === null ? "-" : times(ours / theirs),
  ];
  return [
    `seed ${seed}`,
    formatNumber(ours ?? NaN),
    ...besides(alike),
    ...besides(usual),
    formatNumber(largest_z ?? NaN),
  ];
}
