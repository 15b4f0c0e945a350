/**
 * Public series fitted with one and two curves: every fit comes to a verdict. Which one is printed, not required;
 * some of these posteriors are hard. Where `../shared/data` is not beside the checkout the test says so and fits
 * the built-in example instead.
 *
 * The conjura series are Conjura / A. Anderson (2024), figshare 25314841 v3, CC-BY 4.0.
 */
import assert from "node:assert/strict";
import type { Roles } from "../../lib/data/roles.ts";
import type { Series } from "../../lib/data/series.ts";
import { exampleSeries } from "../../lib/data/simulate.ts";
import { formatCount, formatFixed } from "../../lib/report/format.ts";
import { tableLine } from "../bench/benchmark.ts";
import { fitSeries, seriesOf, sharedFile } from "../bench/support.ts";

const conjura = (only: string): Roles => ({ target: "all_purchases", group: "mmm_timeseries_id", only });
const CASES: readonly { readonly name: string; readonly file: string; readonly roles: Roles }[] = [
  ...[
    "596eef7c71f933d820d0e485935d0e8f",
    "2dd4d6617ad770d251099cfc2858caa5",
    "b3836b1d93a45873b278599b016357f4",
  ]
    .map((id) => ({
      name: `conjura ${id.slice(0, 8)}`,
      file: "conjura_daily_3series.csv",
      roles: conjura(id),
    })),
  { name: "mmm_stan retailer", file: "mmm_stan_us_retailer_weekly.csv", roles: { spend: ["mdsp_*"] } },
  { name: "robyn", file: "robyn_dt_simulated_weekly.csv", roles: {} },
  { name: "meridian", file: "meridian_national_media.csv", roles: {} },
  { name: "mmm-eval", file: "mmm_eval_example_data.csv", roles: { spend: ["radio", "TV"] } },
];
const WIDTHS = [18, 4, 2, 9, 9, 9, 11, 7, 6];

async function loadSeries(): Promise<{ name: string; series: Series }[]> {
  const loaded: { name: string; series: Series }[] = [];
  const absent = new Set<string>();
  for (const { name, file, roles } of CASES) {
    const path = await sharedFile(`data/${file}`);
    if (path === undefined) absent.add(file);
    else loaded.push({ name, series: seriesOf(await Deno.readFile(path), file, roles) });
  }
  if (absent.size > 0) console.log(`not beside this checkout, so not fitted: ${[...absent].join(", ")}`);
  return loaded.length > 0 ? loaded : [{ name: "built-in example", series: exampleSeries() }];
}

Deno.test("real series come to a verdict with one and two curves", async () => {
  const titles = ["series", "rows", "K", "R-hat", "bulk ESS", "tail ESS", "divergences", "verdict", "s"];
  console.log(tableLine(titles, WIDTHS).trimEnd());
  for (const { name, series } of await loadSeries()) {
    for (const components of [1, 2]) {
      const { report } = await fitSeries({ series, components, seed: 1, engine: "webgpu" });
      const { diagnostics, verdict, timing } = report;
      const cells = [
        name,
        String(report.data.rows),
        String(components),
        formatFixed(diagnostics.max_rhat, 3),
        formatCount(diagnostics.min_ess_bulk),
        formatCount(diagnostics.min_ess_tail),
        formatCount(diagnostics.divergences),
        verdict.status,
        timing.total_s.toFixed(0),
      ];
      console.log(tableLine(cells, WIDTHS).trimEnd());
      assert.ok(report.summary.every(({ mean, sd }) => Number.isFinite(mean) && sd > 0), name);
      assert.equal(verdict.reasons.length > 0, verdict.status !== "pass", "a verdict that says no says why");
    }
  }
});
