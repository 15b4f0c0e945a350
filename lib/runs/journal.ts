/**
 * A fit's run directory while the fit is at work: a `fit.json` that says the run has not finished, written anew at the
 * start of every phase, and draws appended as they come, so that a process killed at any moment leaves what it had.
 * A finished run that is there already stays untouched till the new one is whole; the journal is then kept in
 * {@link UNFINISHED} inside it. What goes wrong here never ends the fit: it is told in a sentence.
 */
import { dirname, join } from "node:path";
import { FEWEST_DRAWS } from "../diagnostics/draws.ts";
import { InputError, WriteError } from "../errors.ts";
import type { DrawPiece, FitHooks, FitOutcome, Phase, Progress } from "../fit_types.ts";
import {
  defaultRunPath,
  DRAWS_FILE,
  freshPath,
  PARTIAL_FILE,
  REPORT_FILE,
  reportJson,
  STATS_FILE,
  writeRun,
} from "./directory.ts";
import { isMissing, reasonOf, removeIfThereSync, replaceFileSync } from "./files.ts";
import { partialHeader, partialLines } from "./partial_draws.ts";
import type { FitFacts, UnfinishedReport } from "./schema.ts";

/** Where a run is kept that may yet replace the finished one around it. */
export const UNFINISHED = "unfinished";

/** Least time between two appends. */
const APPEND_EVERY_MS = 1000;
/** Largest share of the time since the first draw that appending may take; what is left over waits its turn. */
const MOST_SHARE = 0.2;

/** What an abandoned fit leaves behind. */
export interface Kept {
  readonly path: string;
  /** Draws per chain. */
  readonly draws: number;
}

/** Takes a fit's hooks and owns its directory from {@link RunJournal.onFacts} to `finish` or `abandon`. */
export class RunJournal {
  #path: string | undefined;
  #place = "";
  /** Directories that were made for the run, innermost first. */
  #made: string[] = [];
  #file: Deno.FsFile | undefined;
  #facts: FitFacts | undefined;
  #phase: Phase = "data";
  #waiting: DrawPiece[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #appendedAt = -Infinity;
  #firstDrawAt = 0;
  #spentMs = 0;
  #kept = 0;
  #trouble: string | undefined;

  /** @param path where the run is to go; by default a new directory under `runs/`, named after the fit */
  constructor(path?: string) {
    this.#path = path;
  }

  /** A sentence when the run could not be kept up to date on the way. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** A fit's hooks that keep the journal. @param onProgress told of progress too */
  hooks(onProgress: FitHooks["onProgress"]): Omit<FitHooks, "signal"> {
    return {
      onProgress: (progress) => {
        this.onProgress(progress);
        onProgress(progress);
      },
      onFacts: this.onFacts,
      onDraws: this.onDraws,
    };
  }

  /** @throws InputError when another fit is at work in the directory, or it cannot be made */
  readonly onFacts = (facts: FitFacts): void => {
    const known = this.#facts !== undefined;
    this.#facts = facts;
    if (known) this.#attempt(() => this.#tell());
    else this.#begin(facts);
  };

