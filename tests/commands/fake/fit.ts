/** Stands in for the pipeline. The seed says what happens to two curves; by default a fit that ends well. */
import { DeviceError } from "../../../lib/errors.ts";
import type { FitHooks, FitOptions, FitOutcome } from "../../../lib/fit_types.ts";
import type { FitReport } from "../../../lib/runs/schema.ts";
import { fakeFacts, fakeOutcome, fakePiece } from "../../runs/fixture.ts";

export const Seed = {
  fails: 2,
  waits: 3,
  waitsWithoutDraws: 4,
  hangs: 5,
  breaks: 6,
  loses: 7,
  /** Draws, then breaks. */
  breaksLate: 8,
  /** Draws, then is interrupted while it computes diagnostics. */
  waitsLate: 9,
  /** Draws, then takes its own directory `run` away and puts a file there. */
  losesPlace: 10,
} as const;

export async function fit(
  options: FitOptions,
  { onProgress, onFacts, onDraws, signal }: FitHooks,
): Promise<FitOutcome> {
  const { inputs, method, series, spec } = options;
  const seed = spec.components === 2 || options.seed === Seed.fails ? options.seed : 1;
  if (seed === Seed.breaks) throw new TypeError("the pipeline broke.");
  if (seed === Seed.loses) throw new DeviceError("No WebGPU adapter was found; add --engine cpu.");
  const { report, draws, elpdPointwise } = fakeOutcome();
  const data = {
    ...report.data,
    name: series.name,
    rows: series.spend.length,
    spend: [...series.spendColumns],
  };
  const model = { preset: spec.preset, components: spec.components, spec };
  onFacts?.(fakeFacts({ method, seed, inputs, data, model }));
  if (seed !== Seed.waitsWithoutDraws) {
    onDraws?.(fakePiece(draws));
    await new Promise((resolve) => setTimeout(resolve, 0)); // the time to write them
  }
  for (let done = 1; done <= 50; done++) {
    onProgress({
      phase: "sampling",
      done,
      total: 50,
      transitionsPerSecond: 5e4,
      gradients: 1e4 * done,
      divergences: 0,
    });
  }
  if (seed === Seed.breaksLate) throw new TypeError("the pipeline broke.");
  if (seed === Seed.losesPlace) {
    await Deno.remove("run", { recursive: true });
    await Deno.writeTextFile("run", "");
  }
  const waits: readonly number[] = [Seed.waits, Seed.waitsWithoutDraws, Seed.hangs, Seed.waitsLate];
  while (waits.includes(seed) && (seed === Seed.hangs || !signal?.aborted)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (seed === Seed.waitsWithoutDraws || seed === Seed.waitsLate) throw signal!.reason;
  const status = seed === Seed.fails ? "fail" : "review";
  const changed: FitReport = {
    ...report,
    seed: options.seed,
    inputs,
    method,
    partial: seed === Seed.waits,
    model,
    data,
    sampling: { ...report.sampling, warmup: options.warmup },
    verdict: { ...report.verdict, status },
  };
  const weights = Array.from({ length: spec.components }, (_, k): [string, Float64Array] => [
    `pi.${k + 1}`,
    new Float64Array(draws.chains * draws.draws).fill(1 / spec.components),
  ]);
  const columns = new Map([...draws.columns, ...weights]);
  return { report: changed, draws: { ...draws, columns }, elpdPointwise };
}
