/** Several fits under one directory: progress of each, a run directory for each, and one comparison above them. */
import { join } from "node:path";
import type { FitHooks, FitOutcome } from "../fit_types.ts";
import { progressView } from "../report/progress.ts";
import type { Sink } from "../report/terminal.ts";
import { RunJournal } from "../runs/journal.ts";
import { watchInterrupt } from "./interrupt.ts";

/** One fit done. */
interface Step<R> {
  /** Undefined when it gave nothing to keep. */
  readonly outcome: FitOutcome | undefined;
  /** The comparison so far; undefined as long as no fit has ended well. */
  readonly report: R | undefined;
}

/** The work, and what is said and written of it. */
export interface SeveralFits<R> {
  /** What each fit is called, and its run directory, in the order of the work. */
  readonly fits: readonly { readonly name: string; readonly run: string }[];
  /** Begins the work; `begin` is to be called before each fit with its place. */
  start(hooks: {
    begin(index: number): Omit<FitHooks, "signal">;
    readonly signal: AbortSignal;
  }): AsyncIterable<Step<R>>;
  /** Where everything goes. */
  readonly path: string;
  /** Puts the comparison so far into `path`. */
  write(path: string, report: R): Promise<void>;
  /** A fit in a few words. */
  describe(outcome: FitOutcome): string;
  /** Sentences about the data for every report. */
  readonly warnings: readonly string[];
  readonly quiet: boolean;
}

/**
 * Writes each fit as it ends, so that nothing finished is ever lost.
 *
 * @returns the comparison; undefined when interrupted before there was one
 */
export async function writeInTurn<R>(
  { fits, start, path, write, describe, warnings, quiet }: SeveralFits<R>,
  err: Sink,
): Promise<R | undefined> {
  using interrupt = watchInterrupt(err);
  const { signal } = interrupt;
  const say = (text: string) => quiet || err.write(`${text}\n`);
  let view = progressView(err, quiet), journal: RunJournal | undefined, ended = 0, written: R | undefined;
  const steps = start({
    signal,
    begin(index) {
      say(`${fits[index].name} (${index + 1} of ${fits.length})`);
      view = progressView(err, quiet);
      journal = new RunJournal(join(path, fits[index].run));
      return journal.hooks(view.show);
    },
  });
  try {
    for await (const { outcome, report } of steps) {
      view.close();
      if (outcome !== undefined) await journal?.finish(withWarnings(outcome, warnings));
      else journal?.abandon("gave nothing to compare");
      journal = undefined;
      say(`${fits[ended++].name}: ${outcome === undefined ? "no fit" : describe(outcome)}`);
      if (report === undefined) continue;
      await write(path, report);
      written = report;
    }
    return written;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  } finally {
    view.close();
  }
}

/** A fit whose report says first what is odd about the data. */
export function withWarnings(outcome: FitOutcome, warnings: readonly string[]): FitOutcome {
  const { report } = outcome;
  return { ...outcome, report: { ...report, warnings: [...warnings, ...report.warnings] } };
}
