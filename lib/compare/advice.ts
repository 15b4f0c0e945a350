/**
 * Which method to use on this series and why, in sentences: the quickest sampler that passed and gives the reference's
 * answer, then what each other method costs in error or in time.
 */
import { isClearlyWorse } from "../diagnostics/loo_comparison.ts";
import {
  commonScale,
  formatFixed,
  formatInterval,
  formatNumber,
  formatSeconds,
  formatShare,
} from "../report/format.ts";
import {
  type BusinessGap,
  type ComparedMethod,
  type CompareReport,
  type CompareRow,
  hasFit,
} from "../runs/compare.ts";

export type Advice = CompareReport["advice"];

/**
 * Up to here answers count as one. A mean a quarter of a standard deviation off costs a 90% interval one point of
 * coverage; an interval that should miss 10% of the reference and misses 5% to 15% is off by as much as a factor of
 * 0.88 to 1.19 in width.
 */
const SAME_MEAN = 0.25, FEWEST_MISSED = 0.05, MOST_MISSED = 0.15;
/** Monte Carlo standard errors that a gap between two runs is forgiven. */
const FORGIVEN_ERRORS = 4;
/** Ratio of standard deviations from which single parameters are remarked on. */
const REMARKABLE_RATIO = 0.8;

/** What is compared, before there is advice. */
export type Compared = Omit<CompareReport, "advice">;

/** The advice on a comparison. */
export function adviceOn({ methods, reference, truth, data, partial }: Compared): Advice {
  const fits = methods.filter(hasFit), held = fits.find(({ method }) => method === reference);
  const others = [
    ...failures(methods),
    ...(partial ? ["The comparison is not whole: some methods did not finish."] : []),
  ];
  if (held === undefined) {
    const sentence =
      "No method can be recommended here: none gave draws to be trusted. Raise --effort, or fit fewer " +
      "curves (--components).";
    return { method: null, sentences: [sentence, ...others] };
  }
  const trusted = fits.filter((fit) => fit.exact && fit.status === "pass" && isSame(fit));
  const pick = trusted.reduce<ComparedMethod | undefined>(
    (best, fit) => best === undefined || fit.timing.total_s < best.timing.total_s ? fit : best,
    undefined,
  );
  const rest = fits.filter((fit) => fit !== held && fit !== pick);
  return {
    method: (pick ?? (held.exact ? held : undefined))?.method ?? null,
    sentences: [
      ...pick === undefined
        ? [withoutPass(held)]
        : [chosen(pick, held, trusted, fits.filter(({ exact }) => exact).length)],
      ...rest.filter(({ exact }) => exact).flatMap((fit) => aboutSampler(fit, held)),
      ...aboutApproximations(rest.filter(({ exact }) => !exact), held, data.target),
      ...predictions(rest),
      ...(truth === null ? [] : aboutTruth(fits, truth.contribution.mean)),
      ...others,
    ],
  };
}

/** Whether two answers are one as far as business goes. */
export function isSameBusiness(business: NonNullable<ComparedMethod["gap"]>["business"]): boolean {
  return [business.contribution, business.roas, business.marginal_roas, ...business.curve].every(isSmall);
}

function isSmall({ mean, missed }: BusinessGap): boolean {
  return Math.abs(mean) <= SAME_MEAN && missed >= FEWEST_MISSED && missed <= MOST_MISSED;
}

/** The same in parameters as well; the reference agrees with itself. */
function isSame({ gap }: ComparedMethod): boolean {
  if (gap === null) return true;
  const { value, error } = gap.mean;
  return isSameBusiness(gap.business) && Math.abs(value) - FORGIVEN_ERRORS * error <= SAME_MEAN;
}

