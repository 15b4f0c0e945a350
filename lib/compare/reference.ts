/** Which answer the others are held to. */
import type { CompareRow } from "../runs/compare.ts";
import { type ComparedMethod, hasFit } from "../runs/compare.ts";

/** What the choice looks at. */
export type Candidate = Pick<ComparedMethod, "method" | "exact" | "status" | "diagnostics">;

export interface Choice {
  /** Null when no method can be trusted that far. */
  readonly reference: string | null;
  /** Why this one, or why none: a sentence. */
  readonly reason: string;
}

/** Its chains come from the prior, so that it finds what others can miss. */
const THOROUGH = "tempered";

/**
 * The tempered run where it passed; otherwise the best verdict, samplers before approximations, whose error no check
 * of their own can see. Nothing that failed is a reference.
 */
export function chooseReference(rows: readonly CompareRow[]): Choice {
  const candidates = rows.filter(hasFit).filter(({ status }) => status !== "fail");
  const best = candidates.toSorted(byTrust)[0];
  if (best === undefined) {
    return {
      reference: null,
      reason: "No method gave draws to be trusted, so that there is nothing to hold the others to.",
    };
  }
  return { reference: best.method, reason: reasonFor(best, rows) };
}

function byTrust(a: Candidate, b: Candidate): number {
  return Number(b.exact) - Number(a.exact) ||
    Number(b.status === "pass") - Number(a.status === "pass") ||
    Number(b.method === THOROUGH) - Number(a.method === THOROUGH) ||
    (a.exact
      ? b.diagnostics.min_ess_bulk - a.diagnostics.min_ess_bulk
      : numberOr(a.diagnostics.k_hat, Infinity) - numberOr(b.diagnostics.k_hat, Infinity));
}

const numberOr = (value: number, other: number) => Number.isNaN(value) ? other : value;

function reasonFor({ method, exact, status }: Candidate, rows: readonly CompareRow[]): string {
  if (!exact) {
    return `The reference is ${method}, itself an approximation, as no sampler gave draws to be trusted: the gaps say ` +
      "how methods differ, not how wrong they are.";
  }
  if (status !== "pass") {
    return `The reference is ${method}, whose verdict is only ${status}, as no sampler passed every check: small gaps ` +
      "may be its own.";
  }
  if (method === THOROUGH) {
    return `The reference is ${method}: it passed every check, and its chains come from the prior, so that no solution ` +
      "of weight is missed.";
  }
  if (method === "auto") {
    return "The reference is auto: it passed, and a tempered run confirmed or gave the answer.";
  }
  const thorough = rows.find((row) => row.method === THOROUGH);
  const absence = thorough === undefined ? `${THOROUGH} was not run` : `${THOROUGH} did not pass`;
  return `The reference is ${method}, which passed; ${absence}. A solution that all chains of ${method} missed would ` +
    "not show in its own checks.";
}
