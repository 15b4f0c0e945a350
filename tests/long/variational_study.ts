/**
 * How wrong the approximate methods are: sds, means and mode weights beside those of the tempered method, on simulated
 * and public series. Prints a table per case; asserts nothing.
 *
 *     deno run --allow-read --allow-env tests/long/variational_study.ts [part of a case's name ...]
 *
 * The conjura series are Conjura / A. Anderson (2024), figshare 25314841 v3, CC-BY 4.0.
 */
import type { Roles } from "../../lib/data/roles.ts";
import type { FitOutcome, MethodName } from "../../lib/fit_types.ts";
import { formatFixed, formatLarge } from "../../lib/report/format.ts";
import type { SummaryRow } from "../../lib/runs/schema.ts";
import { tableLine } from "../bench/benchmark.ts";
import { fitSeries, seriesOf, sharedFile } from "../bench/support.ts";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly roles: Roles;
  readonly components: number;
}

const CONJURA = "596eef7c71f933d820d0e485935d0e8f";
const CASES: readonly Case[] = [
  ...[1, 2, 3].map((components) => ({
    name: `sim_single K=${components}`,
    file: "sim_single_T200.csv",
    roles: {},
    components,
  })),
  { name: "sim_k2 K=2", file: "sim_mixture_k2_T200.csv", roles: {}, components: 2 },
  { name: "sim_k3 K=3", file: "sim_mixture_k3_T200.csv", roles: {}, components: 3 },
  {
    name: "conjura 596eef7c K=2",
    file: "conjura_daily_3series.csv",
    roles: { target: "all_purchases", group: "mmm_timeseries_id", only: CONJURA },
    components: 2,
  },
  {
    name: "mmm_eval K=2",
    file: "mmm_eval_example_data.csv",
    roles: { spend: ["radio", "TV"] },
    components: 2,
  },
  { name: "meridian K=2", file: "meridian_national_media.csv", roles: {}, components: 2 },
];
const METHODS: readonly MethodName[] = ["advi", "advi-fullrank", "pathfinder"];
const TITLES = [
  "method",
  "k-hat",
  "status",
  "sd ratio min",
  "median",
  "max",
  "gap of means",
  "gradients",
  "s",
];
const WIDTHS = [13, 5, 30, 24, 6, 24, 24, 9, 6];

/** Parameters that both fits have, without what merely follows from them. */
function pairs(one: FitOutcome, other: FitOutcome): (readonly [SummaryRow, SummaryRow])[] {
  const rows = new Map(other.report.summary.map((row) => [row.name, row]));
  return one.report.summary.filter(({ name }) => !/^(log_lik|fitted\..*)$/.test(name))
    .map((row) => [row, rows.get(row.name)!] as const);
}

/** `0.12 (sigma_log_n)` of the extreme entry. */
function extreme(entries: readonly (readonly [string, number])[], sign: 1 | -1): string {
  const [name, value] = entries.reduce((a, b) => sign * b[1] > sign * a[1] ? b : a);
  return `${formatFixed(value, 2)} (${name})`;
}

function compare(approximate: FitOutcome, reference: FitOutcome): string[] {
  const { approximation, timing, method } = approximate.report, rows = pairs(approximate, reference);
  const ratios = rows.map(([vi, exact]) => [vi.name, vi.sd / exact.sd] as const);
  const gaps = rows.map(([vi, exact]) => [vi.name, Math.abs(vi.mean - exact.mean) / exact.sd] as const);
  const sorted = ratios.map(([, ratio]) => ratio).sort((a, b) => a - b);
  return [
    method,
    formatFixed(approximation!.k_hat, 2),
    approximation!.status,
    extreme(ratios, -1),
    formatFixed(sorted[Math.floor(sorted.length / 2)], 2),
    extreme(ratios, 1),
    extreme(gaps, 1),
    formatLarge(timing.gradients),
    formatFixed(timing.total_s, 1),
  ];
}

/** Weights of the heaviest solutions. */
const weights = (solutions: readonly { readonly weight: number }[]): string =>
  solutions.slice(0, 5).map(({ weight }) => formatFixed(weight, 3)).join(" ");

async function study({ name, file, roles, components }: Case): Promise<void> {
  const path = await sharedFile(`data/${file}`);
  if (path === undefined) {
    return console.log(`${name}: data/${file} is not beside this checkout, so not fitted\n`);
  }
  const request = {
    series: seriesOf(await Deno.readFile(path), file, roles),
    components,
    seed: 1,
    engine: "webgpu",
  } as const;
  const reference = await fitSeries({ ...request, method: "tempered" }), { report } = reference;
  console.log(
    `${name}: tempered, ${report.verdict.status}, R-hat ${
      formatFixed(report.diagnostics.max_rhat, 3)
    }, log evidence ` +
      `${formatFixed(report.log_evidence!, 2)}, ${formatLarge(report.timing.gradients)} gradients, ` +
      `${formatFixed(report.timing.total_s, 1)} s; mode weights ${weights(report.tempering!.modes)}`,
  );
  console.log(tableLine(TITLES, WIDTHS).trimEnd());
  for (const method of METHODS) {
    const outcome = await fitSeries({ ...request, method }), { approximation } = outcome.report;
    console.log(tableLine(compare(outcome, reference), WIDTHS).trimEnd());
    console.log(
      `  ELBO ${formatFixed(approximation!.elbo, 2)}; solution weights ${weights(approximation!.optima)}`,
    );
  }
  console.log("");
}

for (const one of CASES) {
  if (Deno.args.length === 0 || Deno.args.some((part) => one.name.includes(part))) await study(one);
}
