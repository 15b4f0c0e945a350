/** Stands in for the pipeline. The seed says what happens; by default a fit that ends well. */
import { DeviceError } from "../../../lib/errors.ts";
import type { FitHooks, FitOptions, FitOutcome } from "../../../lib/fit_types.ts";
import type { FitReport } from "../../../lib/runs/schema.ts";
import { fakeOutcome } from "../../runs/fixture.ts";

export const Seed = { fails: 2, waits: 3, waitsWithoutDraws: 4, hangs: 5, breaks: 6, loses: 7 } as const;

export async function fit(options: FitOptions, { onProgress, signal }: FitHooks): Promise<FitOutcome> {
  const { seed, inputs, method, series, spec } = options;
  if (seed === Seed.breaks) throw new TypeError("the pipeline broke.");
  if (seed === Seed.loses) throw new DeviceError("No WebGPU adapter was found; add --engine cpu.");
  for (let done = 1; done <= 20; done++) {
    onProgress({
      phase: "sampling",
      done,
      total: 20,
      transitionsPerSecond: 5e4,
      gradients: 1e4 * done,
      divergences: 0,
    });
  }
  const waits: readonly number[] = [Seed.waits, Seed.waitsWithoutDraws, Seed.hangs];
  while (waits.includes(seed) && (seed === Seed.hangs || !signal?.aborted)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (seed === Seed.waitsWithoutDraws) throw signal!.reason;
  const { report, draws } = fakeOutcome();
  const status = seed === Seed.fails ? "fail" : "review";
  const changed: FitReport = {
    ...report,
    seed,
    inputs,
    method,
    partial: seed === Seed.waits,
    model: { ...report.model, preset: spec.preset, spec },
    data: { ...report.data, name: series.name, rows: series.spend.length, spend: [...series.spendColumns] },
    sampling: { ...report.sampling, warmup: options.warmup },
    verdict: { ...report.verdict, status },
  };
  return { report: changed, draws };
}
