/**
 * The public series that hillmix is tried on, where `../shared/data` lies beside the checkout. Where it does not,
 * the test says so and runs on tables of the same shape made here.
 */
import assert from "node:assert/strict";
import { reviewTable } from "../../lib/data/review.ts";
import type { Roles } from "../../lib/data/roles.ts";
import { selectSeries } from "../../lib/data/select.ts";
import { simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import { splitHoldout } from "../../lib/data/split.ts";
import { formatCsv } from "../../lib/data/csv.ts";
import { isoDate } from "../../lib/data/dates.ts";
import { tableOf } from "./fixture.ts";

const FOLDER = new URL("../../../shared/data/", import.meta.url);
const GROUP = "mmm_timeseries_id";

interface Case {
  readonly file: string;
  readonly roles: Roles;
  readonly rows: number;
  readonly kept: number;
  readonly leftOut: number;
}

const conjura = (only: string): Roles => ({ target: "all_purchases", group: GROUP, only });
const CASES: readonly Case[] = [
  {
    file: "conjura_daily_3series.csv",
    roles: conjura("596eef7c71f933d820d0e485935d0e8f"),
    rows: 509,
    kept: 6,
    leftOut: 3,
  },
  {
    file: "conjura_daily_3series.csv",
    roles: conjura("2dd4d6617ad770d251099cfc2858caa5"),
    rows: 458,
    kept: 5,
    leftOut: 4,
  },
  {
    file: "conjura_daily_3series.csv",
    roles: conjura("b3836b1d93a45873b278599b016357f4"),
    rows: 487,
    kept: 5,
    leftOut: 4,
  },
  { file: "mmm_stan_us_retailer_weekly.csv", roles: { spend: ["mdsp_*"] }, rows: 209, kept: 10, leftOut: 0 },
  { file: "robyn_dt_simulated_weekly.csv", roles: {}, rows: 208, kept: 5, leftOut: 0 },
  { file: "meridian_national_media.csv", roles: {}, rows: 156, kept: 4, leftOut: 0 },
  { file: "mmm_eval_example_data.csv", roles: { spend: ["radio", "TV"] }, rows: 179, kept: 2, leftOut: 0 },
  { file: "sim_single_T200.csv", roles: {}, rows: 200, kept: 1, leftOut: 0 },
  { file: "sim_mixture_k2_T200.csv", roles: {}, rows: 200, kept: 1, leftOut: 0 },
  { file: "sim_mixture_k3_T200.csv", roles: {}, rows: 200, kept: 1, leftOut: 0 },
];

/** Two daily series in one file, channels idle in long stretches of empty cells, one never used. */
function ownTable(): { readonly text: string; readonly cases: readonly Case[] } {
  const columns = [GROUP, "date_day", "all_purchases", "search_spend", "social_spend", "video_spend"];
  const rows = ["a1", "b2"].flatMap((id, g) =>
    Array.from({ length: 400 + 50 * g }, (_, t) => [
      id,
      isoDate(19000 + 30 * g + t),
      20 + (t * 7) % 13,
      (10 + (t * 5) % 17).toFixed(9),
      t % 5 < 3 ? "" : (t * 3) % 11,
      "",
    ])
  );
  const of = (only: string, count: number): Case => ({
    file: "own",
    roles: conjura(only),
    rows: count,
    kept: 2,
    leftOut: 1,
  });
  return { text: formatCsv(columns, rows), cases: [of("a1", 400), of("b2", 450)] };
}

async function readOrUndefined(file: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(new URL(file, FOLDER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function assertSelected(bytes: string | Uint8Array, { file, roles, rows, kept, leftOut }: Case): void {
  const table = tableOf(bytes, file);
  const { series, cadence } = selectSeries(table, roles);
  assert.equal(series.spend.length, rows);
  assert.equal(series.response.length, rows);
  assert.equal(series.spendColumns.length, kept, series.spendColumns.join());
  assert.equal(series.leftOut.length, leftOut, series.leftOut.join());
  assert.ok(series.spend.every((value) => Number.isFinite(value) && value >= 0));
  assert.ok(series.response.every(Number.isFinite));
  assert.ok(cadence !== undefined);
  assert.equal(splitHoldout(series, 0.25).train.spend.length, Math.floor(0.75 * rows));
  assert.equal(reviewTable(table, roles).usable, true);
}

Deno.test("the series hillmix is tried on are all usable as they come", async () => {
  const own = ownTable();
  for (const each of own.cases) assertSelected(own.text, each);
  const simulated = simulationCsv(simulateSeries("single", 1));
  assertSelected(simulated, { file: "own", roles: {}, rows: 200, kept: 1, leftOut: 0 });
  const absent = new Set<string>();
  for (const each of CASES) {
    const bytes = await readOrUndefined(each.file);
    if (bytes === undefined) absent.add(each.file);
    else assertSelected(bytes, each);
  }
  if (absent.size > 0) console.log(`not beside this checkout, so not read: ${[...absent].join(", ")}`);
});
