/** Ctrl-C and SIGTERM: the first asks the work to stop and keep what it has, the second ends the process at once. */
import type { Sink } from "../report/terminal.ts";
import { Exit } from "./command.ts";

/** Watches for signals until disposed of. */
export interface Interrupt extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/**
 * Under `deno task` one Ctrl-C arrives twice within a millisecond, from the terminal and from the task runner
 * (measured on Deno 2.9.6); a person needs longer to press again.
 */
const SAME_PRESS_MS = 250;

/** What batch systems send before they kill; Windows has no such thing. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** @param notes where the first signal is acknowledged */
export function watchInterrupt(notes: Sink): Interrupt {
  const controller = new AbortController();
  let pressedAt = -Infinity;
  const onSignal = () => {
    if (performance.now() - pressedAt < SAME_PRESS_MS) return;
    if (controller.signal.aborted) Deno.exit(Exit.interrupted);
    pressedAt = performance.now();
    controller.abort();
    notes.write("\nStopping; what was drawn is kept. Ctrl-C again ends at once.\n");
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
    },
  };
}
