/**
 * Which number of curves to use, said in sentences: the simplest that the evidence does not speak against, what
 * leave-one-out cross-validation makes of it, and everything that should make a reader doubt.
 *
 * Evidence goes first where it is there, because it asks the question itself: how probable is the whole series under
 * each K? LOO asks how well one row is foretold from all others, which too many curves hardly hurt.
 */
import { isClearlyWorse } from "./diagnostics/loo_comparison.ts";
import { formatShare } from "./report/format.ts";
import type { ComparedFit, ComparedRow, ComponentsReport } from "./runs/components.ts";

export type Choice = ComponentsReport["choice"];

/**
 * Odds up to which evidence is "not worth more than a bare mention" (Kass & Raftery 1995, "Bayes factors", JASA 90,
 * section 3.2): within them the simpler model is as good.
 */
const BARE_MENTION = 3;
/** Width of a probability's 90% interval above which the evidences are too rough to go by. */
const WIDEST_INTERVAL = 0.3;
/** Others of at least this probability are named beside the one to use. */
const WORTH_NAMING = 0.05;
/** Below this probability the one to use comes with a caution. */
const LIKELY = 0.75;
/** Largest K on offer, and how far beyond the range tried another one reaches. */
const MOST_COMPONENTS = 8, FURTHER = 2;

/** A K with its fit. */
interface Fitted {
  readonly K: number;
  readonly fit: ComparedFit;
}

/** The same with a posterior probability. */
type Weighed = Fitted & { readonly posterior: NonNullable<ComparedFit["posterior"]> };

/**
 * Chooses among rows in order of K.
 *
 * @param rows fits of the same data; those that failed carry no posterior probability and no elpd difference
 */
export function chooseAmong(rows: readonly ComparedRow[]): Choice {
  const trusted = rows.flatMap(({ components, fit }): Fitted[] =>
    fit !== null && fit.verdict !== "fail" ? [{ K: components, fit }] : []
  );
  if (trusted.length < 2) {
    const sentence = trusted.length === 0
      ? "No number of curves can be recommended: no fit can be trusted."
      : `No number of curves can be recommended: only the fit of ${name(trusted[0])} can be trusted, ` +
        "and there is nothing to compare it with.";
    return { components: null, sentences: [sentence, ...doubts(rows)] };
  }
  const weighed = trusted.flatMap(({ K, fit }): Weighed[] =>
    fit.posterior === null ? [] : [{ K, fit, posterior: fit.posterior }]
  );
  const { pick, sentences } = weighed.length > 0 ? byEvidence(weighed) : byLoo(trusted);
  return {
    components: pick.K,
    sentences: [
      ...sentences,
      ...edge(pick, rows),
      ...looDoubts(trusted),
      ...doubts(rows),
    ],
  };
}

interface Argued {
  readonly pick: Fitted;
  readonly sentences: readonly string[];
}

function byEvidence(fits: readonly Weighed[]): Argued {
  const best = fits.reduce((top, each) =>
    each.posterior.probability > top.posterior.probability ? each : top
  );
  const pick = fits.find(({ posterior }) =>
    BARE_MENTION * posterior.probability >= best.posterior.probability
  )!;
  return {
    pick,
    sentences: [evidenceSentence(pick, best, fits), ...evidenceErrors(best, fits), ...looBeside(pick, fits)],
  };
}

function evidenceSentence(pick: Weighed, best: Weighed, fits: readonly Weighed[]): string {
  const share = ({ posterior }: Weighed) => formatShare(posterior.probability);
  if (pick !== best) {
    const shares = `${share(pick)} and ${share(best)} of the posterior probability`;
    const level = `the evidence hardly tells it from ${name(best)} (${shares})`;
    return `Use ${name(pick)}: ${level}, and it is the simpler.`;
  }
  const others = fits.filter((each) => each !== pick && each.posterior.probability >= WORTH_NAMING)
    .map((each) => `${name(each)} has ${share(each)}`);
  const caution = pick.posterior.probability < LIKELY ? ", but others remain possible" : "";
  return `Use ${name(pick)}${caution}: it has ${share(pick)} of the posterior probability` +
    (others.length === 0 ? "." : `; ${list(others)}.`);
}

function evidenceErrors(best: Weighed, fits: readonly Weighed[]): string[] {
  const { low, high } = best.posterior;
  if (high - low <= WIDEST_INTERVAL) return [];
  const worst = Math.max(...fits.map(({ fit }) => fit.log_evidence_error)).toFixed(1);
  const range = `${formatShare(low)} to ${formatShare(high)}`;
  return [
    `The evidences are too rough to decide (standard errors up to ${worst}): ` +
    `${name(best)} could have ${range}. Raise --draws.`,
  ];
}

/** What LOO says of a choice made by evidence. */
function looBeside(pick: Fitted, fits: readonly Fitted[]): string[] {
  const comparable = fits.filter(({ fit }) => !Number.isNaN(fit.elpd.difference));
  const best = bestByLoo(comparable);
  if (best === undefined || !comparable.includes(pick)) {
    return [`LOO of ${name(pick)} could not be computed, so the evidence stands alone.`];
  }
  if (isClearlyWorse(differenceOf(pick))) {
    return [
      `LOO disagrees: ${name(best)} predicts better (${elpdText(pick, -1)}). ` +
      "The evidence weighs the priors too, LOO only single rows against all others: compare both on held-out rows " +
      "(--holdout 0.2), and look at the priors before you rely on either.",
    ];
  }
  if (pick !== best) {
    return best.K > pick.K
      ? [`${name(best)} adds nothing LOO can see (${elpdText(pick, -1)}).`]
      : [`LOO cannot tell it from ${name(best)} (${elpdText(pick, 1)}).`];
  }
  const fewer = comparable.findLast(({ K }) => K < pick.K), more = comparable.find(({ K }) => K > pick.K);
  return [fewer, more].flatMap((other) => {
    if (other === undefined) return [];
    const worse = isClearlyWorse(differenceOf(other)), text = elpdText(other, 1);
    if (worse) return [`LOO agrees that ${name(other)} predicts worse (${text}).`];
    return [
      other === more
        ? `${name(other)} adds nothing LOO can see (${text}).`
        : `LOO cannot tell it from ${name(other)} (${text}).`,
    ];
  });
}

