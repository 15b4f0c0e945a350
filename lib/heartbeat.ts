/** Progress that never falls silent: what takes long in one piece is told again and again, with the time it has taken. */
import type { Progress } from "./fit_types.ts";

/** Longest silence; a person starts to wonder after a few seconds. */
const BEAT_MS = 1000;

/** Reports progress until disposed of. */
export interface Heartbeat extends Disposable {
  readonly onProgress: (progress: Progress) => void;
}

/** @param onProgress told of everything, and of the last again where nothing else comes */
export function heartbeat(onProgress: (progress: Progress) => void, everyMs = BEAT_MS): Heartbeat {
  let last: Progress | undefined, phaseBegan = performance.now(), toldAt = phaseBegan;
  const tell = (progress: Progress) => {
    toldAt = performance.now();
    onProgress({ ...progress, phaseSeconds: (toldAt - phaseBegan) / 1000 });
  };
  const timer = setInterval(() => {
    if (last !== undefined && performance.now() - toldAt > 0.9 * everyMs) tell(last);
  }, everyMs);
  return {
    onProgress(progress) {
      if (progress.phase !== last?.phase) phaseBegan = performance.now();
      last = progress;
      tell(progress);
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
