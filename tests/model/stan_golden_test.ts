/**
 * The f64 density against an independent one: Stan's own arithmetic and automatic differentiation on the same
 * model, data and positions. `tests/golden/make_stan_density.R` made the values.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import type { Series } from "../../lib/data/series.ts";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { readMedian } from "../../lib/model/median.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import type { HillProblem } from "../../lib/model/problem.ts";
import { norm, spec } from "./support.ts";

const RELATIVE = 1e-10;

const numbers = z.array(z.number()).transform((values) => Float64Array.from(values));
const goldenSchema = z.object({
  spend: numbers, // (T) original units
  y: numbers, // (T)
  table: z.object({ start: z.number(), step: z.number(), ln_median: numbers }),
  cases: z.array(z.object({
    components: z.number(),
    points: z.array(numbers), // (points, D)
    log_density: z.array(z.number()), // up to one constant per case
    log_lik: z.array(z.number()), // original units
    gradients: z.array(numbers), // (points, D)
  })),
});
type Golden = z.output<typeof goldenSchema>;

async function readGolden(): Promise<Golden> {
  const url = new URL("../golden/stan_density.json", import.meta.url);
  return goldenSchema.parse(JSON.parse(await Deno.readTextFile(url)));
}

function seriesOf({ spend, y }: Golden): Series {
  return {
    name: "Stan's data",
    spend,
    spendColumns: ["spend"],
    leftOut: [],
    response: y,
    targetColumn: "y",
    controls: [],
  };
}

/** Our problem on Stan's data, reading ln median from Stan's table. */
function problemOf(golden: Golden, components: number): HillProblem {
  const { table } = golden;
  const problem = buildProblem(seriesOf(golden), spec({ components }));
  const logScale = Math.log(problem.units.spendScale);
  return {
    ...problem,
    median: {
      start: table.start,
      step: table.step,
      values: table.ln_median.map((value) => value - logScale),
    },
  };
}

function evaluate(problem: HillProblem, u: Float64Array) {
  const work = hillWorkspace(problem), gradient = new Float64Array(u.length);
  hillDensity(work, u, 0, 1, gradient, 0);
  return { logDensity: work.logPrior + work.logLik, logLik: work.logLik, gradient };
}

const golden = await readGolden();

for (const { components, points, log_density, log_lik, gradients } of golden.cases) {
  Deno.test(`Stan has the same log density and gradient, K = ${components}`, () => {
    const problem = problemOf(golden, components);
    const ours = points.map((u) => evaluate(problem, u));
    const logUnits = problem.rows * Math.log(problem.units.responseSd);
    points.forEach((u, i) => {
      assert.equal(u.length, problem.layout.dim);
      const difference = ours[i].logDensity - ours[0].logDensity, expected = log_density[i] - log_density[0];
      const size = Math.max(Math.abs(log_density[i]), Math.abs(log_density[0]));
      assert.ok(
        Math.abs(difference - expected) <= RELATIVE * size,
        `point ${i}: log density ${difference} above that of point 0, Stan says ${expected}`,
      );
      const logLik = ours[i].logLik - logUnits;
      assert.ok(
        Math.abs(logLik - log_lik[i]) <= RELATIVE * Math.abs(log_lik[i]),
        `point ${i}: log likelihood ${logLik}, Stan says ${log_lik[i]}`,
      );
      const allowed = RELATIVE * norm(gradients[i]);
      gradients[i].forEach((expected, j) => {
        const got = ours[i].gradient[j];
        assert.ok(
          Math.abs(got - expected) <= allowed,
          `point ${i}, ${problem.coordinates[j].name}: gradient ${got}, Stan says ${expected}`,
        );
      });
    });
  });
}

Deno.test("R has the same median of the adstocked spend", () => {
  const { median, units } = buildProblem(seriesOf(golden), spec());
  const value = { logMedian: NaN, logMedianSlope: NaN };
  let compared = 0;
  golden.table.ln_median.forEach((expected, i) => {
    const logitAlpha = golden.table.start + i * golden.table.step;
    if (Math.abs(logitAlpha) > 4.34) return; // beyond 99.9% of the prior, and R's table has flattened ends
    readMedian(median, logitAlpha, value);
    const error = value.logMedian + Math.log(units.spendScale) - expected;
    assert.ok(Math.abs(error) < 1e-4, `logit alpha ${logitAlpha}: ln median is ${error} above R's`);
    compared++;
  });
  assert.ok(compared > 80);
});
