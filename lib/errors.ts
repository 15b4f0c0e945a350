/**
 * Errors a marketing analyst can act on. Everything that is the user's to mend is an {@link InputError}: it
 * carries every problem found at once, is printed as sentences without a stack trace, and means exit code 2.
 */

/** One thing wrong with the input, and how to mend it. */
export interface Problem {
  /** Where: an option (`--spend`), a config path (`priors.sigma`), or a table (`sales.csv`). */
  readonly where: string;
  /** 1-based line in the file, counting the header, where one is meant. */
  readonly row?: number;
  readonly column?: string;
  /** The offending value as it was written. */
  readonly value?: string;
  /** What is wrong and what to do, one or two sentences. */
  readonly message: string;
}

/** Bad input or usage: nothing was written; exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly problems: readonly Problem[];

  /** @param problems every problem found, at least one */
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** The device cannot do what was asked (no adapter, lost device, a limit too small); says what happens instead. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

/** Results could not be put where they were to go: no room, no permission. Says where and why; exit code 1. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  /** Why, in the system's words, for those who are not to know where. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
}

/** `sales.csv, row 41, column tv_spend, value "-3": spend is negative; …` */
export function formatProblem(problem: Problem): string {
  const place = [
    problem.where,
    problem.row === undefined ? "" : `row ${problem.row}`,
    problem.column === undefined ? "" : `column ${problem.column}`,
    problem.value === undefined ? "" : `value ${JSON.stringify(problem.value)}`,
  ].filter((part) => part !== "").join(", ");
  return `${place}: ${problem.message}`;
}
