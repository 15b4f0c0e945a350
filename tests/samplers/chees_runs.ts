/** Whole ChEES runs on targets whose moments are known, and how far off they are. */
import { sortColumn } from "../../lib/diagnostics/column.ts";
import { minEbfmi } from "../../lib/diagnostics/energy.ts";
import { mcseMean } from "../../lib/diagnostics/ess.ts";
import { mean } from "../../lib/diagnostics/numeric.ts";
import { rhat } from "../../lib/diagnostics/rhat.ts";
import type { Engine, TestTarget, TransitionBatch } from "../../lib/engine/ensemble.ts";
import { RandomStream } from "../../lib/random.ts";
import type { SamplerPlan, SamplerRun } from "../../lib/samplers/run.ts";
import { runChees } from "../../lib/samplers/run_chees.ts";
import { CANDIDATES } from "../../lib/samplers/start.ts";

/** Standard deviation of the candidates: far wider than any target here. */
const START_SD = 10;

export interface ChainPlan extends SamplerPlan {
  readonly chains: number;
}

/** Candidates from a wide Gaussian, (chains, CANDIDATES, D). */
export function wideCandidates(dim: number, chains: number, seed: number): Float64Array {
  const stream = new RandomStream(seed, 0, 12345);
  return Float64Array.from({ length: chains * CANDIDATES * dim }, () => START_SD * stream.normal());
}

/** One run from wide starts. */
export async function runOn(
  engine: Engine,
  target: TestTarget,
  seed: number,
  plan: ChainPlan,
): Promise<SamplerRun<TransitionBatch>> {
  const ensemble = await engine.ensemble({ target, chainsPerProblem: plan.chains, seed });
  const run = await runChees(ensemble, wideCandidates(ensemble.dim, plan.chains, seed), seed, plan);
  await ensemble.close();
  return run;
}

/** Values of a function of the position, or of the batch's statistics, (chains, draws). */
function columnOf(
  { batches }: SamplerRun<TransitionBatch>,
  value: (batch: TransitionBatch, row: number) => number,
): { values: Float64Array; chains: number; draws: number } {
  const { chains } = batches[0], draws = batches.reduce((sum, { transitions }) => sum + transitions, 0);
  const values = new Float64Array(chains * draws);
  let start = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.transitions; i++) {
      for (let c = 0; c < chains; c++) values[c * draws + start + i] = value(batch, i * chains + c);
    }
    start += batch.transitions;
  }
  return { values, chains, draws };
}

/** How many Monte Carlo standard errors the mean of f(u_i) is from what it should be. */
export function momentScore(
  run: SamplerRun<TransitionBatch>,
  i: number,
  f: (x: number) => number,
  expected: number,
): number {
  const { values, chains, draws } = columnOf(run, ({ positions, dim }, row) => f(positions[row * dim + i]));
  const column = sortColumn(values, chains, draws);
  return (mean(column.values) - expected) / mcseMean(column);
}

/** Scores of every coordinate's mean and variance. */
export function scoresOf(run: SamplerRun<TransitionBatch>, centre: Float64Array, sd: Float64Array): number[] {
  return Array.from(sd, (scale, i) => [
    momentScore(run, i, (x) => x, centre[i]),
    momentScore(run, i, (x) => (x - centre[i]) ** 2, scale ** 2),
  ]).flat();
}

/** What a verdict looks at. */
export interface Bill {
  readonly rhat: number;
  readonly divergentShare: number;
  readonly ebfmi: number;
}

export function billOf(run: SamplerRun<TransitionBatch>): Bill {
  const { dim } = run.batches[0];
  const rhats = Array.from({ length: dim }, (_, i) => {
    const { values, chains, draws } = columnOf(run, ({ positions }, row) => positions[row * dim + i]);
    return rhat(sortColumn(values, chains, draws));
  });
  const energy = columnOf(run, (batch, row) => batch.energy[row]);
  const diverging = columnOf(run, (batch, row) => batch.diverging[row]);
  return {
    rhat: Math.max(...rhats),
    divergentShare: mean(diverging.values),
    ebfmi: minEbfmi(energy.values, energy.chains, energy.draws),
  };
}
