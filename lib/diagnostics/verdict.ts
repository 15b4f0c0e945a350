/**
 * The verdict on a sampled fit: `pass`, `review` or `fail`, and a sentence for every line that falls short.
 *
 * ## How the status follows
 * Draws are judged in three groups. *Label-free*: the label-invariant layer (log likelihood, fitted means, response
 * curve, ...) and every raw parameter without a component number; at K = 1 all raw parameters. *Labels as sampled*:
 * the raw component parameters. *Relabelled*: the same after {@link "./relabel.ts"}.
 *
 * | status | when |
 * |---|---|
 * | `pass` | all three groups, divergences and E-BFMI meet the strict threshold, and a tempered run its own |
 * | `review` | the label-free group meets the handover threshold, and so does one of the two labellings |
 * | `fail` | otherwise |
 *
 * Components need only one labelling under which they make sense: raw labels that switch say nothing against the
 * fit once the relabelled ones agree, but they cost it the `pass`, because whoever reads raw component draws would
 * be misled. No amount of label switching excuses a label-free quantity. The two flags are stricter than the
 * status and compare with what others would conclude: each holds only if *all* groups meet its threshold.
 *
 * A missed mode leaves a clean R-hat. A tempered run therefore passes only when every ladder made round trips enough
 * between the prior and the posterior, and every mode of any weight was entered from the prior end by several ladders
 * on their own, by swaps alone or by a jump on the way: a jump goes on from a draw that descends from the prior. Modes
 * that a search found beforehand must be among them, found more than once, and have no more evidence than the ladders:
 * where ascents see a mode once, others as rare may be unseen (Good 1953, Biometrika 40: the share of ascents that end
 * in modes seen once estimates the share that a next one finds anew). Nor does a fit pass whose method has doubts of
 * its own, such as a check that was cut short. The two flags leave this out.
 *
 * A quantity that is constant or not finite has no R-hat and meets no threshold. Short chains get no discount:
 * correlated draws keep R-hat above 1 in them even after convergence, which the sentence says, and longer chains
 * mend. Nested R-hat would lower that floor, but answers another question (see {@link "./rhat.ts"}) and needs
 * chains that share starting points. Variational methods never come here: they have no chains to agree. Two-stage
 * fits come with a doubt of their own: chains that agree on what is not the joint posterior earn no `pass`.
 */
import { isComponentColumn } from "./relabel.ts";
import type { Convergence, Layer } from "./summary.ts";

/** Limits on R-hat (at most) and effective sample sizes (at least). */
export interface Threshold {
  readonly rhat: number;
  readonly essBulk: number;
  readonly essTail: number;
}

/** The study's own threshold; it never asked about tails. */
export const HANDOVER: Threshold = { rhat: 1.05, essBulk: 100, essTail: 0 };

/** Vehtari et al. 2021 (R-hat, and 100 effective draws per chain of the usual four). */
export const STRICT: Threshold = { rhat: 1.01, essBulk: 400, essTail: 400 };

/** Strict limit on the share of divergent transitions. */
export const MAX_DIVERGENT_SHARE = 0.001;

/** Strict limit on E-BFMI (Betancourt 2016). */
export const MIN_EBFMI = 0.3;

/** Round trips that every ladder of a tempered run must make. */
export const MIN_ROUND_TRIPS = 10;
/** Modes that count, by weight, and the ladders that must have entered one of them. */
export const MODE_WEIGHT = 0.01;
export const MIN_MODE_LADDERS = 3;
/** Ascents that must have ended in every mode of a search that counts. */
export const MIN_MODE_ASCENTS = 2;

/**
 * The log evidence of modes found before the ladders may be above theirs by so many standard errors, or so many nats:
 * bridge sampling splits the space between modes by normals, which costs some tenths where modes overlap. Below theirs
 * it may be by any number: ladders see all that lies between the modes too.
 */
export const EVIDENCE_ERRORS = 4;
export const EVIDENCE_GAP = 0.5;

