/** Reads reference values made by `tests/golden/make_diagnostics.R`, and compares with them. */
import assert from "node:assert/strict";

/** JSON as the script writes it: null for NA and NaN, strings for infinities. */
export async function golden(name: string): Promise<Node> {
  return revive(JSON.parse(await Deno.readTextFile(new URL(`../golden/${name}`, import.meta.url))));
}

/** A parsed value: the tests know what they asked the script for. */
// deno-lint-ignore no-explicit-any
type Node = any;

function revive(value: unknown): Node {
  if (value === null) return NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revive(part)]));
  }
  return value;
}

/** Equal to within a relative error of the larger size, NaN equal to NaN. */
export function assertClose(actual: number, expected: number, relative: number, what: string): void {
  if (Object.is(actual, expected) || actual === expected) return;
  const error = Math.abs(actual - expected) / Math.max(Math.abs(actual), Math.abs(expected));
  assert.ok(error <= relative, `${what}: got ${actual}, expected ${expected}, relative error ${error}`);
}

/** Every number of two lists, likewise. */
export function assertAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of values`);
  for (let i = 0; i < actual.length; i++) assertClose(actual[i], expected[i], relative, `${what}[${i}]`);
}
