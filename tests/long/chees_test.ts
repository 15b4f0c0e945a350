import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { correlatedGaussian, withCpu, withWebgpu } from "../engine/support.ts";
import { runOn, scoresOf } from "../samplers/chees_runs.ts";

// 20 seeds, 40 moments each: 800 z-scores, each beyond 4.5 with probability 6.8e-6, together 0.5%.
async function check(engine: Engine): Promise<void> {
  const { target, mean, sd } = correlatedGaussian(20, 0.95);
  const all: number[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    const run = await runOn(engine, target, seed, { chains: 64, warmup: 500, draws: 500 });
    const scores = scoresOf(run, mean, sd);
    scores.forEach((z, j) => assert.ok(Math.abs(z) < 4.5, `seed ${seed}, moment ${j}: z = ${z}`));
    all.push(...scores);
  }
  const square = all.reduce((sum, z) => sum + z * z, 0) / all.length;
  console.log(`  largest |z| ${Math.max(...all.map(Math.abs)).toFixed(2)}, mean z^2 ${square.toFixed(2)}`);
  assert.ok(square > 0.7 && square < 1.4, `mean square of z-scores ${square}`);
}

Deno.test("a Gaussian of 20 strongly correlated dimensions is right for twenty seeds (webgpu)", () =>
  withWebgpu(check));
Deno.test("a Gaussian of 20 strongly correlated dimensions is right for twenty seeds (cpu)", () =>
  withCpu(check));