/** Without evidence of every fit: the fewest curves that predict no worse than the best. */
function byLoo(fits: readonly Fitted[]): Argued {
  const without = names(fits.filter(({ fit }) => Number.isNaN(fit.log_evidence)));
  const evidence = `There is no log evidence of ${without}: only --method tempered estimates it.`;
  const best = bestByLoo(fits);
  const pick = best === undefined ? fits[0] : fits.find(({ fit }) => !isClearlyWorse(differenceOf({ fit })))!;
  if (best === undefined) {
    return {
      pick,
      sentences: [`LOO could not be computed: ${name(pick)} is merely the simplest.`, evidence],
    };
  }
  if (pick === best) return { pick, sentences: [`Use ${name(pick)}: by LOO it predicts best.`, evidence] };
  const level = `LOO cannot tell it from the best, ${name(best)} (${elpdText(pick, -1)})`;
  return { pick, sentences: [`Use ${name(pick)}: ${level}, and it is the simpler.`, evidence] };
}

/** A choice at the upper end of what was tried says little about what lies beyond. */
function edge(pick: Fitted, rows: readonly ComparedRow[]): string[] {
  const tried = rows.map(({ components }) => components), largest = Math.max(...tried);
  if (pick.K < largest || pick.K === MOST_COMPONENTS) return [];
  const range = `${Math.min(...tried)}..${Math.min(MOST_COMPONENTS, pick.K + FURTHER)}`;
  return [`It is the largest K tried: try more (--components ${range}).`];
}

function looDoubts(fits: readonly Fitted[]): string[] {
  const bad = fits.filter(({ fit }) => fit.elpd.bad_k > 0);
  if (bad.length === 0) return [];
  const rows = list(bad.map((each) => `${each.fit.elpd.bad_k} of ${name(each)}`));
  return [`LOO is unreliable on some rows (Pareto k-hat too large): ${rows}. Compare on held-out rows too.`];
}

/** What did not go well. */
function doubts(rows: readonly ComparedRow[]): string[] {
  const fits = rows.flatMap(({ components: K, fit }) => fit === null ? [] : [{ K, fit }]);
  const about = (concerns: (fit: ComparedFit) => boolean, say: (runs: string) => string) => {
    const some = fits.filter(({ fit }) => concerns(fit));
    return some.length === 0 ? [] : [`${names(some)}: ${say(list(some.map(({ fit }) => fit.run)))}`];
  };
  const look = (runs: string) => `"deno task diagnose" on ${runs} says why.`;
  const merit = meritOf(fits.map(({ fit }) => fit));
  const best = Math.max(...fits.filter(({ fit }) => fit.verdict !== "fail").map(({ fit }) => merit(fit)));
  return [
    ...about(
      (fit) => fit.verdict === "fail" && merit(fit) > best,
      (runs) => `verdict fail, yet possibly the best: mend before you choose; ${look(runs)}`,
    ),
    ...about(
      (fit) => fit.verdict === "fail" && !(merit(fit) > best),
      (runs) =>
        `verdict fail, so that evidence and LOO cannot be trusted and have no part here; ${look(runs)}`,
    ),
    ...about(({ verdict }) => verdict === "review", (runs) => `verdict review, use with care; ${look(runs)}`),
    ...about(({ partial }) => partial, () => "interrupted, with fewer draws than asked for."),
    ...rows.flatMap(({ components: K, reason }) => reason === null ? [] : [`K = ${K}: no fit; ${reason}`]),
  ];
}

/** By what fits rank when a fit that failed is taken at its word: evidence where all have it, otherwise LOO. */
function meritOf(fits: readonly ComparedFit[]): (fit: ComparedFit) => number {
  return fits.every(({ log_evidence }) => Number.isFinite(log_evidence))
    ? ({ log_evidence }) => log_evidence
    : ({ elpd }) => elpd.loo;
}

const name = ({ K }: Fitted): string => `K = ${K}`;
const names = (fits: readonly Fitted[]): string => list(fits.map(name));

function differenceOf({ fit }: Pick<Fitted, "fit">): { difference: number; se: number } {
  return { difference: fit.elpd.difference, se: fit.elpd.difference_se };
}

/** The fit all differences are taken from; undefined when no elpd could be computed. */
function bestByLoo(fits: readonly Fitted[]): Fitted | undefined {
  return fits.find(({ fit }) => fit.elpd.difference === 0);
}

/** `elpd difference -0.4 +- 1.1`; sign -1 turns it round, to that of the best from the fit's point of view. */
function elpdText({ fit }: Fitted, sign: 1 | -1): string {
  return `elpd difference ${(sign * fit.elpd.difference).toFixed(1)} +- ${fit.elpd.difference_se.toFixed(1)}`;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
