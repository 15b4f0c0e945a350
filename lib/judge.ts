/** What a method sampled, as the verdict sees it: the last step of every fit, and what `auto` decides by. */
import { assess, assessApproximation, type Assessment, describeModes } from "./assess.ts";
import type { Draws } from "./diagnostics/draws.ts";
import type { Sampled } from "./methods/method.ts";
import type { HillProblem } from "./model/problem.ts";
import { drawsOf, sampleEbfmi } from "./posterior.ts";
import { describeTempering, evidenceOf, type Tempered } from "./tempering_report.ts";

export interface Judged {
  /** In original units, columns named as in `draws.csv`. */
  readonly draws: Draws;
  /** Of tempered samples. */
  readonly tempered: Tempered | undefined;
  readonly assessment: Assessment;
}

/** @param maxSpend largest spend of a training row, original units */
export function judge(problem: HillProblem, sampled: Sampled, maxSpend: number): Judged {
  const { sample, tempering, auto, twoStage, approximation } = sampled, { components } = problem.layout;
  const draws = drawsOf(problem, sample), shape = { components, maxSpend };
  if (approximation !== undefined) {
    return { draws, tempered: undefined, assessment: assessApproximation(draws, approximation) };
  }
  const tempered = tempering === undefined
    ? undefined
    : describeTempering(problem, sample, tempering, describeModes(draws, shape, tempering.origins));
  const assessment = assess(draws, {
    ...shape,
    divergences: sample.divergences,
    ebfmiMin: sampleEbfmi(sample),
    ...(tempered === undefined
      ? { strongerMethod: "--method tempered" }
      : { tempering: evidenceOf(tempered) }),
    ...(auto === undefined ? {} : { doubts: auto.doubts }),
    ...(twoStage === undefined ? {} : { doubts: twoStage.doubts, targets: twoStage.fits }),
  });
  return { draws, tempered, assessment };
}
