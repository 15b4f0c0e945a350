/** The pipeline of one fit: series -> problem -> ensemble -> draws -> diagnostics -> report. */
import { assess } from "./assess.ts";
import { splitHoldout } from "./data/split.ts";
import type { Split } from "./data/series.ts";
import { coverageNotes, looNotes } from "./diagnostics/notes.ts";
import { basicRhat } from "./diagnostics/rhat.ts";
import { sortColumn } from "./diagnostics/column.ts";
import type { Engine } from "./engine/ensemble.ts";
import { openEngine } from "./engine/open.ts";
import { type FitHooks, type FitOptions, type FitOutcome, METHODS, type Progress } from "./fit_types.ts";
import { samplePrior } from "./model/initial.ts";
import { buildProblem } from "./model/priors.ts";
import type { HillProblem } from "./model/problem.ts";
import { drawsOf, gatherSample, type Sample, sampleEbfmi, type Scores, scoresOf } from "./posterior.ts";
import { Purpose, RandomStream } from "./random.ts";
import { type FitReport, SCHEMA_VERSION } from "./runs/schema.ts";
import { type CheesRun, runChees, type SamplerProgress } from "./samplers/run_chees.ts";
import { CANDIDATES } from "./samplers/start.ts";
import { VERSION } from "./version.ts";

/** Fewest draws per chain that diagnostics can say anything about. */
const FEWEST_DRAWS = 8;
/** Batches between two running R-hats. */
const RHAT_EVERY = 4;

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
    const { run, sample, timing } = await sampleWith(engine, problem, options, hooks);
    hooks.onProgress(idle("diagnostics", run.gradients));
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
      partial: run.interrupted,
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
        step_size: run.tuning[0]!.stepSize,
        mean_leapfrogs: meanLeapfrogs(run),
        acceptance: sample.acceptance,
      },
      timing: { total_s, ...timing },
      ...judged,
      ...describeScores(scores),
      warnings: [
        ...(notice === undefined ? [] : [notice]),
        ...looNotes(scores.loo),
        ...(scores.holdout === null ? [] : coverageNotes(scores.holdout, split.holdout.response.length)),
      ],
    };
    return { report: finiteOrNaN(report), draws };
  } finally {
    await engine.close();
  }
}

async function sampleWith(
  engine: Engine,
  problem: HillProblem,
  options: FitOptions,
  { onProgress, signal }: FitHooks,
): Promise<{ run: CheesRun; sample: Sample; timing: Omit<FitReport["timing"], "total_s"> }> {
  const { warmup, draws, seed } = options;
  const chains = options.chains ?? METHODS[options.method].chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: chains,
    seed,
  });
  try {
    const view = new SamplingView(chains, onProgress);
    const began = performance.now();
    const candidates = drawCandidates(problem, chains, seed);
    const run = await runChees(ensemble, candidates, seed, { warmup, draws }, view.show, signal);
    const ended = performance.now();
    const kept = run.batches.reduce((sum, { transitions }) => sum + transitions, 0);
    if (kept < FEWEST_DRAWS) {
      throw signal?.reason ??
        new RangeError(`Diagnostics need ${FEWEST_DRAWS} draws per chain: there are ${kept}`);
    }
    const sample = gatherSample(problem, run.batches, 0, chains);
    const warm = view.samplingBegan ?? ended;
    return {
      run,
      sample,
      timing: {
        warmup_s: (warm - began) / 1000,
        sampling_s: (ended - warm) / 1000,
        gradients: run.gradients,
        transitions: chains * (warmup + kept),
      },
    };
  } finally {
    await ensemble.close();
  }
}

/** Independent prior draws for every chain to choose its start from, (chains, CANDIDATES, D). */
export function drawCandidates(problem: HillProblem, chains: number, seed: number): Float64Array {
  const { dim } = problem.layout, candidates = new Float64Array(chains * CANDIDATES * dim);
  for (let c = 0; c < chains; c++) {
    const stream = new RandomStream(seed, Purpose.initial, c);
    for (let i = 0; i < CANDIDATES; i++) {
      candidates.set(samplePrior(problem, stream), (c * CANDIDATES + i) * dim);
    }
  }
  return candidates;
}

/** Turns the sampler's progress into what callers see: speed, time left, running R-hat of the log likelihood. */
class SamplingView {
  /** When the first batch of kept draws began. */
  samplingBegan: number | undefined;
  #phase = "";
  #phaseBegan = performance.now();
  #logLik: Float64Array[] = []; // one (transitions, chains) block per batch
  #rhat: number | undefined;
  readonly show: (progress: SamplerProgress) => void;

  constructor(chains: number, onProgress: (progress: Progress) => void) {
    this.show = ({ phase, done, total, gradients, divergences, batch }) => {
      const now = performance.now();
      if (phase !== this.#phase) {
        this.#phase = phase;
        if (phase === "sampling") this.#phaseBegan = this.samplingBegan!;
      }
      if (phase === "warm-up" && done === total) this.samplingBegan = now;
      if (phase === "sampling") this.#follow(batch.logLik, chains);
      const seconds = Math.max(1e-3, (now - this.#phaseBegan) / 1000);
      onProgress({
        phase,
        done,
        total,
        transitionsPerSecond: done * chains / seconds,
        gradients,
        divergences,
        ...(this.#rhat === undefined ? {} : { rhat: this.#rhat }),
        etaSeconds: seconds * (total - done) / done,
      });
    };
  }

  #follow(logLik: Float64Array, chains: number): void {
    this.#logLik.push(logLik);
    if (this.#logLik.length % RHAT_EVERY !== 0) return;
    const draws = this.#logLik.reduce((sum, block) => sum + block.length / chains, 0);
    const values = new Float64Array(chains * draws);
    let start = 0;
    for (const block of this.#logLik) {
      const rows = block.length / chains;
      for (let i = 0; i < rows; i++) {
        for (let c = 0; c < chains; c++) values[c * draws + start + i] = block[i * chains + c]!;
      }
      start += rows;
    }
    this.#rhat = basicRhat(sortColumn(values, chains, draws));
  }
}

function idle(phase: "data" | "compile" | "diagnostics", gradients: number): Progress {
  return { phase, done: 0, total: 1, transitionsPerSecond: 0, gradients, divergences: 0 };
}

function meanLeapfrogs({ batches }: CheesRun): number {
  const counts = batches.flatMap(({ leapfrogs }) => [...leapfrogs]);
  return counts.reduce((sum, count) => sum + count, 0) / counts.length;
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
