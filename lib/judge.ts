/** What a method sampled, as the verdict sees it: the last step of every fit, and what `auto` decides by. */
import { assess, assessApproximation, type Assessment, describeModes } from "./assess.ts";
import type { Draws } from "./diagnostics/draws.ts";
import type { Sampled } from "./methods/method.ts";
import type { HillProblem } from "./model/problem.ts";
import { drawsOf, sampleEbfmi } from "./posterior.ts";
import type { ModeReport } from "./runs/schema.ts";

export interface Judged {
  /** In original units, columns named as in `draws.csv`. */
  readonly draws: Draws;
  /** Of tempered samples; otherwise empty. */
  readonly modes: ModeReport[];
  readonly assessment: Assessment;
}

/** @param maxSpend largest spend of a training row, original units */
export function judge(problem: HillProblem, sampled: Sampled, maxSpend: number): Judged {
  const { sample, tempering, auto, twoStage, approximation } = sampled, { components } = problem.layout;
  const draws = drawsOf(problem, sample);
  if (approximation !== undefined) {
    return { draws, modes: [], assessment: assessApproximation(draws, approximation) };
  }
  const modes = tempering === undefined
    ? []
    : describeModes(draws, { components, maxSpend }, tempering.origins);
  const assessment = assess(draws, {
    components,
    maxSpend,
    divergences: sample.divergences,
    ebfmiMin: sampleEbfmi(sample),
    ...(tempering === undefined
      ? { strongerMethod: "--method tempered" }
      : { tempering: { roundTrips: tempering.roundTrips, modes } }),
    ...(auto === undefined ? {} : { doubts: auto.doubts }),
    ...(twoStage === undefined ? {} : { doubts: twoStage.doubts, targets: twoStage.fits }),
  });
  return { draws, modes, assessment };
}
