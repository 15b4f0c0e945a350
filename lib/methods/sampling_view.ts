/** What callers see of a sampler at work: speed, time left, running R-hat of the log likelihood. */
import { sortColumn } from "../diagnostics/column.ts";
import { basicRhat } from "../diagnostics/rhat.ts";
import type { Progress } from "../fit_types.ts";
import type { SamplerProgress } from "../samplers/run.ts";

/** Batches between two running R-hats. */
const RHAT_EVERY = 4;

/** Turns a sampler's progress into a fit's. */
export class SamplingView {
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
