/**
 * What one process leaves to the next in a file, each for one fit on one device:
 *
 *     <SHA-256 of all that follows, 64 hexadecimal digits>\n
 *     <a JSON line: the file's form, and which fit it is of>\n
 *     <the state, as node:v8 serialises plain data: every bit of a number comes back>
 *
 * Written under a temporary name and then renamed: at every moment the file is whole or not there.
 */
import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import type { FitKey } from "../fit_types.ts";
import { isMissing, prepareFile } from "./files.ts";

/** Raised whenever a state of anything changes its form or its meaning. */
const FORM = 2;

/** The JSON line. */
interface Heading {
  readonly form: number;
  readonly of: FitKey;
}

/** @throws the system's error when the file cannot be written */
export async function writeState(directory: string, name: string, of: FitKey, state: unknown): Promise<void> {
  const heading: Heading = { form: FORM, of }, line = JSON.stringify(heading) + "\n";
  const body = serialize(state), hash = hashOf(line, body);
  const file = await prepareFile(directory, name, [`${hash}\n`, line, body]);
  await file.commit();
}

/**
 * Reads a state back.
 *
 * @returns undefined when there is none of this fit
 * @throws Error, with the end of a sentence, when it is damaged, or of this fit by another hillmix or on another device
 */
export async function readState(path: string, key: FitKey): Promise<unknown> {
  let file: Uint8Array;
  try {
    file = await Deno.readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const first = file.indexOf(NEW_LINE), second = file.indexOf(NEW_LINE, first + 1);
  const hash = textOf(file.subarray(0, first)), line = file.subarray(first + 1, second + 1);
  const body = file.subarray(second + 1);
  if (first < 0 || hash !== hashOf(line, body)) throw new Error("the file is damaged");
  const { form, of } = JSON.parse(textOf(line)) as Heading;
  // Another hillmix may describe the same fit in other words, so this comes first.
  if (form !== FORM || of.hillmix !== key.hillmix) throw new Error("it is of another version of hillmix");
  if (of.method !== key.method || of.request !== key.request) return undefined;
  if (of.engine !== key.engine || of.adapter !== key.adapter) {
    throw new Error(`it is of another device: ${of.engine} on ${of.adapter}`);
  }
  return detached(deserialize(body));
}

/** A copy whose arrays have memory of their own: views of the file would be sent to the engine with all of it. */
function detached(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  if (Array.isArray(value)) return value.map(detached);
  if (value instanceof Map) return new Map([...value].map(([name, one]) => [name, detached(one)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, detached(one)]));
}

const NEW_LINE = 10;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function hashOf(line: string | Uint8Array, body: Uint8Array): string {
  return createHash("sha256").update(line).update(body).digest("hex");
}