/** @param samplers how many there were, trusted or not */
function chosen(
  pick: ComparedMethod,
  held: ComparedMethod,
  trusted: readonly ComparedMethod[],
  samplers: number,
): string {
  const time = formatSeconds(pick.timing.total_s);
  if (pick !== held) {
    return `Use ${pick.method} here: it passed every check and gives the answer of ${held.method} in ${time} instead ` +
      `of ${
        formatSeconds(held.timing.total_s)
      }. Its own checks cannot see a solution that all its chains missed, so ` +
      "let fit --method auto, the default, confirm it when the data change.";
  }
  const others = trusted.length > 1
    ? ", and no sampler with the same answer was quicker"
    : ", and no other sampler did as well";
  return `Use ${pick.method} here: it passed every check in ${time}${samplers > 1 ? others : ""}.`;
}

function withoutPass(held: ComparedMethod): string {
  return held.exact
    ? `Use ${held.method} here, with care: no sampler passed every check, and it came closest. Raise --effort before a ` +
      "decision rests on the numbers."
    : `No method can be recommended here: no sampler gave draws to be trusted, and ${held.method} cannot be checked ` +
      "without one. Raise --effort, or fit fewer curves (--components).";
}

function aboutSampler(fit: ComparedMethod, held: ComparedMethod): string[] {
  const { method, status, timing, diagnostics, gap } = fit;
  if (status === "fail") {
    return [
      `${method} failed: its chains disagree (R-hat ${
        formatFixed(diagnostics.max_rhat, 2)
      }), so its numbers depend on ` +
      "where they started.",
    ];
  }
  if (gap === null || isSame(fit)) {
    const verdict = status === "pass" ? "" : `, with verdict ${status}`;
    return [`${method} gives the same answer in ${formatSeconds(timing.total_s)}${verdict}.`];
  }
  const { name, value } = gap.mean, disagrees = `${method} disagrees with ${held.method}`;
  const where = isSameBusiness(gap.business)
    ? `though not in business numbers: ${name} is ${deviations(value)} off`
    : `in business numbers too: ${name} is ${deviations(value)} off`;
  const why = status === "pass" ? " Its chains agree with each other, and missed the same." : "";
  return [`${disagrees}, ${where}.${why}`];
}

function aboutApproximations(
  fits: readonly ComparedMethod[],
  held: ComparedMethod,
  target: string,
): string[] {
  const same = fits.filter((fit) =>
    fit.gap !== null && fit.status !== "fail" && isSameBusiness(fit.gap.business)
  );
  const others = fits.filter((fit) => fit.gap !== null && !same.includes(fit));
  return [
    ...same.map((fit) => sameBusiness(fit)),
    ...others.map((fit) => costOf(fit, held, target)),
  ];
}

function sameBusiness({ method, timing, gap }: ComparedMethod): string {
  const { sd_low, mean } = gap!;
  const caveats = [
    sd_low.value < REMARKABLE_RATIO
      ? `the interval of ${sd_low.name} is ${formatFixed(1 / sd_low.value, 1)} times too narrow`
      : "",
    Math.abs(mean.value) > SAME_MEAN ? `${mean.name} is ${deviations(mean.value)} off` : "",
  ].filter((part) => part !== "");
  const parameters = caveats.length === 0 ? "" : `, though ${caveats.join(" and ")}`;
  return `${method} gives the same business numbers in ${
    formatSeconds(timing.total_s)
  }${parameters}: enough for a ` +
    "first look, with a sampler before a decision.";
}

/** What a method that is off says of the total contribution, and what that leaves out. */
function costOf(fit: ComparedMethod, held: ComparedMethod, target: string): string {
  const { method, timing, status, diagnostics } = fit, { contribution } = fit.gap!.business;
  const [said, right] = contributions(fit, held);
  const worst = isSmall(contribution) ? worstCurveGap(fit) : undefined;
  const sees = Number.isFinite(diagnostics.k_hat)
    ? `Its k-hat of ${formatFixed(diagnostics.k_hat, 2)}`
    : "Its own verdict";
  const blind = Number.isFinite(diagnostics.k_hat)
    ? "Its own check does not see that."
    : "Its chains cannot show that: the error is the method's own.";
  const time = formatSeconds(timing.total_s), off = offText(contribution, held);
  return `${method} took ${time} and gives a total contribution of ${said} ${target}, ${held.method} ${right}: ` +
    `${off}${worst === undefined ? "" : `; ${worst}`}. ` +
    (status === "fail" ? `${sees} says so too: do not use it here.` : blind);
}

