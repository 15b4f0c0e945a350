/** How far the Hill-mixture kernel is from the f64 reference, in units of the bound it promises. */
import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { norm } from "../model/support.ts";
import { hillProblem, hillTarget, priorPositions, type ProblemShape, stack } from "../engine/support.ts";

/** The promise: log densities within 1e-3 + 1e-6 |value|, gradients within 1e-3 of their norm ... */
const ABSOLUTE = 1e-3;
const RELATIVE = 1e-6;
const GRADIENT = 1e-3;
/** ... on this share of the prior, at these inverse temperatures. */
const SHARE = 0.999;
const BETAS = [0, 0.3, 1];
const DRAWS = 2000;

/** Everything that must not change the compiled kernel: shapes of equal K and J, in one ensemble. */
export async function checkAccuracy(engine: Engine, shapes: readonly ProblemShape[]): Promise<void> {
  const problems = shapes.map(hillProblem), target = hillTarget(...problems);
  const positions = stack(problems.map((problem, p) => priorPositions(problem, DRAWS, 100 + p)));
  const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
  const results = await Promise.all(BETAS.map((beta) => ensemble.evaluate(positions, beta)));
  await ensemble.close();

  const { dim } = ensemble, errors = () => new Float64Array(DRAWS);
  const worst = { "log prior": 0, "log lik": 0, gradient: 0 };
  shapes.forEach((shape, p) => {
    const density = targetDensity(target, p),
      prior = new Float64Array(dim),
      posterior = new Float64Array(dim);
    const ratios = BETAS.map(() => ({ "log prior": errors(), "log lik": errors(), gradient: errors() }));
    for (let i = 0; i < DRAWS; i++) {
      const at = p * DRAWS + i;
      density.evaluate(positions, at * dim, 0, prior, 0);
      density.evaluate(positions, at * dim, 1, posterior, 0);
      results.forEach(({ logPrior, logLik, gradient }, b) => {
        ratios[b]["log prior"][i] = valueRatio(logPrior[at], density.logPrior);
        ratios[b]["log lik"][i] = valueRatio(logLik[at], density.logLik);
        const exact = prior.map((value, j) => value + BETAS[b] * (posterior[j] - value));
        const miss = exact.map((value, j) => value - gradient[at * dim + j]);
        ratios[b].gradient[i] = norm(miss) / (GRADIENT * norm(exact));
      });
    }
    ratios.forEach((one, b) => {
      for (const quantity of ["log prior", "log lik", "gradient"] as const) {
        const within = one[quantity].filter((ratio) => ratio <= 1).length; // a NaN is not
        const misses = `${quantity} misses its bound on ${DRAWS - within} of ${DRAWS} draws`;
        assert.ok(within >= SHARE * DRAWS, `${misses} at beta ${BETAS[b]}, ${JSON.stringify(shape)}`);
        worst[quantity] = Math.max(worst[quantity], ...one[quantity]);
      }
    });
  });
  const figures = Object.entries(worst).map(([quantity, ratio]) => `${quantity} ${ratio.toPrecision(2)}`);
  const { components: K, controls: J = 0 } = shapes[0];
  const lengths = [...new Set(shapes.map(({ rows }) => rows))].join(", ");
  console.log(`  worst error over bound, K=${K} J=${J} T=${lengths}: ${figures.join(", ")}`);
}

function valueRatio(value: number, exact: number): number {
  return Math.abs(value - exact) / (ABSOLUTE + RELATIVE * Math.abs(exact));
}

const PRESETS = ["baseline", "centred", "combined", "fully-non-centred", "half-normal"];

/** Every preset, with spend in every row and in half of them by turns. */
export function everyPreset(
  components: number,
  controls: number,
  rows: number,
  sparseFirst: boolean,
): ProblemShape[] {
  const presets = components === 1 ? ["baseline", "fully-non-centred"] : PRESETS;
  return presets.map((preset, i) => ({
    components,
    controls,
    rows,
    preset,
    sparse: (i % 2 === 0) === sparseFirst,
  }));
}
