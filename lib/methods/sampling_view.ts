/** What callers see of a sampler at work: speed, time left, how well the log likelihood mixes, what chains did last. */
import { sortColumn } from "../diagnostics/column.ts";
import { essBulk } from "../diagnostics/ess.ts";
import { basicRhat } from "../diagnostics/rhat.ts";
import type { Draws } from "../diagnostics/draws.ts";
import type { DrawBatch } from "../engine/ensemble.ts";
import type { FitHooks, Progress } from "../fit_types.ts";
import type { HillProblem } from "../model/problem.ts";
import { drawsOf, gatherSample } from "../posterior.ts";
import type { Lineage, SamplerProgress } from "../samplers/run.ts";
import { glimpser } from "./glimpse.ts";

/** Batches between two running diagnostics. */
const DIAGNOSED_EVERY = 4;

/** Time that a run took up to some moment, whatever processes it ran in. */
export interface Spent {
  readonly totalMs: number;
  /** Up to the first batch of kept draws; undefined before. */
  readonly warmupMs: number | undefined;
}

/** Turns a sampler's progress into a fit's. */
export class SamplingView {
  /** When the run began, as performance.now() tells it; pauses between two processes are left out. */
  readonly began: number;
  /** When the first batch of kept draws began. */
  samplingBegan: number | undefined;
  #phase = "";
  #shownAt = performance.now();
  #phaseBegan = this.#shownAt;
  /** Steps of the phase that were done before. */
  #before = 0;
  #logLik: Float64Array[] = []; // one (transitions, chains) block per batch
  #mixing: Pick<Progress, "rhat" | "essBulk"> = {};
  #drawn = 0;
  readonly show: (progress: SamplerProgress) => void;

  /**
   * @param chains chains of the problem, all there are in a batch
   * @param spent by the run before this process took it up
   */
  constructor(problem: HillProblem, chains: number, { onProgress, onDraws }: FitHooks, spent?: Spent) {
    const glimpse = glimpser(problem);
    this.began = this.#shownAt - (spent?.totalMs ?? 0);
    if (spent?.warmupMs !== undefined) this.samplingBegan = this.began + spent.warmupMs;
    this.show = ({ phase, done, total, gradients, divergences, batch, lineage, again }) => {
      const now = performance.now();
      if (phase !== this.#phase || again) {
        this.#phase = phase;
        this.#phaseBegan = this.#shownAt;
        this.#before = again ? done : done - batch.transitions;
      }
      this.#shownAt = now;
      if (phase === "warm-up" && done === total) this.samplingBegan = now;
      if (phase === "sampling") this.#follow(batch.logLik, chains);
      const seconds = Math.max(1e-3, (now - this.#phaseBegan) / 1000), own = done - this.#before;
      onProgress({
        phase,
        done,
        total,
        transitionsPerSecond: own * chains / seconds,
        gradients,
        divergences,
        ...this.#mixing,
        ...(own === 0 ? {} : { etaSeconds: seconds * (total - done) / own }),
        ...(batch.transitions > 0 ? { glimpse: glimpse(batch) } : {}),
      });
      if (phase !== "sampling" || batch.transitions === 0) return;
      const first = this.#drawn, count = batch.transitions;
      this.#drawn += count;
      onDraws?.({ first, count, planned: total, columns: () => columnsOf(problem, batch, lineage) });
    };
  }

  get spent(): Spent {
    const { samplingBegan } = this;
    return {
      totalMs: performance.now() - this.began,
      warmupMs: samplingBegan === undefined ? undefined : samplingBegan - this.began,
    };
  }

  #follow(logLik: Float64Array, chains: number): void {
    this.#logLik.push(logLik);
    if (this.#logLik.length % DIAGNOSED_EVERY !== 0) return;
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
    const column = sortColumn(values, chains, draws);
    this.#mixing = { rhat: basicRhat(column), essBulk: essBulk(column) };
  }
}

/** A batch as columns of `draws.csv`, and what diagnostics need beside them, by Stan's names where it has them. */
function columnsOf(problem: HillProblem, batch: DrawBatch, lineage?: Lineage): Draws {
  const { chains, transitions: count } = batch, sample = gatherSample(problem, [batch], 0, chains);
  const column = (value: (draw: number, chain: number) => number) =>
    Float64Array.from({ length: chains * count }, (_, i) => value(i % count, Math.floor(i / count)));
  const beside: [string, Float64Array][] = [
    ["energy__", sample.energy],
    ["divergent__", column((draw, chain) => batch.diverging[draw * chains + chain]!)],
  ];
  if (lineage !== undefined) {
    beside.push(
      ["origin__", column((draw, chain) => lineage.origins[draw]![chain]!)],
      ["round_trips__", column((_, chain) => lineage.roundTrips[chain]!)],
    );
  }
  const { columns } = drawsOf(problem, sample);
  return { chains, draws: count, columns: new Map([...columns, ...beside]) };
}
