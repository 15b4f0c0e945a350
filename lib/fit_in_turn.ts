/** Several fits one after another on one open engine, so that kernels compile once. */
import { type Opened, openEngine } from "./engine/open.ts";
import { fit } from "./fit.ts";
import type { FitHooks, FitOptions, FitOutcome } from "./fit_types.ts";

/** How a caller follows and stops the work. */
export interface TurnHooks {
  /** Called before each fit with its place in the list, for what follows that fit. */
  begin(index: number): Omit<FitHooks, "signal">;
  readonly signal?: AbortSignal;
  /** Whether fits before these gave something to keep, so that all of these may fail. */
  readonly kept?: boolean;
}

/** One fit done, or not. */
export type Turn =
  & { readonly index: number }
  & ({ readonly outcome: FitOutcome } | {
    readonly outcome: undefined;
    /** Why there is none, as the end of a sentence or a sentence. */
    readonly reason: string;
    /** Whether it was stopped rather than failed. */
    readonly interrupted: boolean;
  });

/**
 * Runs each fit as it would run on its own. One that throws gives its reason, and the others go on. When interrupted,
 * the fit under way keeps what it has and those after it are not begun.
 *
 * @param fits all for the same engine; at least one, unless something is kept already
 * @param lent an engine to work on and leave open; after a fit that threw, the others run on one that is opened here
 * @throws what the first fit threw, after all turns, when no fit gave anything to keep
 */
export async function* fitInTurn(
  fits: readonly FitOptions[],
  { begin, signal, kept: before = false }: TurnHooks,
  lent?: Opened,
): AsyncGenerator<Turn> {
  let opened = lent, firstError: unknown, kept = before;
  const close = async () => {
    if (opened !== lent) await opened?.engine.close();
    opened = undefined;
  };
  try {
    for (const [index, options] of fits.entries()) {
      if (signal?.aborted) {
        const reason = "the work was interrupted before its turn.";
        yield { index, outcome: undefined, reason, interrupted: true };
        continue;
      }
      const following = begin(index);
      let turn: Turn;
      try {
        opened ??= await openEngine(options.engine);
        const hooks = signal === undefined ? following : { ...following, signal };
        turn = { index, outcome: await fit(options, hooks, opened) };
        kept = true;
      } catch (error) {
        firstError ??= error;
        turn = { index, outcome: undefined, ...reasonOf(error, signal) };
        await close(); // a device that was lost takes its engine with it
      }
      yield turn;
    }
  } finally {
    await close();
  }
  if (!kept) throw firstError ?? signal?.reason;
}

function reasonOf(error: unknown, signal: AbortSignal | undefined): { reason: string; interrupted: boolean } {
  if (signal?.aborted && error === signal.reason) {
    return { reason: "it was interrupted before there were draws to keep.", interrupted: true };
  }
  return { reason: error instanceof Error ? error.message : String(error), interrupted: false };
}
