import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { compareText } from "../../lib/report/compare.ts";
import { displayWidth } from "../../lib/report/layout.ts";
import { coloured, plain } from "../../lib/report/terminal.ts";
import type { CompareReport, CompareRow, RecoveryReport } from "../../lib/runs/compare.ts";
import {
  approximation,
  compareReport,
  fakeBusiness,
  fakeGap,
  missing,
  sampler,
  taking,
} from "../runs/compare_fixture.ts";

const RECOVERY: RecoveryReport = {
  quantities: [{ name: "alpha", truth: 0.5, mean: 0.45, q5: 0.4, q95: 0.49, covered: false }],
  covered: 0,
  farthest: { name: "alpha", value: -1.7 },
};
const ROWS: readonly CompareRow[] = [
  sampler("chees", { ...taking(7), recovery: RECOVERY, partial: true }),
  sampler("nuts:none", {
    status: "fail",
    reasons: ["R-hat of A.1 is 1.2 (at most 1.01): chains disagree.", "More."],
  }),
  sampler("tempered"),
  approximation("two-stage:plug-in", {
    gap: fakeGap({ mean: -0.51, missed: 0.37 }),
    business: fakeBusiness(0.8),
  }),
  missing("advi", "the device was lost."),
];
const FILES = ["runs/20261122T104501Z-weekly-sales-k2-compare/compare.json", "runs/chees"];

function textAt(width: number, change: Partial<CompareReport> = {}, rows = ROWS): string {
  return compareText(compareReport(rows, { truth: fakeBusiness(), ...change }), FILES, {
    width,
    paint: plain,
  });
}

/** The cells of a method's lines, table by table. */
const cells = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(`${name}  `)).map((line) => line.split(/ {2,}/).slice(1));

Deno.test("no line of a comparison of methods is longer than the terminal, at any width", () => {
  for (const width of [20, 30, 40, 49, 50, 60, 72, 80, 100, 200]) {
    const long = textAt(width).split("\n").filter((line) => displayWidth(line) > width);
    assert.deepEqual(long, [], `width ${width}`);
  }
});

Deno.test("80 columns show cost, trust, prediction, agreement and money of every method", () => {
  const text = textAt(80);
  const titles = [
    /^ +verdict +time +gradients +ESS +ESS\/s/m,
    /^ +R-hat +unlabelled +relabelled +divergences +E-BFMI +k-hat$/m,
    /^ +LOO elpd +difference +se +RMSE +CRPS +in 90%$/m,
    /^ +gap +of +sd ratios +most of$/m,
    /^ +in 90% +farthest +of$/m,
    /^ +contribution +ROAS +next 10%$/m,
    /^ +0\.25x +0\.5x +1x +1\.5x +2x$/m,
    /^ +contribution +next 10% +0\.25x +0\.5x +1x +1\.5x +2x$/m,
  ];
  for (const title of titles) assert.match(text, title);
  const [cost, trust, prediction, agreement, truth, business, curve, gap] = cells(text, "two-stage:plug-in");
  assert.deepEqual(cost.slice(0, 4), ["review", "2.5 s", "1.25 M", "-"]);
  assert.deepEqual(trust, ["-", "-", "-", "-", "-", "0.60"]);
  assert.deepEqual(prediction.slice(1, 3), ["-0.1", "0.2"]);
  assert.deepEqual(agreement, ["+0.04", "A.2", "0.97-1.04", "kappa.2"]);
  assert.deepEqual(truth, ["-", "-", "-"]);
  assert.match(business[0], /^[\d,.]+ \([\d,.]+-[\d,.]+\)$/);
  assert.match(curve[4], /^[\d.]+-[\d.]+$/);
  assert.deepEqual(gap, ["-0.51", "37%", "-0.51", "37%", "37%", "37%", "37%", "37%", "37%"]);
  assert.deepEqual(cells(text, "chees")[0].slice(0, 2), ["pass*", "7 s"]);
  assert.deepEqual(cells(text, "chees")[4], ["0 of 1", "-1.70", "alpha"]);
  assert.deepEqual(cells(text, "nuts:none")[0].slice(0, 1), ["FAIL"]);
  assert.match(cells(text, "nuts:none")[2][0], /^\(-\d+\.\d\)$/);
  assert.match(
    text,
    /nuts:none: R-hat of A\.1 is 1\.2 \(at most 1\.01\) \(1 more finding: deno task\s+diagnose …\/nuts-none\)/,
  );
  assert.deepEqual(new Set(cells(text, "advi").flat()), new Set(["no fit", "-"]));
  assert.equal(cells(text, "(truth)").length, 2);
  assert.match(text, /^tempered +\. +\./m);
  assert.match(text, /^Use chees here/m);
  assert.ok(!text.includes("NaN") && !text.includes("undefined"));
});

Deno.test("40 columns keep every business number, in tables below each other", () => {
  const text = textAt(40);
  for (const title of ["contribution", "ROAS", "next 10%", "0.25x", "2x"]) {
    assert.match(text, new RegExp(`^ .*${title}`, "m"));
  }
  assert.match(text, /^ +verdict +time/m);
  assert.match(text, /^ +gap .*sd ratios$/m);
  assert.match(text, /^ +in 90%$/m);
});

Deno.test("what is not there is not shown", () => {
  const { data } = compareReport(ROWS);
  const failed = [sampler("chees", { status: "fail", holdout: null, gap: null })];
  const text = textAt(80, { truth: null, data: { ...data, holdout_rows: 0 } }, failed);
  assert.ok(!/RMSE|truth|Agreement|against|NaN|interrupted|, effort/.test(text), text);
  assert.match(textAt(80, { partial: true, effort: 2 }), /which method\? \(interrupted\)[^]*effort 2/);
});

Deno.test("colour changes no letter and marks the method to use in every table", () => {
  const report = compareReport(ROWS, { truth: fakeBusiness() });
  const bright = compareText(report, [], { width: 80, paint: coloured });
  assert.equal(stripVTControlCharacters(bright), compareText(report, [], { width: 80, paint: plain }));
  assert.equal(bright.split("\n").filter((line) => line.startsWith("\x1b[1mchees ")).length, 8);
  const narrow = compareText(report, [], { width: 40, paint: coloured }).split("\n");
  const bold = narrow.filter((line) => line.startsWith("\x1b[1mchees ")).length;
  assert.equal(bold, narrow.filter((line) => stripVTControlCharacters(line).startsWith("chees ")).length);
});
