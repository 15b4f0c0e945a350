/** Jittered trajectory lengths: how many leapfrog steps each transition takes. */
import type { Tuning } from "../engine/ensemble.ts";

/**
 * Element `index` of the base-2 van der Corput (Halton) sequence, in (0, 1): the bits of the index mirrored
 * about the binary point. The kernel computes the same number by `reverseBits`.
 */
export function vanDerCorput(index: number): number {
  let bits = index >>> 0, mirrored = 0;
  for (let i = 0; i < 32; i++) {
    mirrored = (mirrored << 1) | (bits & 1);
    bits >>>= 1;
  }
  return (mirrored >>> 0) * 2 ** -32;
}

/** Jitter h of transition `counter`: one number in (0, 1) shared by every chain, as in ChEES-HMC. */
export const jitterOf = (counter: number): number => vanDerCorput(counter + 1);

/** Leapfrog steps of transition `counter`: ceil(h * length / step), at least 1, at most `maxLeapfrogs`. */
export function leapfrogCount(tuning: Tuning, counter: number): number {
  const steps = Math.ceil(jitterOf(counter) * tuning.trajectoryLength / tuning.stepSize);
  return Math.max(1, Math.min(tuning.maxLeapfrogs, Number.isFinite(steps) ? steps : 1));
}

/** Counts of a whole batch, (transitions, problems). */
export function leapfrogSchedule(
  tuning: readonly Tuning[],
  firstTransition: number,
  transitions: number,
): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(transitions * tuning.length);
  for (let i = 0; i < transitions; i++) {
    tuning.forEach((one, problem) => {
      counts[i * tuning.length + problem] = leapfrogCount(one, firstTransition + i);
    });
  }
  return counts;
}
