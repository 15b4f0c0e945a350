import assert from "node:assert/strict";
import type { TestTarget } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { RandomStream } from "../../lib/random.ts";
import { correlatedGaussian, withWebgpu } from "../engine/support.ts";
import { mixture } from "../samplers/tempered_targets.ts";
import { norm } from "../model/support.ts";

/** The kernel's log density, up to the constant that it leaves out, and its gradient, at points of spread 1.5. */
async function check(target: TestTarget, tolerance: number): Promise<void> {
  await withWebgpu(async (engine) => {
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
    const count = 300, { dim } = ensemble, stream = new RandomStream(9, 0);
    const positions = Float64Array.from({ length: count * dim }, () => Math.fround(1.5 * stream.normal()));
    const density = targetDensity(target, 0), exact = new Float64Array(dim);
    for (const beta of [0, 0.3, 1]) {
      const { logPrior, logLik, gradient } = await ensemble.evaluate(positions, beta);
      let constant: number | undefined;
      for (let i = 0; i < count; i++) {
        density.evaluate(positions, i * dim, beta, exact, 0);
        constant ??= density.logLik - logLik[i];
        const miss = density.logLik - logLik[i] - constant;
        assert.ok(Math.abs(miss) <= tolerance * (1 + Math.abs(density.logLik)), `log density off by ${miss}`);
        assert.equal(logPrior[i], 0);
        const off = norm(exact.map((value, j) => value - gradient[i * dim + j]));
        assert.ok(off <= tolerance * norm(exact), `gradient off by ${off}`);
      }
    }
    await ensemble.close();
  });
}

Deno.test("gaussian.wgsl is the f64 reference up to a constant", () =>
  check(correlatedGaussian(7, 0.8).target, 1e-5));

Deno.test("funnel.wgsl is the f64 reference up to a constant", () =>
  check({ kind: "funnel", dim: 10 }, 1e-5));

Deno.test("mixture.wgsl is the f64 reference, prior and constants included", () =>
  withWebgpu(async (engine) => {
    const target = mixture(6, [0.2, 0.5, 0.3], 5, 4), count = 200;
    const ensemble = await engine.ensemble({ target, chainsPerProblem: 8, seed: 1 });
    const { dim } = ensemble, stream = new RandomStream(9, 0);
    const positions = Float64Array.from({ length: count * dim }, () => Math.fround(3 * stream.normal()));
    const density = targetDensity(target, 0), exact = new Float64Array(dim);
    for (const beta of [0, 0.3, 1]) {
      const { logPrior, logLik, gradient } = await ensemble.evaluate(positions, beta);
      for (let i = 0; i < count; i++) {
        density.evaluate(positions, i * dim, beta, exact, 0);
        assert.ok(Math.abs(density.logPrior - logPrior[i]) <= 1e-5 * (1 + Math.abs(density.logPrior)));
        assert.ok(Math.abs(density.logLik - logLik[i]) <= 1e-5 * (1 + Math.abs(density.logLik)));
        const off = norm(exact.map((value, j) => value - gradient[i * dim + j]));
        assert.ok(off <= 1e-5 * (1 + norm(exact)), `gradient off by ${off}`);
      }
    }
    await ensemble.close();
  }));
