/** From the directory of a fit that never finished to a report on what it had drawn. */
import { assess } from "./assess.ts";
import { type Draws, FEWEST_DRAWS } from "./diagnostics/draws.ts";
import { minEbfmi } from "./diagnostics/energy.ts";
import { InputError } from "./errors.ts";
import type { FinishedRun, UnfinishedRun } from "./runs/directory.ts";
import type { FitReport, UnfinishedReport } from "./runs/schema.ts";

/**
 * Judges what there is. The verdict never says `pass`: the run is not the one that was asked for.
 *
 * @param path of the run, for messages
 * @throws InputError when there are no draws, or too few to judge
 */
export function salvage({ unfinished, draws: kept, live }: UnfinishedRun, path: string): FinishedRun {
  const fate = live ? "is still running" : unfinished.end ?? "was killed", { phase, engine } = unfinished;
  if (kept === undefined || kept.draws < FEWEST_DRAWS || engine === null) {
    const has = kept === undefined ? "no draws yet" : `no more than ${kept.draws} draws per chain yet`;
    const advice = live ? "wait for it." : "fit again.";
    throw new InputError([{
      where: path,
      message: `the fit ${fate} in phase ${phase} and holds ${has}; ${advice}`,
    }]);
  }
  const columns = new Map(kept.columns),
    energy = columns.get("energy__"),
    divergent = columns.get("divergent__");
  columns.delete("energy__");
  columns.delete("divergent__");
  const draws: Draws = { ...kept, columns };
  const method = unfinished.method === "tempered" ? {} : { strongerMethod: "--method tempered" };
  const judged = assess(draws, {
    components: unfinished.model.components,
    maxSpend: unfinished.data.max_spend,
    divergences: divergent?.reduce((sum, one) => sum + one, 0) ?? 0,
    ebfmiMin: energy === undefined ? NaN : minEbfmi(energy, draws.chains, draws.draws),
    ...method,
  });
  const { status, reasons } = judged.verdict;
  return {
    report: {
      ...reportOf(unfinished, engine, draws),
      ...judged,
      verdict: {
        ...judged.verdict,
        status: status === "pass" ? "review" : status,
        reasons: [
          `The fit ${fate} in phase ${phase}, at ${draws.draws} of ${unfinished.sampling.draws} draws per chain: ` +
          `the verdict is on these alone${
            live ? "." : ", and what is computed last is missing. Fit again for the rest."
          }`,
          ...reasons,
        ],
      },
    },
    draws,
  };
}

/** What is known of the run, NaN where only its end would have told. */
function reportOf(
  { state: _running, phase: _phase, end: _end, sampling, ...facts }: UnfinishedReport,
  engine: NonNullable<UnfinishedReport["engine"]>,
  { chains, draws }: Draws,
): Omit<FitReport, "summary" | "diagnostics" | "verdict"> {
  return {
    ...facts,
    ...engine,
    state: "finished",
    created_at: facts.started_at,
    partial: true,
    sampling: {
      chains,
      warmup: sampling.warmup,
      draws,
      step_size: NaN,
      mean_leapfrogs: NaN,
      acceptance: NaN,
    },
    timing: {
      total_s: NaN,
      warmup_s: NaN,
      sampling_s: NaN,
      gradients: NaN,
      transitions: chains * (sampling.warmup + draws),
    },
    elpd: { loo: NaN, se: NaN, p_loo: NaN, bad_k: 0 },
    waic: { elpd: NaN, se: NaN, p_waic: NaN },
    holdout: null,
    warnings: [],
  };
}
