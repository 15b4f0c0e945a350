/**
 * Progress on a stream: one line rewritten in place for a person, one line per 10% of a phase for a log,
 * nothing when quiet.
 */
import type { Progress } from "../fit_types.ts";
import { formatCount, formatFixed, formatLarge, formatSeconds } from "./format.ts";
import { truncate } from "./layout.ts";
import type { Sink } from "./terminal.ts";

/** Shows progress until closed. */
export interface ProgressView {
  show(progress: Progress): void;
  /** Clears the line that was being rewritten; to be called before anything else is printed. */
  close(): void;
}

export const REDRAW_MS = 100;
const CLEAR_LINE = "\r\x1b[2K";

/** @param now clock in milliseconds, so that tests need not wait */
export function progressView(sink: Sink, quiet: boolean, now: () => number = Date.now): ProgressView {
  if (quiet) return { show() {}, close() {} };
  return sink.interactive ? liveLine(sink, now) : logLines(sink);
}

/** What a line says: `sampling 40%  200/500  61.2 k transitions/s  ETA 4.1 s  0 divergences  R-hat 1.012`. */
export function progressLine(progress: Progress): string {
  const { phase, step, done, total, transitionsPerSecond, divergences, elbo, rhat, etaSeconds } = progress;
  const sampling = phase === "warm-up" || phase === "sampling", { phaseSeconds = 0 } = progress;
  const percent = total > 0 ? Math.floor(100 * done / total) : 0;
  return [
    `${step === undefined ? "" : `${step} `}${phase} ${percent}%`,
    sampling ? `${formatCount(done)}/${formatCount(total)}` : "",
    sampling || phaseSeconds < 1 ? "" : formatSeconds(phaseSeconds),
    transitionsPerSecond > 0 ? `${formatLarge(transitionsPerSecond)} transitions/s` : "",
    etaSeconds === undefined ? "" : `ETA ${formatSeconds(etaSeconds)}`,
    sampling ? `${formatCount(divergences)} ${divergences === 1 ? "divergence" : "divergences"}` : "",
    elbo === undefined ? "" : `ELBO ${formatFixed(elbo, 2)}`,
    rhat === undefined ? "" : `R-hat ${formatFixed(rhat, 3)}`,
  ].filter((part) => part !== "").join("  ");
}

const partOf = ({ step = "", phase }: Progress) => `${step} ${phase}`;

function liveLine(sink: Sink, now: () => number): ProgressView {
  let part: string | undefined, drawnAt = -Infinity;
  return {
    show(progress) {
      const time = now();
      if (partOf(progress) === part && time - drawnAt < REDRAW_MS) return;
      [part, drawnAt] = [partOf(progress), time];
      const colour = progress.divergences > 0 && progress.phase === "sampling" ? "yellow" : "cyan";
      // One column short of the edge: some terminals wrap on the last one.
      sink.write(CLEAR_LINE + sink.paint(colour, truncate(progressLine(progress), sink.width() - 1)));
    },
    close() {
      if (part !== undefined) sink.write(CLEAR_LINE);
      part = undefined;
    },
  };
}

function logLines(sink: Sink): ProgressView {
  const shown = new Map<string, number>();
  return {
    show(progress) {
      const tenth = progress.total > 0 ? Math.floor(10 * progress.done / progress.total) : 0;
      const part = partOf(progress);
      if (tenth <= (shown.get(part) ?? 0)) return;
      shown.set(part, tenth);
      sink.write(progressLine(progress) + "\n");
    },
    close() {},
  };
}
