/** Methods `advi` and `advi-fullrank`: Gaussian approximations from many starts, checked by Pareto k-hat. */
import { logSumExp } from "../diagnostics/numeric.ts";
import { METHODS } from "../fit_types.ts";
import { samplePrior } from "../model/initial.ts";
import { toOriginalUnits } from "../posterior.ts";
import { Purpose, RandomStream } from "../random.ts";
import { annealPath } from "../samplers/anneal_path.ts";
import type { Continuation } from "../samplers/run.ts";
import type { Rank } from "../variational/elbo.ts";
import { type Component, propose } from "../variational/mixture.ts";
import { type AdviState, type Optimum, runAdvi } from "../variational/run_advi.ts";
import { gatherApproximation, proposalsFor, searchClock } from "./approximate.ts";
import { continuationOf, type Method, type RunState } from "./method.ts";

/** Stream of the proposals, apart from those of the optimiser. */
const PROPOSAL_STREAM = 1001;

/** An ascent of bounds; the starts it began from are needed no more. */
interface AscentState {
  /** Gradients that annealing took. */
  readonly annealing: number;
  readonly bounds: AdviState;
}

/**
 * Starts are an annealed population (a fraction of a second): from prior draws, even chosen by likelihood, 1 to 4 of
 * 64 starts found the better optimum of three simulated curves, from annealed ones all of them.
 *
 * `--chains` are starts and `--warmup` is the iterations they may take.
 */
const adviOf = (rank: Rank): Method => async (engine, problem, options, hooks) => {
  const { onProgress, signal } = hooks;
  const { seed, warmup } = options, starts = options.chains ?? METHODS.advi.chains[engine.name];
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: [problem] },
    chainsPerProblem: starts,
    seed,
  });
  try {
    const continuation = hooks.continuation as Continuation<RunState<AscentState>> | undefined;
    const clock = searchClock(continuation?.from?.spent), shift = toOriginalUnits(problem);
    const own = continuation && continuationOf(continuation, clock);
    let annealing = own?.from?.annealing ?? 0;
    const show = (done: number, gradients: number, elbo?: number) =>
      onProgress({
        phase: "optimising",
        done,
        total: warmup,
        transitionsPerSecond: 0,
        gradients,
        divergences: 0,
        ...(elbo === undefined ? {} : { elbo: elbo + shift }),
      });
    const prior = (stream: RandomStream) => samplePrior(problem, stream);
    const anneal = async () => {
      const path = await annealPath(ensemble, prior, seed, ({ leapfrogs }) => {
        annealing += starts * leapfrogs.reduce((sum, count) => sum + count, 0);
        show(0, annealing);
      }, signal);
      if (path === undefined) throw signal!.reason;
      return path[0]!.positions;
    };
    const run = await runAdvi(
      ensemble,
      anneal,
      seed,
      { rank, iterations: warmup },
      ({ iterations, gradients, elbo }) => show(iterations, annealing + gradients, elbo),
      signal,
      own && { from: own.from?.bounds, offer: (bounds) => own.offer({ annealing, bounds }) },
    );
    const { totalMs } = clock.spent, found = performance.now(), optima = byBound(run.optima);
    const stream = new RandomStream(seed, Purpose.approximation, PROPOSAL_STREAM);
    const proposals = await propose(ensemble, optima, proposalsFor(options), stream);
    return gatherApproximation(
      problem,
      {
        proposals,
        elbo: optima[0]!.elbo,
        elboError: optima[0]!.elboError,
        elboTrace: run.elboTrace,
        optima,
        starts,
        iterations: run.elboTrace.length,
        gradients: annealing + run.gradients + proposals.logLik.length,
        warnings: run.settled ? [] : [
          `The optimiser used up its ${warmup} iterations before it settled; raise --warmup.`,
        ],
      },
      options,
      { optimising_s: totalMs / 1000, drawing_s: (performance.now() - found) / 1000 },
    );
  } finally {
    await ensemble.close();
  }
};

/** Optima weighted by exp(bound), as if every bound were equally tight; importance weights mend what is not. */
function byBound(optima: readonly Optimum[]): (Optimum & Component)[] {
  const total = logSumExp(Float64Array.from(optima, ({ elbo }) => elbo));
  return optima.map((optimum) => ({ ...optimum, weight: Math.exp(optimum.elbo - total) }));
}

export const approximateMeanField = adviOf("mean-field");
export const approximateFullRank = adviOf("full-rank");
