/**
 * The sixty cases of the study of `auto`: simulated series fitted with as many curves as they have, fewer and more,
 * other presets, and windows of real series; short ones, because each is fitted a second time at length. They are
 * ordered so that the first so many of them are a fair mix.
 *
 * The conjura series are Conjura / A. Anderson (2024), figshare 25314841 v3, CC-BY 4.0.
 */
import type { Roles } from "../../lib/data/roles.ts";
import type { Series } from "../../lib/data/series.ts";
import { type Process, simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import { seriesOf, sharedFile } from "../bench/support.ts";

export interface StudyCase {
  readonly name: string;
  readonly components: number;
  readonly preset: string;
  /** Undefined where the data is not beside this checkout. */
  series(): Promise<Series | undefined>;
}

/** Rows, seed and numbers of curves to fit. */
type Simulated = readonly [process: Process, rows: number, seed: number, components: number, preset?: string];

const RIGHT: readonly Simulated[] = [
  ["single", 60, 1, 1],
  ["mixture_k2", 60, 3, 2],
  ["mixture_k3", 60, 4, 3],
  ["single", 120, 2, 1],
  ["mixture_k2", 80, 4, 2],
  ["mixture_k5", 80, 6, 5],
  ["mixture_k2", 120, 5, 2],
  ["mixture_k3", 100, 5, 3],
  ["mixture_k2", 200, 6, 2],
];
const FEWER: readonly Simulated[] = [
  ["mixture_k2", 100, 1, 1],
  ["mixture_k3", 60, 2, 2],
  ["mixture_k5", 60, 1, 1],
  ["mixture_k5", 80, 2, 2],
  ["mixture_k3", 80, 1, 1],
  ["mixture_k5", 60, 4, 3],
  ["mixture_k3", 100, 3, 2],
  ["mixture_k2", 60, 2, 1],
  ["mixture_k5", 120, 3, 2],
];
const MORE: readonly Simulated[] = [
  ["single", 80, 3, 2],
  ["mixture_k2", 80, 7, 3],
  ["single", 60, 5, 3],
  ["mixture_k3", 60, 7, 5],
  ["single", 100, 4, 2],
  ["mixture_k2", 60, 8, 3],
];
const PRESETS: readonly Simulated[] = [
  ["mixture_k2", 80, 9, 2, "sparse-dirichlet"],
  ["mixture_k2", 80, 9, 2, "half-normal"],
  ["mixture_k2", 80, 9, 2, "fully-non-centred"],
  ["mixture_k3", 60, 8, 3, "inverse-gamma"],
  ["mixture_k2", 80, 9, 2, "centred"],
  ["mixture_k2", 80, 9, 2, "combined"],
  ["mixture_k2", 80, 9, 2, "half-normal-tight"],
  ["mixture_k3", 60, 8, 3, "sparse-dirichlet"],
  ["mixture_k2", 80, 9, 2, "inverse-gamma"],
  ["single", 60, 6, 2, "combined"],
  ["mixture_k5", 60, 7, 3, "half-normal"],
];

interface Source {
  readonly file: string;
  readonly roles: Roles;
}
const conjura = (only: string): Source => ({
  file: "conjura_daily_3series.csv",
  roles: { target: "all_purchases", group: "mmm_timeseries_id", only },
});
const SOURCES = {
  "conjura 596eef7c": conjura("596eef7c71f933d820d0e485935d0e8f"),
  "conjura 2dd4d661": conjura("2dd4d6617ad770d251099cfc2858caa5"),
  "conjura b3836b1d": conjura("b3836b1d93a45873b278599b016357f4"),
  "retailer": { file: "mmm_stan_us_retailer_weekly.csv", roles: { spend: ["mdsp_*"] } },
  "robyn": { file: "robyn_dt_simulated_weekly.csv", roles: {} },
  "meridian": { file: "meridian_national_media.csv", roles: {} },
  "mmm-eval": { file: "mmm_eval_example_data.csv", roles: { spend: ["radio", "TV"] } },
} as const satisfies Record<string, Source>;

/** Windows of real series: the first or (below zero) the last so many rows. */
type Window = readonly [source: keyof typeof SOURCES, rows: number, components: number];

const REAL: readonly Window[] = [
  ["conjura 596eef7c", 80, 2],
  ["retailer", 80, 1],
  ["meridian", 156, 2],
  ["robyn", -80, 2],
  ["mmm-eval", 80, 1],
  ["conjura 2dd4d661", 80, 2],
  ["conjura b3836b1d", 80, 1],
  ["retailer", 80, 2],
  ["conjura 596eef7c", -60, 3],
  ["meridian", 80, 1],
  ["mmm-eval", 80, 2],
  ["conjura b3836b1d", -80, 2],
  ["robyn", 80, 1],
  ["conjura 2dd4d661", -80, 2],
  ["retailer", 60, 3],
  ["conjura 596eef7c", 80, 1],
  ["robyn", 80, 2],
  ["meridian", -60, 3],
  ["mmm-eval", 179, 1],
  ["conjura 596eef7c", -80, 2],
  ["conjura 2dd4d661", 80, 1],
  ["conjura b3836b1d", 80, 2],
  ["retailer", -80, 2],
  ["meridian", 80, 2],
  ["mmm-eval", -80, 3],
];

function simulated([process, rows, seed, components, preset = "baseline"]: Simulated): StudyCase {
  const name = `${process}, ${rows} rows, seed ${seed}`;
  const csv = () => simulationCsv(simulateSeries(process, seed, rows));
  return {
    name,
    components,
    preset,
    series: () => Promise.resolve(seriesOf(new TextEncoder().encode(csv()), name)),
  };
}

function real([source, rows, components]: Window): StudyCase {
  const { file, roles } = SOURCES[source];
  const name = `${source}, ${rows < 0 ? "last" : "first"} ${Math.abs(rows)} rows`;
  return {
    name,
    components,
    preset: "baseline",
    async series() {
      const path = await sharedFile(`data/${file}`);
      if (path === undefined) return undefined;
      const { dates: _dates, ...whole } = seriesOf(await Deno.readFile(path), file, roles);
      const window = (values: Float64Array) => rows < 0 ? values.slice(rows) : values.slice(0, rows);
      return { ...whole, name, spend: window(whole.spend), response: window(whole.response), controls: [] };
    },
  };
}

/** Spreads the members of every group evenly over the whole list, keeping their order. */
function interleave<T>(all: readonly T[], groupOf: (one: T) => string): T[] {
  const groups = Map.groupBy(all, groupOf);
  return [...groups.values()]
    .flatMap((group) => group.map((one, i) => ({ one, at: (i + 0.5) / group.length })))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

export const CASES: readonly StudyCase[] = interleave(
  [...[...RIGHT, ...FEWER, ...MORE, ...PRESETS].map(simulated), ...REAL.map(real)],
  ({ name, components, preset }) =>
    `${name.includes("seed")} ${Math.min(components, 3)} ${preset === "baseline"}`,
);