/** Chains shorter than this are called short where R-hat is slightly too large. */
const SHORT_CHAIN = 100;
/** Up to this R-hat shortness may be the whole story: autocorrelation time 10 in half-chains of 50 draws. */
const SHORT_CHAIN_RHAT = 1.1;

/** Everything the verdict rests on. */
export interface Evidence {
  /** K. */
  readonly components: number;
  /** Every sampled parameter; leave out what is constant by construction. */
  readonly raw: Layer;
  readonly invariant: Layer;
  /** Left out at K = 1; where it is missing otherwise, components stand or fall as sampled. */
  readonly relabelled?: Layer;
  /** Draws kept per chain. */
  readonly draws: number;
  /** Transitions after warm-up, over all chains. */
  readonly transitions: number;
  readonly divergences: number;
  /** Smallest E-BFMI of any chain. */
  readonly ebfmiMin: number;
  /** What to turn to when chains disagree, as the user would type it, such as `--method tempered`. */
  readonly strongerMethod?: string;
  /** Of tempered runs. */
  readonly tempering?: TemperingEvidence;
  /** Sentences on what speaks against a `pass` though nothing in the draws does. */
  readonly doubts?: readonly string[];
  /** Targets that the chains are shared out over, whose number limits the effective sizes; 1 when left out. */
  readonly targets?: number;
}

/** How well tempered ladders connected the prior and the posterior. */
export interface TemperingEvidence {
  /** Of each ladder. */
  readonly roundTrips: readonly number[];
  /** Weight of each mode and the ladders that entered it from the prior end. */
  readonly modes: readonly { readonly weight: number; readonly ladders: number }[];
  /** Of runs that a search for modes went before. */
  readonly search?: SearchEvidence;
}

/** How what was searched for agrees with what was sampled. */
export interface SearchEvidence {
  readonly ascents: number;
  /** Weight of each mode found, the share of the draws in it, its ladders as above, ascents that led to it. */
  readonly modes: readonly {
    readonly weight: number;
    readonly share: number;
    readonly ladders: number;
    readonly ascents: number;
  }[];
  /** Log evidence of all modes found less that of the ladders, and its standard error. */
  readonly gap: number;
  readonly gapError: number;
}

/** The verdict as `fit.json` carries it. */
export interface Verdict {
  readonly status: "pass" | "review" | "fail";
  /** R-hat <= 1.05 and bulk ESS >= 100 in every group. */
  readonly handover: boolean;
  /** R-hat <= 1.01, bulk and tail ESS >= 400 in every group, divergences <= 0.1%, E-BFMI >= 0.3. */
  readonly strict: boolean;
  /** One sentence per line that misses the strict threshold: what, which, likely cause, what to do. */
  readonly reasons: string[];
}

type GroupKind = "free" | "sampled" | "relabelled";

interface Group {
  readonly kind: GroupKind;
  readonly rows: readonly Convergence[];
}

/** Judges a sampled fit by the rules above. */
export function verdict(evidence: Evidence): Verdict {
  const groups = groupsOf(evidence);
  const meets = (threshold: Threshold, ...kinds: GroupKind[]) =>
    groups.filter((group) => kinds.includes(group.kind))
      .every((group) => group.rows.every((row) => holds(row, threshold)));
  const sampler = samplerReasons(evidence);
  const unseen = [...ladderReasons(evidence), ...evidence.doubts ?? []];
  const handover = meets(HANDOVER, "free", "sampled", "relabelled");
  const strict = meets(STRICT, "free", "sampled", "relabelled") && sampler.length === 0;
  const matched = evidence.relabelled !== undefined;
  const usable = meets(HANDOVER, "free") &&
    (meets(HANDOVER, "sampled") || matched && meets(HANDOVER, "relabelled"));
  const onlyLabels = matched && meets(STRICT, "free", "relabelled") && !meets(STRICT, "sampled");
  const reasons = groups.flatMap((group) =>
    onlyLabels && group.kind === "sampled" ? [switchingReason(group)] : groupReasons(group, evidence)
  );
  return {
    status: strict && unseen.length === 0 ? "pass" : usable ? "review" : "fail",
    handover,
    strict,
    reasons: [...reasons, ...sampler, ...unseen],
  };
}

