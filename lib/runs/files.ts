/** Files that a reader finds whole or not at all: written under another name, then renamed. */
import { basename, dirname, join } from "node:path";

/** A file written under a temporary name. */
export interface Prepared {
  /** Puts it in its place. */
  commit(): Promise<void>;
  /** Removes it where it was not put in its place. */
  discard(): Promise<void>;
}

/** Writes a file that appears in `directory` only when committed; on the disk by then, lest power fail. */
export async function prepareFile(
  directory: string,
  name: string,
  pieces: Iterable<string | Uint8Array>,
): Promise<Prepared> {
  const path = join(directory, name), temporary = temporaryName(path);
  const discard = () => removeIfThere(temporary);
  try {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    for (const piece of pieces) {
      let bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
      while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
    }
    await file.syncData();
  } catch (error) {
    await discard();
    throw error;
  }
  return { commit: () => Deno.rename(temporary, path), discard };
}

/** Replaces a small file at once, for callers that cannot wait. */
export function replaceFileSync(path: string, text: string): void {
  const temporary = temporaryName(path);
  try {
    Deno.writeTextFileSync(temporary, text);
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeIfThereSync(temporary);
    throw error;
  }
}

const temporaryName = (path: string): string => join(dirname(path), `.${basename(path)}.partial`);

export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

export function removeIfThereSync(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether an error says that there is no such file. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;

/** The system's words for what went wrong, without its number and the call, which Deno adds. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/ \(os error \d+\).*$/, "");
}
