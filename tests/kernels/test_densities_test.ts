import assert from "node:assert/strict";
import type { TestTarget } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { RandomStream } from "../../lib/random.ts";
import { correlatedGaussian, withWebgpu } from "../engine/support.ts";
import { linearRegression } from "../samplers/exact_targets.ts";
import { mixture } from "../samplers/tempered_targets.ts";
import { norm } from "../model/support.ts";

/** The kernel's log density, constants included, and its gradient, at points of spread 1.5. */
async function check(target: TestTarget, tolerance: number): Promise<void> {
  await withWebgpu(async (engine) => {
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
    const count = 300, { dim } = ensemble, stream = new RandomStream(9, 0);
    const positions = Float64Array.from({ length: count * dim }, () => Math.fround(1.5 * stream.normal()));
    const density = targetDensity(target, 0), exact = new Float64Array(dim);
    for (const beta of [0, 0.3, 1]) {
      const { logPrior, logLik, gradient } = await ensemble.evaluate(positions, beta);
      for (let i = 0; i < count; i++) {
        density.evaluate(positions, i * dim, beta, exact, 0);
        // Where a prior is taken out of a density, the likelihood is a difference of the two.
        const size = 1 + Math.abs(density.logPrior) + Math.abs(density.logLik);
        for (const miss of [density.logPrior - logPrior[i], density.logLik - logLik[i]]) {
          assert.ok(Math.abs(miss) <= tolerance * size, `log density off by ${miss}`);
        }
        const off = norm(exact.map((value, j) => value - gradient[i * dim + j]));
        assert.ok(off <= tolerance * (1 + norm(exact)), `gradient off by ${off}`);
      }
    }
    await ensemble.close();
  });
}

const { target: GAUSSIAN } = correlatedGaussian(7, 0.8);
const priorSd = (dim: number) => Float64Array.from({ length: dim }, (_, i) => 2 + i);

for (
  const [name, target, tolerance] of [
    ["gaussian.wgsl", GAUSSIAN, 1e-5],
    ["gaussian.wgsl with a prior", { ...GAUSSIAN, priorSd: priorSd(7) }, 1e-5],
    ["funnel.wgsl", { kind: "funnel", dim: 10 }, 1e-5],
    ["funnel.wgsl with a prior", { kind: "funnel", dim: 10, priorSd: priorSd(10) }, 1e-5],
    ["banana.wgsl", { kind: "banana", dim: 5, twist: 0.1 }, 1e-5],
    ["banana.wgsl with a prior", { kind: "banana", dim: 2, twist: 0.03, priorSd: priorSd(2) }, 1e-5],
    ["mixture.wgsl", mixture(6, [0.2, 0.5, 0.3], 5, 4, [1, 0.5, 2]), 1e-5],
    ["linear.wgsl", linearRegression(30, 6, 1), 1e-5],
  ] as const
) Deno.test(`${name} is the f64 reference, constants included`, () => check(target, tolerance));
