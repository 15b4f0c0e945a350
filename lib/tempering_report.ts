/** The `tempering` section of `fit.json`, and what the verdict makes of it. */
import type { TemperingEvidence } from "./diagnostics/verdict.ts";
import type { Tempering } from "./methods/method.ts";
import { allocateParameters, constrain, parameterNames } from "./model/parameters.ts";
import type { HillProblem } from "./model/problem.ts";
import { type Sample, toOriginalUnits } from "./posterior.ts";
import type { FitReport, ModeReport, SearchReport } from "./runs/schema.ts";
import { balance, modesOf } from "./samplers/find_modes.ts";

/** The sections that only tempered runs have. */
export type Tempered = { [Key in "log_evidence" | "tempering"]: NonNullable<FitReport[Key]> };

/** @param modes as the draws show them */
export function describeTempering(
  problem: HillProblem,
  sample: Sample,
  tempering: Tempering,
  modes: ModeReport[],
): Tempered {
  const { search, origins } = tempering;
  return {
    log_evidence: tempering.logEvidence + toOriginalUnits(problem),
    tempering: {
      log_evidence_error: tempering.logEvidenceError,
      barrier: tempering.barrier,
      rungs: tempering.betas.length,
      betas: [...tempering.betas],
      min_swap_rate: Math.min(...tempering.swapRates),
      round_trips: [...tempering.roundTrips],
      modes,
      ...(search === undefined ? {} : { search: describeSearch(problem, sample, search, origins) }),
    },
  };
}

/** What the verdict rests on: the same of a fit just made and of one read back. */
export function evidenceOf({ log_evidence, tempering }: Tempered): TemperingEvidence {
  const { round_trips, modes, search, log_evidence_error } = tempering;
  return {
    roundTrips: round_trips,
    modes,
    ...(search === undefined ? {} : {
      search: {
        ascents: search.ascents,
        modes: search.modes,
        gap: search.log_evidence - log_evidence,
        gapError: Math.hypot(search.log_evidence_error, log_evidence_error),
      },
    }),
  };
}

/** Found modes, by what the search made of them and by the draws that are in them. */
function describeSearch(
  problem: HillProblem,
  { positions, chains, draws }: Sample,
  { found: { modes, ascents }, jumps }: NonNullable<Tempering["search"]>,
  origins: Int32Array,
): SearchReport {
  const { logEvidence, error, weights, weightErrors } = balance(modes);
  const members = modesOf(modes, positions), names = parameterNames(problem.layout);
  const scratch = allocateParameters(problem.layout), row = new Float64Array(names.length);
  return {
    ascents,
    log_evidence: logEvidence + toOriginalUnits(problem),
    log_evidence_error: error,
    jumps_tried: jumps.tried,
    jumps_accepted: jumps.accepted,
    modes: modes.map(({ mode }, m) => {
      const own = [...members.keys()].filter((i) => members[i] === m);
      const entered = own.filter((i) => origins[i]! >= 0).map((i) => Math.floor(i / draws));
      constrain(problem, scratch, mode.fit.mean, 0, row, 0);
      return {
        weight: weights[m]!,
        weight_error: weightErrors[m]!,
        share: own.length / (chains * draws),
        ladders: new Set(entered).size,
        ascents: mode.ascents,
        alpha: row[names.indexOf("alpha")]!,
        sigma: row[names.indexOf("sigma")]!,
      };
    }),
  };
}
