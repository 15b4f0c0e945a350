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

/** The work. */
interface Turns<S> {
  /** What each fit is called, and its run directory, in the order of the work. */
  readonly fits: readonly { readonly name: string; readonly run: string }[];
  /** Begins the work; `begin` is to be called before each fit with its place. */
  start(hooks: {
    begin(index: number): Omit<FitHooks, "signal">;
    readonly signal: AbortSignal;
  }): AsyncIterable<S>;
  /** Where everything goes. */
  readonly path: string;
  /** Sentences about the data for every report. */
  readonly warnings: readonly string[];
}

/** The work, and what is said and written of it. */
export interface SeveralFits<R> extends Turns<Step<R>> {
  /** Puts the comparison so far into `path`. */
  write(path: string, report: R): Promise<void>;
  /** A fit in a few words. */
  describe(outcome: FitOutcome): string;
  readonly quiet: boolean;
}

/**
 * Writes each fit as it ends, so that nothing finished is ever lost.
 *
 * @returns the comparison; undefined when interrupted before there was one
 */
export async function writeInTurn<R>(
  { write, describe, quiet, ...turns }: SeveralFits<R>,
  err: Sink,
): Promise<R | undefined> {
  using interrupt = watchInterrupt(err);
  const { signal } = interrupt, { fits, path } = turns;
  const say = (text: string) => quiet || err.write(`${text}\n`);
  let view = progressView(err, quiet), ended = 0, written: R | undefined;
  const begin = (index: number) => {
    say(`${fits[index].name} (${index + 1} of ${fits.length})`);
    view = progressView(err, quiet);
    return view.show;
  };
  try {
    for await (const { outcome, report } of writeRuns(turns, { begin, signal })) {
      view.close();
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

/**
 * The steps of the work, each when its run is in its directory.
 *
 * @param hooks `begin` is called before each fit and hands over who is told of its progress
 * @throws WriteError when a run cannot be written
 */
export async function* writeRuns<S extends Pick<Step<unknown>, "outcome">>(
  { fits, start, path, warnings }: Turns<S>,
  { begin, signal }: { begin(index: number): FitHooks["onProgress"]; readonly signal: AbortSignal },
): AsyncGenerator<S> {
  let journal: RunJournal | undefined;
  const steps = start({
    signal,
    begin(index) {
      const onProgress = begin(index);
      journal = new RunJournal(join(path, fits[index].run));
      return journal.hooks(onProgress);
    },
  });
  for await (const step of steps) {
    if (step.outcome !== undefined) await journal?.finish(withWarnings(step.outcome, warnings));
    else journal?.abandon("gave nothing to compare");
    journal = undefined;
    yield step;
  }
}

/** A fit whose report says first what is odd about the data. */
export function withWarnings(outcome: FitOutcome, warnings: readonly string[]): FitOutcome {
  const { report } = outcome;
  return { ...outcome, report: { ...report, warnings: [...warnings, ...report.warnings] } };
}
