/** What a two-stage fit leaves out, in sentences for its verdict. */
import type { Verdict } from "../diagnostics/verdict.ts";
import type { Carry } from "../fit_types.ts";

/** @param fits draws of stage one that a `cut` carried over */
export function ignoredBy(carry: Carry, fits: number): string {
  const ignored = {
    "plug-in":
      "stage two took the baseline for known, at the means that a single curve gave it (--carry plug-in). What is " +
      "uncertain about it is missing from every interval, and what several curves would make of it is ignored.",
    prior:
      "stage two took its priors of the baseline from a single curve (--carry prior). The rows count twice, there " +
      "and here, so that intervals are too short; how the baseline's parts hang together is ignored.",
    cut:
      `stage two ran once for each of ${fits} baselines drawn with a single curve (--carry cut). They are as ` +
      "uncertain as that curve left them, and what several curves would make of them is ignored.",
  }[carry];
  return `These are two stages, not the joint posterior: ${ignored} Use --method auto for the joint posterior.`;
}

/** Doubt about a stage one whose own chains did not pass. */
export function shakyStart({ status, reasons: [reason = ""] }: Verdict): string[] {
  if (status === "pass") return [];
  return [`Stage one, which everything here rests on, has verdict ${status} of its own: ${reason}`];
}
