/** The pipeline of one fit: series -> problem -> ensemble -> draws -> diagnostics -> report. */
import { splitHoldout } from "./data/split.ts";
import type { Split } from "./data/series.ts";
import { coverageNotes, looNotes } from "./diagnostics/notes.ts";
import { diagnoseAside } from "./diagnosis.ts";
import { impatient } from "./engine/impatient.ts";
import { type Opened, openEngine } from "./engine/open.ts";
import type { FitHooks, FitOptions, FitOutcome, Progress } from "./fit_types.ts";
import { heartbeat } from "./heartbeat.ts";
import { SAMPLERS } from "./methods/registry.ts";
import { buildProblem } from "./model/priors.ts";
import type { Scores } from "./posterior.ts";
import { type FitFacts, type FitReport, SCHEMA_VERSION } from "./runs/schema.ts";
import { takeUp } from "./take_up.ts";
import { VERSION } from "./version.ts";

/**
 * Fits one series.
 *
 * @param opened an engine to work on and leave open, for callers that fit again and again; by default one is opened
 * for this fit and closed after it
 * @throws InputError when the data cannot be fitted, before any work
 * @throws DeviceError when the engine asked for cannot be used
 * @throws the signal's reason when aborted with too few draws for diagnostics
 */
export async function fit(options: FitOptions, hooks: FitHooks, opened?: Opened): Promise<FitOutcome> {
  const started = performance.now(), { signal, checkpoints } = hooks;
  let last = idle("data", 0);
  using pulse = heartbeat(hooks.onProgress);
  const onProgress = (progress: Progress) => pulse.onProgress(last = progress);
  onProgress(last);
  const split = splitHoldout(options.series, options.holdout);
  const problem = buildProblem(split.train, options.spec);
  const facts = factsOf(options, split);
  hooks.onFacts?.(facts);
  onProgress(idle("compile", 0));
  const { engine: willing, notice } = opened ?? await openEngine(options.engine);
  using patience = signal === undefined ? undefined : impatient(willing, signal);
  const { engine } = patience ?? { engine: willing };
  try {
    const { name, adapter, software } = engine;
    hooks.onFacts?.({ ...facts, engine: { engine: name, adapter, software } });
    const takenUp = checkpoints && await takeUp(options, engine, checkpoints, () => last);
    if (takenUp?.at !== undefined) hooks.onResume?.(takenUp.at);
    const sampled = await SAMPLERS[options.method](engine, problem, options, {
      ...hooks,
      onProgress,
      ...(takenUp === undefined ? {} : { continuation: takenUp.continuation }),
    });
    const { sample, timing, auto, twoStage, approximation } = sampled;
    onProgress(idle("diagnostics", timing.gradients));
    const subject = { problem, sampled, ...split, seed: options.seed };
    const { draws, tempered, assessment, scores, business } = await diagnoseAside(subject, signal);
    const total_s = (performance.now() - started + (takenUp?.spentMs ?? 0)) / 1000;
    const report: FitReport = {
      ...facts,
      state: "finished",
      created_at: new Date().toISOString(),
      partial: sampled.interrupted,
      engine: name,
      adapter,
      software,
      sampling: {
        chains: sample.chains,
        warmup: sampled.warmup,
        draws: sample.draws,
        acceptance: sample.acceptance,
        ...sampled.sampling,
      },
      timing: { total_s, ...timing },
      ...assessment,
      ...describeScores(scores),
      ...tempered,
      ...(auto === undefined ? {} : { auto }),
      ...(twoStage === undefined ? {} : { two_stage: twoStage }),
      ...(approximation === undefined ? {} : { approximation }),
      business,
      warnings: [
        ...(notice === undefined ? [] : [notice]),
        ...(takenUp?.note === undefined ? [] : [takenUp.note]),
        ...sampled.warnings,
        ...looNotes(scores.loo),
        ...(scores.holdout === null ? [] : coverageNotes(scores.holdout, split.holdout.response.length)),
      ],
    };
    return {
      report: finiteOrNaN(report),
      draws,
      ...(sampled.stats === undefined ? {} : { stats: sampled.stats }),
      elpdPointwise: scores.loo.pointwise,
    };
  } finally {
    if (opened === undefined) await engine.close();
  }
}

function idle(phase: "data" | "compile" | "diagnostics", gradients: number): Progress {
  return { phase, done: 0, total: 1, transitionsPerSecond: 0, gradients, divergences: 0 };
}

function factsOf(options: FitOptions, split: Split): FitFacts {
  const { method, seed, inputs, spec, warmup, draws } = options;
  return {
    schema_version: SCHEMA_VERSION,
    hillmix: VERSION,
    started_at: new Date().toISOString(),
    method,
    engine: null,
    seed,
    inputs,
    model: { preset: spec.preset, components: spec.components, spec },
    data: describeData(options, split),
    sampling: { warmup, draws },
  };
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
