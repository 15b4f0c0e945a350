/** From the directory of a fit that never finished to a report on what it had drawn. */
import { assess, type Conduct, describeModes } from "./assess.ts";
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
  const draws = withoutConduct(kept), { components } = unfinished.model, maxSpend = unfinished.data.max_spend;
  const judged = assess(draws, { components, maxSpend, ...conductOf(kept, draws, { components, maxSpend }) });
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

/** Columns that stand beside a draw's own. */
const CONDUCT = {
  energy: "energy__",
  divergent: "divergent__",
  origin: "origin__",
  roundTrips: "round_trips__",
};

function withoutConduct({ columns, ...size }: Draws): Draws {
  const beside = Object.values(CONDUCT);
  return { ...size, columns: new Map([...columns].filter(([name]) => !beside.includes(name))) };
}

/** How the draws were made, told by the columns beside them. */
function conductOf(
  { columns, chains, draws: count }: Draws,
  draws: Draws,
  shape: Pick<Conduct, "components" | "maxSpend">,
): Omit<Conduct, "components" | "maxSpend"> {
  const energy = columns.get(CONDUCT.energy), divergent = columns.get(CONDUCT.divergent);
  const origin = columns.get(CONDUCT.origin), trips = columns.get(CONDUCT.roundTrips);
  return {
    divergences: divergent?.reduce((sum, one) => sum + one, 0) ?? 0,
    ebfmiMin: energy === undefined ? NaN : minEbfmi(energy, chains, count),
    ...(origin === undefined || trips === undefined ? { strongerMethod: "--method tempered" } : {
      tempering: {
        roundTrips: Array.from({ length: chains }, (_, chain) => trips[(chain + 1) * count - 1]!),
        modes: describeModes(draws, shape, Int32Array.from(origin)),
      },
    }),
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