/** What an interval does with the reference's draws: leaves too many out, or is too wide to leave any out. */
function offText({ missed, sd_ratio }: BusinessGap, held: ComparedMethod): string {
  if (missed < FEWEST_MISSED) {
    return `its interval is too wide, with ${formatFixed(sd_ratio, 1)} times the standard deviation`;
  }
  const share = formatShare(missed);
  return `its interval leaves out ${share} of what ${held.method} holds possible (10% would be right)`;
}

/** Two contributions with their intervals, in one unit that the first names: `2.69 (2.56 to 2.82) million`. */
function contributions(...fits: readonly [ComparedMethod, ComparedMethod]): readonly [string, string] {
  const all = fits.map(({ business }) => business.contribution);
  const { unit, format } = commonScale(all.flatMap(({ mean, q5, q95 }) => [mean, q5, q95]));
  const [first, second] = all.map((contribution) => formatInterval(contribution, format));
  return [unit === "" ? first : `${first} ${unit.replace(/s$/, "")}`, second];
}

/** The business number, other than the contribution, whose interval misses most or covers too much. */
function worstCurveGap({ gap, business }: ComparedMethod): string | undefined {
  const candidates = [
    { name: "marginal ROAS", gap: gap!.business.marginal_roas },
    ...gap!.business.curve.map((each, i) => ({
      name: `the response to ${business.curve[i].multiple} times the spend`,
      gap: each,
    })),
  ].filter((each) => !isSmall(each.gap));
  if (candidates.length === 0) return undefined;
  const badness = ({ missed, mean }: BusinessGap) =>
    Math.max(Math.abs(missed - 0.1) / 0.05, Math.abs(mean) / SAME_MEAN);
  const { name, gap: worst } = candidates.reduce((a, b) => badness(b.gap) > badness(a.gap) ? b : a);
  return `of ${name} it leaves out ${formatShare(worst.missed)}`;
}

/** Methods that foretell single rows clearly worse than the reference. */
function predictions(fits: readonly ComparedMethod[]): string[] {
  return fits.filter(({ status, elpd: { difference, difference_se } }) =>
    status !== "fail" && !Number.isNaN(difference) && isClearlyWorse({ difference, se: difference_se })
  ).map(({ method, elpd }) =>
    `${method} predicts worse by LOO (elpd difference ${formatFixed(elpd.difference, 1)} +- ` +
    `${formatFixed(elpd.difference_se, 1)}).`
  );
}

function aboutTruth(fits: readonly ComparedMethod[], truth: number): string[] {
  const covers = ({ business: { contribution: { q5, q95 } } }: ComparedMethod) => q5 <= truth && truth <= q95;
  const inside = fits.filter(covers), outside = fits.filter((fit) => !covers(fit));
  const where = outside.length === 0
    ? "inside the 90% interval of every method"
    : inside.length === 0
    ? "outside the 90% interval of every method"
    : outside.length < inside.length
    ? `inside the 90% interval of every method but ${namesOf(outside)}`
    : `inside the 90% interval of no method but ${namesOf(inside)}`;
  return [`The true contribution, ${formatNumber(truth)}, lies ${where}.`];
}

function failures(rows: readonly CompareRow[]): string[] {
  return rows.filter((row) => !hasFit(row)).map(({ method, reasons }) =>
    `${method}: no fit; ${reasons.join(" ")}`
  );
}

const deviations = (value: number) => `${formatFixed(Math.abs(value), 1)} standard deviations`;

function namesOf(fits: readonly ComparedMethod[]): string {
  const names = fits.map(({ method }) => method);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
