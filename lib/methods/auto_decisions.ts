/**
 * What `auto` makes of its two runs: when the many chains of the first may answer, when the ladders of the second
 * must, and how either is said. Pure functions of what is known at the time.
 */
import type { Gap } from "../diagnostics/agreement.ts";
import type { Verdict } from "../diagnostics/verdict.ts";
import { formatFixed, formatNumber, plural } from "../report/format.ts";

/**
 * Standard errors between two runs of one posterior that are put down to chance. Some three hundred comparisons,
 * most of them of the same few differences, cross it by bad luck in about one fit of fifty, which then takes longer.
 */
const MOST_ERRORS = 4;
/** A share of draws under which a solution is too small to move what is reported. */
const SMALLEST_SHARE = 0.005;
/** Part of a solution's weight under which draws in it are strays. */
const VISITED = 0.1;
/**
 * Round trips of all ladders together before they can clear the chains of the suspicion to have missed something: a
 * solution of 1% of the posterior then stays unseen with probability 0.99^400, under 2%.
 */
export const ENOUGH_TRIPS = 400;

/** What is known when the ladders have run for a while. */
export interface Look {
  /** Of the first run alone. */
  readonly first: Verdict["status"];
  /** Whether an earlier look set the two runs apart. */
  readonly doubted: boolean;
  /** The widest difference between the runs that chance does not explain. */
  readonly gap: Gap | undefined;
  /** The heaviest solution that a search found and the first run has next to no draws in, 0 for none. */
  readonly missed: number;
  /** Of the ladders alone. */
  readonly ladders: Verdict["status"];
  /** Of each ladder. */
  readonly roundTrips: readonly number[];
  /** Whether the ladders have run for as long as an answer of theirs takes. */
  readonly long: boolean;
}

/** The widest difference that chance does not explain and that matters. @param gaps widest first */
export function tellingGap(gaps: readonly Gap[]): Gap | undefined {
  return gaps.find(({ at, first, second, errors }) =>
    errors > MOST_ERRORS && (at === "mean" || !(Math.abs(second - first) < SMALLEST_SHARE))
  );
}

/**
 * The weight of the heaviest solution that the chains missed, of those that matter.
 *
 * @param weights of solutions found by a search before the ladders
 * @param shares of the chains' draws that are in each
 */
export function missedWeight(weights: readonly number[], shares: readonly number[]): number {
  const missed = weights.filter((weight, m) => weight > SMALLEST_SHARE && shares[m]! < VISITED * weight);
  return Math.max(0, ...missed);
}

/** Whether the chains of the first run passed, and nothing that was found since contradicts them. */
const unopposed = ({ first, doubted, gap, missed }: Look): boolean =>
  first === "pass" && !doubted && gap === undefined && missed === 0;

/** The chains are cleared, the ladders have the answer, or more draws are needed. */
export function decide(look: Look): "confirmed" | "answered" | "go on" {
  const { roundTrips, ladders, long } = look;
  if (unopposed(look) && sum(roundTrips) >= ENOUGH_TRIPS) return "confirmed";
  return long && ladders === "pass" ? "answered" : "go on";
}

/** Whose draws to report, and why a verdict on them may not be `pass`. */
export interface Conclusion {
  readonly answer: "first" | "ladders";
  readonly doubts: readonly string[];
}

/** What to report once the ladders have stopped, for whatever reason. */
export function conclude(look: Look, interrupted: boolean): Conclusion {
  const decision = decide(look);
  if (decision === "confirmed") return { answer: "first", doubts: [] };
  if (decision === "answered" || !unopposed(look)) return { answer: "ladders", doubts: [] };
  const doubt = interrupted
    ? INTERRUPTED
    : `${
      capital(plural(sum(look.roundTrips), "round trip"))
    } of tempered ladders, too few to be sure (at least ${ENOUGH_TRIPS}), ` +
      "found nothing that these chains missed. Use --method tempered with more --draws to be surer.";
  return { answer: "first", doubts: [doubt] };
}

/** Doubt about chains that nothing has checked to the end. */
export const INTERRUPTED =
  "The check by tempered ladders was interrupted: chains that all missed a solution agree, too. Let the fit finish.";

/** What came of the first run. @param reasons of its verdict */
export function firstFinding(chains: number, { status, reasons }: Verdict): string {
  const [reason = ""] = reasons;
  // What comes after the colon is advice, which `auto` takes itself.
  return status === "pass" ? `${plural(chains, "chain")} agree with each other` : reason.split(": ")[0]!;
}

/** What came of the ladders. */
export function ladderFinding(look: Look, answer: Conclusion["answer"]): string {
  const ladders = `${plural(look.roundTrips.length, "ladder")} in ${
    plural(sum(look.roundTrips), "round trip")
  } from the prior`;
  if (answer === "first") return `${ladders} found the same`;
  const apart = look.missed > 0
    ? `, and not what the chains found: they missed a solution of weight ${percent(look.missed)}`
    : look.gap === undefined
    ? ""
    : `, and not what the chains found: ${gapText(look.gap)}`;
  return `${ladders} found the answer${apart}`;
}

function gapText({ name, at, first, second, errors }: Gap): string {
  const apart = Number.isFinite(errors) ? `, ${formatFixed(errors, 1)} standard errors apart` : "";
  if (at === "mean") {
    return `the mean of ${name} is ${formatNumber(second)} instead of ${formatNumber(first)}${apart}`;
  }
  const [side, theirs, ours] = at < 0.5 ? ["below", second, first] : ["above", 1 - second, 1 - first];
  return `${percent(theirs)} of the draws of ${name} lie ${side} what only ${percent(ours)} should${apart}`;
}

const percent = (share: number) => `${formatNumber(100 * share)}%`;
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const capital = (text: string) => text[0]!.toUpperCase() + text.slice(1);
