/** The pipeline of one fit: series -> problem -> ensemble -> draws -> diagnostics -> report. */
import { assess } from "./assess.ts";
import { splitHoldout } from "./data/split.ts";
import type { Split } from "./data/series.ts";
import { coverageNotes, looNotes } from "./diagnostics/notes.ts";
import { openEngine } from "./engine/open.ts";
import type { FitHooks, FitOptions, FitOutcome, Progress } from "./fit_types.ts";
import { SAMPLERS } from "./methods/registry.ts";
import { buildProblem } from "./model/priors.ts";
import { drawsOf, sampleEbfmi, type Scores, scoresOf } from "./posterior.ts";
import { type FitReport, SCHEMA_VERSION } from "./runs/schema.ts";
import { VERSION } from "./version.ts";

/**
 * Fits one series.
 *
 * @throws InputError when the data cannot be fitted, before any work
 * @throws DeviceError when the engine asked for cannot be used
 * @throws the signal's reason when aborted with too few draws for diagnostics
 */
export async function fit(options: FitOptions, hooks: FitHooks): Promise<FitOutcome> {
  const started = performance.now();
  hooks.onProgress(idle("data", 0));
  const split = splitHoldout(options.series, options.holdout);
  const problem = buildProblem(split.train, options.spec);
  hooks.onProgress(idle("compile", 0));
  const { engine, notice } = await openEngine(options.engine);
  try {
    const sampled = await SAMPLERS[options.method](engine, problem, options, hooks);
    const { sample, timing } = sampled;
    hooks.onProgress(idle("diagnostics", timing.gradients));
    const draws = drawsOf(problem, sample);
    const scores = scoresOf(problem, sample, split.holdout, options.seed);
    const judged = assess(draws, {
      components: problem.layout.components,
      maxSpend: Math.max(...split.train.spend),
      divergences: sample.divergences,
      ebfmiMin: sampleEbfmi(sample),
    });
    const total_s = (performance.now() - started) / 1000;
    const report: FitReport = {
      schema_version: SCHEMA_VERSION,
      hillmix: VERSION,
      created_at: new Date().toISOString(),
      partial: sampled.interrupted,
      method: options.method,
      engine: engine.name,
      adapter: engine.adapter,
      software: engine.software,
      seed: options.seed,
      inputs: options.inputs,
      model: { preset: options.spec.preset, components: options.spec.components, spec: options.spec },
      data: describeData(options, split),
      sampling: {
        chains: sample.chains,
        warmup: options.warmup,
        draws: sample.draws,
        acceptance: sample.acceptance,
        ...sampled.sampling,
      },
      timing: { total_s, ...timing },
      ...judged,
      ...describeScores(scores),
      warnings: [
        ...(notice === undefined ? [] : [notice]),
        ...sampled.warnings,
        ...looNotes(scores.loo),
        ...(scores.holdout === null ? [] : coverageNotes(scores.holdout, split.holdout.response.length)),
      ],
    };
    return { report: finiteOrNaN(report), draws };
  } finally {
    await engine.close();
  }
}

function idle(phase: "data" | "compile" | "diagnostics", gradients: number): Progress {
  return { phase, done: 0, total: 1, transitionsPerSecond: 0, gradients, divergences: 0 };
}

function describeData({ series }: FitOptions, { train, holdout }: Split): FitReport["data"] {
  return {
    name: series.name,
    rows: series.response.length,
    train_rows: train.response.length,
    holdout_rows: holdout.response.length,
    spend: [...series.spendColumns],
    left_out: [...series.leftOut],
    target: series.targetColumn,
    controls: series.controls.map(({ name }) => name),
    first_date: series.dates?.[0] ?? null,
    last_date: series.dates?.at(-1) ?? null,
    mean_spend: train.spend.reduce((sum, x) => sum + x, 0) / train.spend.length,
    max_spend: Math.max(...train.spend),
  };
}

function describeScores({ loo, waic, holdout }: Scores): Pick<FitReport, "elpd" | "waic" | "holdout"> {
  return {
    elpd: { loo: loo.elpd, se: loo.se, p_loo: loo.effectiveParameters, bad_k: loo.badK },
    waic: { elpd: waic.elpd, se: waic.se, p_waic: waic.effectiveParameters },
    holdout,
  };
}

/** NaN in place of infinities, which JSON and the report's schema do not have. */
function finiteOrNaN<T>(value: T): T {
  if (typeof value === "number") return (Number.isFinite(value) ? value : NaN) as T;
  if (Array.isArray(value)) return value.map(finiteOrNaN) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, finiteOrNaN(one)])) as T;
}
