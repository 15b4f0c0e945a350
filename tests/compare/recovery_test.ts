import assert from "node:assert/strict";
import { knownTruth, recover } from "../../lib/compare/recovery.ts";
import { splitHoldout } from "../../lib/data/split.ts";
import { simulateSeries } from "../../lib/data/simulate.ts";
import { adstock } from "../../lib/model/median.ts";
import { timeIndex } from "../../lib/model/standardise.ts";
import type { SummaryRow } from "../../lib/runs/schema.ts";
import { seriesFrom } from "../inputs.ts";

const SIMULATION = simulateSeries("mixture_k2", 4, 120), { truth } = SIMULATION;
const SERIES = seriesFrom(SIMULATION);

const close = (actual: number, expected: number) =>
  assert.ok(
    Math.abs(actual - expected) < 1e-9 * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

Deno.test("with rows held out the true trend is that of the training rows' own time index", () => {
  const { train } = splitHoldout(SERIES, 0.25), rows = train.response.length;
  const { parameters } = knownTruth(truth, train, 2);
  const whole = timeIndex(120, 0, 120), part = timeIndex(rows, 0, rows);
  for (const t of [0, 17, rows - 1]) {
    close(
      parameters.get("intercept")! + parameters.get("slope")! * part[t],
      truth.intercept + truth.slope * whole[t],
    );
  }
  const all = knownTruth(truth, SERIES, 2).parameters;
  close(all.get("intercept")!, truth.intercept);
  close(all.get("slope")!, truth.slope);
});

Deno.test("the true contribution is what the true curves, weighted, make of the training rows' spend", () => {
  const { business } = knownTruth(truth, SERIES, 3);
  const stock = adstock(SERIES.spend, truth.alpha, new Float64Array(120));
  const expected = stock.reduce(
    (sum, s) =>
      sum + truth.curves.reduce((total, { pi, A, n, kappa }) => total + pi * A / (1 + (kappa / s) ** n), 0),
    0,
  );
  close(business.contribution.mean, expected);
  close(business.contribution.q5, expected);
});

Deno.test("curves and noise have a truth only in a model with as many curves", () => {
  const names = (components: number) => [...knownTruth(truth, SERIES, components).parameters.keys()];
  assert.deepEqual(names(3), ["alpha", "intercept", "slope"]);
  assert.deepEqual(
    new Set(names(2)),
    new Set([
      ...["alpha", "intercept", "slope", "sigma"],
      ...["pi.1", "A.1", "kappa.1", "n.1", "pi.2", "A.2", "kappa.2", "n.2"],
    ]),
  );
  const single = simulateSeries("single", 1, 60);
  const series = { ...SERIES, spend: single.spend, response: single.response };
  assert.ok(!knownTruth(single.truth, series, 1).parameters.has("pi.1"), "it is 1 by construction");
});

Deno.test("a truth inside the interval counts, and the farthest is told in the method's own deviations", () => {
  const known = knownTruth(truth, SERIES, 2);
  const row = (name: string, mean: number, sd: number): SummaryRow => ({
    name,
    mean,
    sd,
    q5: mean - 1.64 * sd,
    q50: mean,
    q95: mean + 1.64 * sd,
    rhat: 1,
    ess_bulk: 400,
    ess_tail: 400,
    mcse_mean: sd / 20,
  });
  const summary = [
    row("alpha", truth.alpha + 0.1, 0.1),
    row("sigma", truth.sigma + 0.6, 0.2),
    row("log_lik", 0, 1),
  ];
  const recovery = recover(known, summary, known.business);
  const find = (name: string) => recovery.quantities.find((each) => each.name === name);
  assert.equal(find("alpha")!.covered, true);
  assert.equal(find("sigma")!.covered, false);
  assert.equal(find("log_lik"), undefined);
  assert.equal(find("contribution")!.covered, true, "the truth covers itself");
  assert.equal(recovery.covered, recovery.quantities.length - 1);
  assert.equal(recovery.farthest.name, "sigma");
  close(recovery.farthest.value, 3);
});
