/** `check`: looks at the data before any fit. */
import { type Review, reviewProblems, reviewTable } from "../data/review.ts";
import { reviewText } from "../data/review_text.ts";
import { InputError } from "../errors.ts";
import type { Terminal } from "../report/terminal.ts";
import { defineCommand, Exit } from "./command.ts";
import { COLUMN_OPTIONS, readTableFile, rolesOf } from "./data_source.ts";
import type { Line, OptionTable } from "./options.ts";

const OPTIONS = {
  ...COLUMN_OPTIONS,
  json: { kind: "flag", help: "print the findings as one JSON object" },
} as const satisfies OptionTable;

export const check = defineCommand({
  name: "check",
  summary:
    "Look at a CSV file before fitting it: what stops a fit, what deserves a second look, what to know.",
  positionals: [{ name: "DATA.csv", required: true, help: "the data" }],
  options: OPTIONS,
  example: "check sales.csv --spend '*_spend' --target revenue",
  run: runCommand,
});

async function runCommand(line: Line<typeof OPTIONS>, terminal: Terminal): Promise<Exit> {
  if (line.problems.length > 0) throw new InputError(line.problems);
  const review = await reviewFile(line);
  const { width, paint, write } = terminal.out;
  write(line.values.json ? `${JSON.stringify(review, null, 2)}\n` : reviewText(review, width(), paint));
  return review.usable ? Exit.done : Exit.badInput;
}

async function reviewFile({ values, positionals }: Line<typeof OPTIONS>): Promise<Review> {
  try {
    return reviewTable(await readTableFile(positionals[0]), rolesOf(values));
  } catch (error) {
    if (error instanceof InputError) return reviewProblems(error);
    throw error;
  }
}