function groupsOf({ components, raw, invariant, relabelled }: Evidence): Group[] {
  const labelled = (row: Convergence) => components > 1 && isComponentColumn(row.name);
  const free = new Map<string, Convergence>();
  for (const row of [...invariant.rows, ...raw.rows.filter((row) => !labelled(row))]) {
    const known = free.get(row.name);
    free.set(row.name, known === undefined ? row : worse(known, row));
  }
  return [
    { kind: "free", rows: [...free.values()] },
    { kind: "relabelled", rows: relabelled?.rows ?? [] },
    { kind: "sampled", rows: raw.rows.filter(labelled) },
  ];
}

/** A quantity that two layers share counts once, at its worst. */
function worse(a: Convergence, b: Convergence): Convergence {
  return {
    name: a.name,
    rhat: Math.max(a.rhat, b.rhat),
    ess_bulk: Math.min(a.ess_bulk, b.ess_bulk),
    ess_tail: Math.min(a.ess_tail, b.ess_tail),
  };
}

/** Written so that NaN never holds. */
function holds(row: Convergence, threshold: Threshold): boolean {
  return row.rhat <= threshold.rhat && row.ess_bulk >= threshold.essBulk &&
    (threshold.essTail === 0 || row.ess_tail >= threshold.essTail);
}

function groupReasons(group: Group, evidence: Evidence): string[] {
  const missing = group.rows.filter((row) => Number.isNaN(row.rhat + row.ess_bulk));
  const known = group.rows.filter((row) => !missing.includes(row));
  const rhats = known.filter((row) => !(row.rhat <= STRICT.rhat));
  const bulks = known.filter((row) => !(row.ess_bulk >= STRICT.essBulk));
  const tails = known.filter((row) => !(row.ess_tail >= STRICT.essTail));
  return [
    ...(missing.length > 0 ? [frozenReason(missing, group.kind)] : []),
    ...(rhats.length > 0 ? [rhatReason(rhats, group.kind, evidence)] : []),
    ...(bulks.length > 0 ? [essReason("bulk", bulks, group.kind, evidence)] : []),
    ...(tails.length > 0 ? [essReason("tail", tails, group.kind, evidence)] : []),
  ];
}

function frozenReason(rows: readonly Convergence[], kind: GroupKind): string {
  return `R-hat of ${
    nameOf(rows, rows[0], kind)
  } cannot be computed: it never moved, or is not a finite number. ` +
    "The sampler is stuck; look for extreme values in the data, raise --warmup, or try another --seed.";
}

function rhatReason(rows: readonly Convergence[], kind: GroupKind, evidence: Evidence): string {
  const worst = rows.reduce((a, b) => b.rhat > a.rhat ? b : a);
  const what = `R-hat of ${nameOf(rows, worst, kind)} is ${upwards(worst.rhat)} ` +
    `(at most ${STRICT.rhat}; handover ${HANDOVER.rhat})`;
  return `${what}: ${rhatCause(worst, kind, evidence)}`;
}