  /** To be called with every progress of the fit. */
  readonly onProgress = ({ phase }: Pick<Progress, "phase">): void => {
    if (phase === this.#phase || this.#facts === undefined) return;
    this.#phase = phase;
    this.#attempt(() => {
      if (phase === "diagnostics") this.#append(Infinity);
      this.#tell();
    });
  };

  readonly onDraws = (piece: DrawPiece): void => {
    const now = performance.now();
    if (this.#firstDrawAt === 0) this.#firstDrawAt = now;
    this.#waiting.push(piece);
    // Never at once: the next batch is to be on its way before, so that the engine need not wait for the disk.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#appendedAt = performance.now();
      this.#attempt(() => this.#append(MOST_SHARE * (performance.now() - this.#firstDrawAt)));
    }, Math.max(0, this.#appendedAt + APPEND_EVERY_MS - now));
  };

  /**
   * Puts the finished run in its place.
   *
   * @returns its files
   * @throws WriteError when it cannot be written; what was drawn before is still there then, if it could be
   * written
   */
  async finish(outcome: FitOutcome): Promise<string[]> {
    const path = this.#path!;
    try {
      this.#attempt(() => this.#append(Infinity));
      await writeRun(path, outcome, this.#trouble === undefined ? this.#place : undefined);
    } catch (error) {
      const problem = `could not be written to ${path} (${reasonOf(error)})`;
      const kept = this.abandon(`ended, but its results ${problem},`);
      throw new WriteError(
        `The results ${problem}${kept === undefined ? "" : `; ${keptSentence(kept)}`}.`,
        reasonOf(error),
      );
    }
    this.#close();
    if (this.#trouble !== undefined && this.#place !== path) this.#remove();
    return [REPORT_FILE, DRAWS_FILE, ...(outcome.stats === undefined ? [] : [STATS_FILE])]
      .map((name) => join(path, name));
  }

  /**
   * Ends without a run. Draws that are there stay if they are enough to be judged; otherwise nothing does.
   *
   * @param end what became of the fit, as in "The fit was interrupted"
   */
  abandon(end: string): Kept | undefined {
    if (this.#file === undefined) return undefined;
    this.#attempt(() => {
      this.#append(Infinity);
      if (this.#kept >= FEWEST_DRAWS) this.#tell(end);
    });
    this.#close();
    if (this.#kept >= FEWEST_DRAWS) {
      // Someone may have taken the directory away.
      const there = [REPORT_FILE, PARTIAL_FILE].every((name) => exists(join(this.#place, name)));
      return there ? { path: this.#place, draws: this.#kept } : undefined;
    }
    this.#remove();
    return undefined;
  }

  #begin(facts: FitFacts): void {
    this.#path ??= freshPath(defaultRunPath(facts));
    const where = this.#path;
    let file: Deno.FsFile;
    try {
      this.#place = holdsFinishedRun(where) ? join(where, UNFINISHED) : where;
      for (let at = this.#place; !exists(at); at = dirname(at)) this.#made.push(at);
      Deno.mkdirSync(this.#place, { recursive: true });
      file = Deno.openSync(join(this.#place, PARTIAL_FILE), { write: true, create: true });
    } catch (error) {
      throw new InputError([{ where, message: `the run cannot be written (${reasonOf(error)}).` }]);
    }
    if (!file.tryLockSync(true)) {
      file.close();
      throw new InputError([{ where, message: "another fit is at work there; give another directory." }]);
    }
    this.#file = file;
    this.#attempt(() => {
      file.truncateSync();
      this.#tell();
    });
  }

  #tell(end: string | null = null): void {
    const report: UnfinishedReport = { state: "running", phase: this.#phase, end, ...this.#facts! };
    replaceFileSync(join(this.#place, REPORT_FILE), reportJson(report));
  }

  /** Appends what is waiting, as much as `mostMs` of all time spent so far allow. */
  #append(mostMs: number): void {
    while (this.#waiting.length > 0 && this.#spentMs < mostMs) {
      const began = performance.now(), piece = this.#waiting.shift()!, draws = piece.columns();
      if (piece.first === 0) {
        this.#file!.truncateSync();
        this.#file!.seekSync(0, Deno.SeekMode.Start);
        this.#write(partialHeader(draws.columns));
      }
      this.#write(partialLines(draws, piece.first));
      this.#plan(piece.planned);
      this.#kept = piece.first + piece.count;
      this.#spentMs += performance.now() - began;
    }
  }

  /** Draws may turn out to be other than asked for where a method has steps. */
  #plan(draws: number): void {
    const { sampling } = this.#facts!;
    if (sampling.draws === draws) return;
    this.#facts = { ...this.#facts!, sampling: { ...sampling, draws } };
    this.#tell();
  }

  #write(text: string): void {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(this.#file!.writeSync(bytes));
  }

  /** Does something for the directory's sake; after the first failure nothing more is tried. */
  #attempt(action: () => void): void {
    if (this.#trouble !== undefined) return;
    try {
      action();
    } catch (error) {
      this.#waiting = [];
      this.#trouble =
        `${this.#place} could not be kept up to date (${reasonOf(error)}): a fit killed after ` +
        `${this.#kept} draws per chain would have lost the later ones.`;
    }
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#file?.close();
    this.#file = undefined;
  }

  #remove(): void {
    try {
      for (const name of [REPORT_FILE, PARTIAL_FILE]) removeIfThereSync(join(this.#place, name));
      for (const directory of this.#made) Deno.removeSync(directory);
    } catch {
      // Someone else has put files there, or has taken the directory away: theirs to deal with.
    }
  }
}

/** `400 draws per chain are kept in runs/x, and "deno task diagnose runs/x" judges them`, to go on a sentence. */
export function keptSentence({ path, draws }: Kept): string {
  return `${draws} draws per chain are kept in ${path}, and "deno task diagnose ${path}" judges them`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether there is a `fit.json` of anything but an unfinished run. */
function holdsFinishedRun(path: string): boolean {
  const report = join(path, REPORT_FILE);
  if (!exists(report)) return false;
  try {
    return (JSON.parse(Deno.readTextFileSync(report)) as { state?: unknown } | null)?.state !== "running";
  } catch {
    return true; // not ours to judge: leave it alone
  }
}
