/**
 * Gradients per second of both engines beside Stan's over all cores, in one run: by rows, curves and chains. The
 * gradients are those of HMC transitions as a fit runs them, records and read-back included.
 */
import type { Engine } from "../../lib/engine/ensemble.ts";
import { openEngine } from "../../lib/engine/open.ts";
import { formatLarge } from "../../lib/report/format.ts";
import { type BenchContext, type Benchmark, tableLine, times } from "./benchmark.ts";
import { benchProblem, hmcRate, LEAPFROGS, type Rate } from "./gradients.ts";
import { stanGradients } from "./stan_gradients.ts";

interface Plan {
  readonly rows: readonly number[];
  readonly components: readonly number[];
  readonly chains: readonly number[];
  readonly repeats: number;
  /** Of each repeat. */
  readonly seconds: number;
  /** How long Stan's cores are kept busy, each of two ways. */
  readonly stanSeconds: number;
}

const FULL: Plan = {
  rows: [200, 500, 1500],
  components: [1, 2, 3, 5],
  chains: [8, 64, 256, 1024, 4096],
  repeats: 3,
  seconds: 0.25,
  stanSeconds: 1.5,
};
const QUICK: Plan = {
  rows: [200],
  components: [1, 3],
  chains: [64, 256, 1024],
  repeats: 3,
  seconds: 0.25,
  stanSeconds: 1,
};
/** Where the cpu engine is timed too: chains, and the numbers of curves. */
const CPU_CHAINS = 64;
const CPU_COMPONENTS = [1, 3];

/** One timing. Rates are in gradients per second; null where the check failed or Stan is absent. */
export interface ThroughputFigure {
  readonly engine: "webgpu" | "cpu";
  readonly rows: number;
  readonly components: number;
  readonly chains: number;
  readonly gradients_per_s: number | null;
  readonly stan_gradients_per_s: number | null;
  readonly ratio: number | null;
  readonly error: number;
}

export const throughput: Benchmark = {
  title: "Gradients per second, and how many times Stan's over all cores",
  run: ({ quick, write }) => measure(quick ? QUICK : FULL, write),
};

async function measure(plan: Plan, write: BenchContext["write"]): Promise<ThroughputFigure[]> {
  const engines: Engine[] = [];
  for (const name of ["webgpu", "cpu"] as const) engines.push((await openEngine(name)).engine);
  const [webgpu, cpu] = engines;
  const figures: ThroughputFigure[] = [];
  const widths = [14, 7, ...plan.chains.map(() => 13), 13];
  write(
    `${plan.chains.join(", ")} chains on webgpu, ${CPU_CHAINS} on the processor; ${LEAPFROGS} leapfrogs a `,
  );
  write("transition; medians\n");
  write(tableLine(["", "Stan", ...plan.chains.map((n) => `${n} chains`), "cpu engine"], widths));
  try {
    for (const rows of plan.rows) {
      for (const components of plan.components) {
        const problem = benchProblem(rows, components);
        const stan = await stanGradients({ rows, components, seconds: plan.stanSeconds });
        const peer = stan.value?.gradients_per_s;
        const time = async (engine: Engine, chains: number): Promise<string> => {
          const ensemble = await engine.ensemble({
            target: { kind: "hill_mixture", problems: [problem] },
            chainsPerProblem: chains,
            seed: 1,
          });
          const rate = await hmcRate(ensemble, problem, plan.repeats, plan.seconds);
          await ensemble.close();
          figures.push(figureOf(rate, peer, { engine: engine.name, rows, components, chains }));
          return cellOf(figures.at(-1)!);
        };
        const cells: string[] = [];
        for (const chains of plan.chains) cells.push(await time(webgpu, chains));
        cells.push(CPU_COMPONENTS.includes(components) ? await time(cpu, CPU_CHAINS) : "");
        write(tableLine([
          `T=${rows} K=${components}`,
          peer === undefined ? "-" : formatLarge(peer),
          ...cells,
        ], widths));
        if (stan.why !== undefined && figures.length === cells.length) write(`${stan.why}\n`);
      }
    }
  } finally {
    for (const engine of engines) await engine.close();
  }
  const failed = figures.filter(({ gradients_per_s }) => gradients_per_s === null).length;
  if (failed > 0) write(`${failed} timings are left out: their results were wrong.\n`);
  return figures;
}

function figureOf(
  { gradientsPerSecond, error }: Rate,
  stan: number | undefined,
  point: Pick<ThroughputFigure, "engine" | "rows" | "components" | "chains">,
): ThroughputFigure {
  return {
    ...point,
    gradients_per_s: gradientsPerSecond ?? null,
    stan_gradients_per_s: stan ?? null,
    ratio: gradientsPerSecond === undefined || stan === undefined ? null : gradientsPerSecond / stan,
    error,
  };
}

function cellOf({ gradients_per_s, ratio, error }: ThroughputFigure): string {
  if (gradients_per_s === null) return `wrong ${error.toExponential(0)}`;
  return formatLarge(gradients_per_s) + (ratio === null ? "" : ` ${times(ratio)}`);
}