function rhatCause(worst: Convergence, kind: GroupKind, evidence: Evidence): string {
  const { draws, components, strongerMethod } = evidence;
  if (worst.rhat <= SHORT_CHAIN_RHAT && draws < SHORT_CHAIN) {
    return `chains of ${draws} draws are short, and correlated draws keep R-hat above 1 in short chains even ` +
      "when they agree. Raise --draws, with fewer --chains if time is short.";
  }
  if (worst.rhat <= HANDOVER.rhat) return "the chains have nearly met. Raise --draws and --warmup.";
  const stronger = strongerMethod === undefined ? "Raise --warmup and --draws" : `Use ${strongerMethod}`;
  if (kind === "sampled") {
    return "the chains number the components differently, or disagree about them. Do not average a component's " +
      "draws under these labels.";
  }
  if (kind === "relabelled") {
    return `the chains disagree about this component even with labels matched, so the data may not support ` +
      `${components} components. ${stronger}, or fit --components ${components - 1}.`;
  }
  return "the chains sit in different solutions, or have not yet left their starting points. " + stronger +
    (components > 1 ? `, or fit --components ${components - 1}.` : ".");
}

function essReason(
  part: "bulk" | "tail",
  rows: readonly Convergence[],
  kind: GroupKind,
  { draws, targets = 1 }: Evidence,
): string {
  const size = (row: Convergence) => part === "bulk" ? row.ess_bulk : row.ess_tail;
  const limit = part === "bulk" ? STRICT.essBulk : STRICT.essTail;
  const hasNone = rows.find((row) => Number.isNaN(size(row)));
  const worst = hasNone ?? rows.reduce((a, b) => size(b) < size(a) ? b : a);
  const name = nameOf(rows, worst, kind);
  if (hasNone !== undefined) {
    return `${capital(part)} ESS of ${name} cannot be computed: more than 5% of its draws are equal, ` +
      "most likely because chains are stuck. Raise --warmup, or try another --seed.";
  }
  const what = `${capital(part)} ESS of ${name} is ${Math.floor(size(worst))} (at least ${limit}` +
    (part === "bulk" ? `; handover ${HANDOVER.essBulk})` : ")");
  if (worst.rhat > HANDOVER.rhat) {
    return `${what}: the chains disagree, so that each counts for little. Mend R-hat first.`;
  }
  if (targets > 1) {
    return `${what}: it hangs on stage one, of which ${targets} draws were carried over. Raise --chains, each of ` +
      `which gives one, to about ${roundUp(targets * limit / size(worst))}.`;
  }
  const consequence = part === "bulk"
    ? "its draws are strongly correlated, so its mean is only roughly known"
    : "its extremes are visited rarely, so the ends of its interval are only roughly known";
  return `${what}: ${consequence}. Raise --draws to about ${roundUp(draws * limit / size(worst))}.`;
}

function switchingReason({ rows, kind }: Group): string {
  const failing = rows.filter((row) => !holds(row, STRICT));
  const worst = failing.reduce((a, b) => b.rhat > a.rhat ? b : a);
  return `R-hat of ${nameOf(failing, worst, kind)} is ${upwards(worst.rhat)}, bulk ESS ` +
    `${
      Math.floor(worst.ess_bulk)
    }, as sampled: the components swap labels. With labels matched they agree, ` +
    "and no prediction depends on labels; read components from the relabelled draws only.";
}

/** Which coordinates are smooth depends on how much the data know (Papaspiliopoulos, Roberts & Skold 2007). */
const OTHER_COORDINATES =
  "Use --preset fully-non-centred where component spreads are near zero, --preset centred where the data know each " +
  "component well";

function samplerReasons({ transitions, divergences, ebfmiMin }: Evidence): string[] {
  const reasons = [];
  const share = divergences / transitions;
  if (!(share <= MAX_DIVERGENT_SHARE)) {
    reasons.push(
      `${divergences} of ${transitions} transitions diverged (${percent(share)}; at most ` +
        `${
          percent(MAX_DIVERGENT_SHARE)
        }): the posterior has a narrow corner the sampler cannot enter, and intervals may be too short. ${OTHER_COORDINATES}, ` +
        "or raise --warmup.",
    );
  }
  if (Number.isNaN(ebfmiMin)) {
    reasons.push(
      "E-BFMI cannot be computed: the energy of a chain never moved, or is not finite. The sampler is stuck; " +
        "raise --warmup, or try another --seed.",
    );
  } else if (ebfmiMin < MIN_EBFMI) {
    reasons.push(
      `The smallest E-BFMI of any chain is ${
        downwards(ebfmiMin)
      } (at least ${MIN_EBFMI}): the sampler crawls ` +
        `through heavy tails or a funnel. ${OTHER_COORDINATES}, or raise --warmup and --draws.`,
    );
  }
  return reasons;
}

