import assert from "node:assert/strict";
import type { Draws } from "../lib/diagnostics/draws.ts";
import { InputError } from "../lib/errors.ts";
import type { UnfinishedRun } from "../lib/runs/directory.ts";
import { fitReportSchema } from "../lib/runs/schema.ts";
import { salvage } from "../lib/salvage.ts";
import { fakeDraws, fakeFacts, fakePiece } from "./runs/fixture.ts";

const CHAINS = 4, DRAWS = 400;

function runOf(draws: Draws | undefined, change: Partial<UnfinishedRun["unfinished"]> = {}): UnfinishedRun {
  const unfinished = {
    ...fakeFacts(),
    state: "running" as const,
    phase: "sampling" as const,
    end: null,
    ...change,
  };
  return { unfinished, draws, live: false };
}

/** Independent draws, as good as draws can be. */
const perfect = () => fakePiece(fakeDraws(CHAINS, DRAWS)).columns();

Deno.test("a killed run is judged on its draws, is partial, and never passes", () => {
  const { report, draws } = salvage(runOf(perfect(), { sampling: { warmup: 500, draws: 1000 } }), "run");
  assert.deepEqual([report.verdict.strict, report.verdict.status, report.partial], [true, "review", true]);
  assert.match(
    report.verdict.reasons[0]!,
    /^The fit was killed in phase sampling, at 400 of 1000 draws per chain/,
  );
  assert.equal(report.diagnostics.divergences, 1);
  assert.ok(report.diagnostics.ebfmi_min > 0.3);
  assert.deepEqual([...draws.columns.keys()], [...fakeDraws(2, 2).columns.keys()]);
  assert.deepEqual(fitReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});

Deno.test("of a killed tempered run the round trips and modes so far count", () => {
  const draws = perfect(),
    column = (value: (draw: number, chain: number) => number) =>
      Float64Array.from({ length: CHAINS * DRAWS }, (_, i) => value(i % DRAWS, Math.floor(i / DRAWS)));
  const lineage: [string, Float64Array][] = [
    ["origin__", column((draw) => Math.floor(draw / 10))],
    ["round_trips__", column((draw, chain) => chain === 2 ? 3 : Math.floor(draw / 10))],
  ];
  const { report } = salvage(runOf({ ...draws, columns: new Map([...draws.columns, ...lineage]) }), "run");
  assert.match(report.verdict.reasons.join("\n"), /The slowest ladder made 3 round trips/);
  assert.ok(report.summary.every(({ name }) => !name.endsWith("__")));
});

Deno.test("too few draws, or none, are one sentence that says how far the fit was", () => {
  const cases: [UnfinishedRun, RegExp][] = [
    [
      runOf(undefined, { phase: "warm-up" }),
      /run: the fit was killed in phase warm-up and holds no draws yet; fit again\./,
    ],
    [runOf(fakePiece(fakeDraws(4, 3)).columns()), /holds no more than 3 draws per chain yet/],
    [
      { ...runOf(undefined), live: true },
      /the fit is still running in phase sampling and holds no draws yet; wait for it/,
    ],
    [runOf(undefined, { end: "was interrupted" }), /the fit was interrupted in phase sampling/],
  ];
  for (const [run, message] of cases) {
    assert.throws(
      () => salvage(run, "run"),
      (error) => error instanceof InputError && message.test(error.message),
    );
  }
});
