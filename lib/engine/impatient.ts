/** An engine whose calls end soon after an abort, however long the batch under way would take. */
import type { Engine, Ensemble } from "./ensemble.ts";

/** What a batch under way gets to finish in, because its draws are worth having. */
const GRACE_MS = 2000;

/** An engine to use in place of the one it wraps, until disposed of. */
export interface Impatient extends Disposable {
  readonly engine: Engine;
}

/**
 * Wraps an engine: some time after the signal aborts, calls under way reject with its reason, and so do later ones.
 * The wrapped engine itself works on until its batch is done; closing it here waits no longer than that.
 *
 * @param graceMs how long after the abort
 */
export function impatient(wrapped: Engine, signal: AbortSignal, graceMs = GRACE_MS): Impatient {
  const patience = Promise.withResolvers<never>();
  patience.promise.catch(() => {}); // nobody may be waiting
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => timer ??= setTimeout(() => patience.reject(signal.reason), graceMs);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();

  const soon = <T>(work: Promise<T>): Promise<T> => Promise.race([work, patience.promise]);
  const closed = (work: Promise<void>): Promise<void> =>
    soon(work).catch((error) => {
      if (error !== signal.reason) throw error;
    });
  return {
    engine: {
      ...wrapped,
      ensemble: async (spec) => impatientEnsemble(await soon(wrapped.ensemble(spec)), soon, closed),
      close: () => closed(wrapped.close()),
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    },
  };
}

function impatientEnsemble(
  ensemble: Ensemble,
  soon: <T>(work: Promise<T>) => Promise<T>,
  closed: (work: Promise<void>) => Promise<void>,
): Ensemble {
  return {
    dim: ensemble.dim,
    problems: ensemble.problems,
    chains: ensemble.chains,
    setPositions: (positions, replica) => soon(ensemble.setPositions(positions, replica)),
    state: () => ensemble.state(),
    restore: (state) => soon(ensemble.restore(state)),
    evaluate: (positions, beta) => soon(ensemble.evaluate(positions, beta)),
    hmc: (transitions, tuning, reference) => soon(ensemble.hmc(transitions, tuning, reference)),
    nuts: (transitions, tuning) => soon(ensemble.nuts(transitions, tuning)),
    close: () => closed(ensemble.close()),
  };
}