function ladderReasons({ tempering }: Evidence): string[] {
  if (tempering === undefined) return [];
  const { roundTrips, modes } = tempering, reasons = [];
  const slowest = Math.min(...roundTrips), needed = Math.min(MIN_MODE_LADDERS, roundTrips.length);
  if (!(slowest >= MIN_ROUND_TRIPS)) {
    reasons.push(
      `The slowest ladder made ${slowest} round trips between the prior and the posterior (at least ` +
        `${MIN_ROUND_TRIPS}): a solution may have been missed without a trace in R-hat. Raise --draws, and --warmup ` +
        "for better-placed rungs.",
    );
  }
  for (const { weight, ladders } of modes) {
    if (weight <= MODE_WEIGHT || ladders >= needed) continue;
    reasons.push(
      `A solution with ${percent(weight)} of the draws was reached from the prior by ${ladders} of ` +
        `${roundTrips.length} ladders (at least ${needed}), so its weight is little more than chance. Raise --draws.`,
    );
  }
  return [...reasons, ...searchReasons(tempering, needed)];
}

/** Whether modes found before the ladders have more evidence than the ladders saw. */
export function isShort({ gap, gapError }: Pick<SearchEvidence, "gap" | "gapError">): boolean {
  return gap > EVIDENCE_GAP && gap > EVIDENCE_ERRORS * gapError;
}

function searchReasons({ search, roundTrips }: TemperingEvidence, needed: number): string[] {
  if (search === undefined) return [];
  const { ascents, modes, gap, gapError } = search, reasons = [];
  for (const { weight, share, ladders, ascents: hits } of modes) {
    if (weight > MODE_WEIGHT && ladders < needed) {
      reasons.push(
        `A solution that a search found and gives ${percent(weight)} of the probability has ${
          percent(share)
        } of the ` +
          `draws, of ${ladders} of ${roundTrips.length} ladders (at least ${needed}). Raise --warmup and --draws.`,
      );
    }
    if (Math.max(weight, share) > MODE_WEIGHT && hits < MIN_MODE_ASCENTS) {
      reasons.push(
        `A solution with ${
          percent(weight)
        } of the probability was found by only ${hits} of ${ascents} ascents (at ` +
          `least ${MIN_MODE_ASCENTS}): another one like it may have been missed. Try another --seed.`,
      );
    }
  }
  if (isShort(search)) {
    reasons.push(
      `The log evidence of the solutions that a search found is ${
        gap.toFixed(2)
      } above that of the ladders (at most ` +
        `${EVIDENCE_GAP}, or ${EVIDENCE_ERRORS} standard errors of ${
          gapError.toFixed(2)
        }): the draws lack part of ` +
        "what was found. Raise --warmup and --draws.",
    );
  }
  return reasons;
}

function nameOf(failing: readonly Convergence[], worst: Convergence, kind: GroupKind): string {
  const others = failing.length - 1;
  return worst.name + (kind === "relabelled" ? " (relabelled)" : "") +
    (others === 0 ? "" : others === 1 ? " (and 1 more)" : ` (and ${others} more)`);
}

/** Rounded away from the limit, so that a miss never reads as a hit. */
function upwards(value: number): string {
  return Number.isFinite(value) ? (Math.ceil(value * 1000) / 1000).toFixed(3) : "infinite";
}

function downwards(value: number): string {
  return (Math.floor(value * 100) / 100).toFixed(2);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** To two leading digits. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(Math.floor(Math.log10(value)) - 1, 0);
  return Math.ceil(value / unit) * unit;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
