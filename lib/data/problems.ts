/** Keeping a long list of problems readable: many alike become a few and a count, and the whole has an end. */
import { InputError, type Problem } from "../errors.ts";

/** Problems listed before the rest is only counted. */
export const MOST_PROBLEMS = 50;
/** Alike problems (one column, one fault) listed before the rest is only counted. */
const MOST_ALIKE = 3;

/** The first few of problems that are all alike, the last of them saying how many more rows share it. */
export function abridge(alike: readonly Problem[], keep = MOST_ALIKE): Problem[] {
  const more = alike.length - keep;
  if (more <= 0) return [...alike];
  const last = alike[keep - 1];
  const counted = `${last.message} (${more} more ${more === 1 ? "row" : "rows"} like this.)`;
  return [...alike.slice(0, keep - 1), { ...last, message: counted }];
}

/** The first `limit` problems, and one line that counts the others. */
export function limitProblems(problems: readonly Problem[], limit = MOST_PROBLEMS): Problem[] {
  const more = problems.length - limit;
  if (more <= 0) return [...problems];
  const where = problems[limit].where;
  return [...problems.slice(0, limit), { where, message: `and ${more} more problems like these.` }];
}

/** @throws InputError with at most {@link MOST_PROBLEMS} of the problems, if there are any */
export function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InputError(limitProblems(problems));
}
