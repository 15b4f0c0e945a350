/**
 * How the methods of a comparison ended, a file each in the directory of an attempt at it, so that the next attempt
 * need not run them again. Their run directories lie beside.
 */
import { join } from "node:path";
import type { MethodEnd } from "../compare/compare.ts";
import type { FitKey } from "../fit_types.ts";
import { readState, writeState } from "../runs/state_file.ts";

/** Follows the name of a method's run directory. */
export const KEPT_SUFFIX = ".kept.bin";

/** @throws the system's error when the file cannot be written */
export function keepMethod(out: string, run: string, key: FitKey, end: MethodEnd): Promise<void> {
  return writeState(out, `${run}${KEPT_SUFFIX}`, key, end);
}

/**
 * How the first methods ended, up to the last one with a fit: those without one after it are tried again.
 *
 * @param methods all of the comparison, in order
 */
export async function keptMethods(
  out: string,
  methods: readonly { readonly run: string; readonly key: FitKey }[],
): Promise<MethodEnd[]> {
  const ends: MethodEnd[] = [];
  for (const { run, key } of methods) {
    const end = await readState(join(out, `${run}${KEPT_SUFFIX}`), key).catch(() => undefined);
    if (end === undefined) break; // damaged, or of another device: as if it had not been run
    ends.push(end as MethodEnd);
  }
  return ends.slice(0, 1 + ends.findLastIndex(({ kept }) => kept !== undefined));
}
