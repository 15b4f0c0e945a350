/**
 * The verdict on a fit by an approximate method. Its draws are independent and agree with each other by construction,
 * so R-hat and effective sizes say nothing; what speaks is Pareto k-hat of the importance ratios between the
 * posterior and the approximation (Yao, Vehtari, Simpson & Gelman 2018, "Yes, but did it work?: evaluating
 * variational inference", ICML).
 *
 * | k-hat | the draws are | status |
 * |---|---|---|
 * | at most 0.5 | usable | `review` |
 * | at most min(1 - 1 / log10 S, 0.7), S proposals | usable with importance weights | `review` |
 * | above, or not to be had | do not use | `fail` |
 *
 * Never `pass`: k-hat is computed where the approximation puts its draws, so a solution that no start reached leaves
 * no trace in it. For the same reason neither convergence threshold is ever met.
 */
import { kThreshold } from "./psis.ts";
import type { Verdict } from "./verdict.ts";

export const APPROXIMATION_STATUSES = ["usable", "usable with importance weights", "do not use"] as const;
export type ApproximationStatus = typeof APPROXIMATION_STATUSES[number];

/** Up to here ratios have a finite variance and plain draws stand in for the posterior (Yao et al. 2018, section 2). */
const USABLE_K = 0.5;

/** What the check rests on. */
export interface ApproximationEvidence {
  /** Infinity, or NaN as read back from a file, where no tail could be fitted. */
  readonly kHat: number;
  /** Draws of the approximation that k-hat was computed from. */
  readonly proposals: number;
}

/** What may be done with the draws. Written so that NaN is never usable. */
export function approximationStatus({ kHat, proposals }: ApproximationEvidence): ApproximationStatus {
  const limit = kThreshold(proposals);
  if (kHat <= Math.min(USABLE_K, limit)) return "usable";
  return kHat <= limit ? "usable with importance weights" : "do not use";
}

/** The verdict as `fit.json` carries it; its one reason is the k-hat and what follows from it. */
export function approximationVerdict(evidence: ApproximationEvidence): Verdict {
  const status = approximationStatus(evidence);
  return {
    status: status === "do not use" ? "fail" : "review",
    handover: false,
    strict: false,
    reasons: [reason(status, evidence)],
  };
}

function reason(status: ApproximationStatus, { kHat, proposals }: ApproximationEvidence): string {
  const limit = kThreshold(proposals).toFixed(2);
  const k = Number.isFinite(kHat) ? kHat.toFixed(2) : "not to be had";
  const unseen = "It cannot see a solution that no start reached: confirm with --method tempered before a " +
    "decision rests on the numbers.";
  switch (status) {
    case "usable":
      return `Pareto k-hat of the approximation is ${k} (at most ${USABLE_K}): it follows the posterior closely ` +
        `where it has draws. ${unseen}`;
    case "usable with importance weights":
      return `Pareto k-hat of the approximation is ${k} (over ${USABLE_K}, at most ${limit}): its own draws are off, ` +
        `so the draws kept were picked by importance weights, and the ends of intervals are rough. ${unseen}`;
    case "do not use":
      return `Pareto k-hat of the approximation is ${k} (at most ${limit}): it misses the shape of the posterior, ` +
        "typically with intervals too narrow, and weights cannot mend it. Do not use the numbers; fit with " +
        "--method tempered.";
  }
}
