import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { componentsText } from "../../lib/report/components.ts";
import { displayWidth } from "../../lib/report/layout.ts";
import { coloured, plain } from "../../lib/report/terminal.ts";
import type { ComparedRow, ComponentsReport } from "../../lib/runs/components.ts";
import { below, comparedRow, componentsReport, share } from "../runs/compared_fixture.ts";

const ROWS: readonly ComparedRow[] = [
  comparedRow(1, { ...share(0.001), ...below(-14.2, 5) }),
  comparedRow(2, share(0.972, 0.961, 0.979)),
  comparedRow(3, { ...share(0.027), ...below(-0.4, 1.1), verdict: "review", partial: true }),
  comparedRow(4, { ...below(NaN, NaN), verdict: "fail" }),
  { components: 5, fit: null, reason: "the device was lost." },
];
function textAt(width: number, change: Partial<ComponentsReport> = {}): string {
  const files = ["runs/20261122T104501Z-weekly-sales-k1-5/components.json", "runs/k1"];
  return componentsText(componentsReport(ROWS, change), files, { width, paint: plain });
}

const cells = (text: string, K: number) =>
  text.split("\n").filter((line) => line.startsWith(`${K}  `)).map((line) => line.split(/ {2,}/));

Deno.test("no line of a comparison is longer than the terminal, at any width", () => {
  for (const width of [20, 30, 40, 49, 50, 60, 72, 80, 100, 200]) {
    const long = textAt(width).split("\n").filter((line) => displayWidth(line) > width);
    assert.deepEqual(long, [], `width ${width}`);
  }
});

Deno.test("80 columns show everything side by side", () => {
  const text = textAt(80);
  assert.match(text, /^K +verdict +log evidence +se +P\(K\) +90% range +eff\. K +time$/m);
  assert.match(text, /^K +LOO elpd +difference +se +RMSE +CRPS +in 90%$/m);
  assert.deepEqual(cells(text, 2), [
    ["2", "pass", "-614.35", "0.05", "97%", "96% - 98%", "1.75", "25.0 s"],
    ["2", "-600.0", "0.0", "0.0", "4.250", "2.375", "88%"],
  ]);
  assert.deepEqual(cells(text, 3)[0].slice(1, 6), ["review*", "-615.35", "0.05", "3%", "3%"]);
  assert.deepEqual(cells(text, 4)[0].slice(1, 6), ["FAIL", "(-616.35)", "0.05", "-", "-"]);
  assert.deepEqual(cells(text, 4)[1].slice(1, 4), ["(-610.0)", "-", "-"]);
  assert.deepEqual(new Set(cells(text, 5).flatMap((row) => row.slice(1))), new Set(["-"]));
  assert.ok(!text.includes("NaN"));
});

Deno.test("40 columns keep the verdict, the probability, the difference and the choice", () => {
  const text = textAt(40);
  assert.match(text, /^K +verdict +log evidence +P\(K\) +eff\. K$/m);
  assert.match(text, /^K +difference +se +RMSE +CRPS$/m);
  assert.match(text, /^Use K = 2: it has 97% of the posterior/m);
});

Deno.test("what is not there is not shown, or explained", () => {
  assert.match(textAt(80), /In brackets: of a fit\s+that failed\.\s+\*: interrupted\./);
  const { data } = componentsReport(ROWS);
  const text = componentsText(
    componentsReport(
      [1, 2].map((K) => comparedRow(K, { log_evidence: NaN, log_evidence_error: NaN, holdout: null })),
      { data: { ...data, holdout_rows: 0 }, method: "chees" },
    ),
    [],
    { width: 80, paint: plain },
  );
  assert.ok(!/RMSE|brackets|interrupted|NaN|Files/.test(text), text);
  assert.match(text.replaceAll(/\s+/g, " "), /Log evidence: only method tempered estimates it\./);
  assert.match(textAt(80, { partial: true }), /how many curves\? \(interrupted\)/);
});

Deno.test("colour changes no letter and marks the recommended K", () => {
  const report = componentsReport(ROWS);
  const bright = componentsText(report, [], { width: 80, paint: coloured });
  assert.equal(stripVTControlCharacters(bright), componentsText(report, [], { width: 80, paint: plain }));
  const bold = bright.split("\n").filter((line) => line.startsWith("\x1b[1m2 "));
  assert.equal(bold.length, 2);
});
