/** The small parts of the service. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { idPattern, isId, newId } from "../../lib/service/ids.ts";
import { lineOf, linesOf, readLine } from "../../lib/service/json_lines.ts";
import { parseLimits, TokenBuckets } from "../../lib/service/limits.ts";
import { countCells, measureJson } from "../../lib/service/measure.ts";
import { throttle } from "../../lib/service/throttle.ts";
import { newToken, parseTokens } from "../../lib/service/tokens.ts";
import { Watchers } from "../../lib/service/watchers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("measureJson() is never below what the parser finds", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const valuesOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Object.values(value).reduce((sum: number, one) => sum + valuesOf(one), 0)
      : 1;
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (text) => {
    const { depth, values } = measureJson(bytes(text)), parsed = JSON.parse(text);
    assert.equal(depth, depthOf(parsed));
    // Names that occur twice are one value to the parser.
    assert.ok(values >= valuesOf(parsed), `${values} < ${valuesOf(parsed)}`);
  }));
  assert.deepEqual(measureJson(bytes('"[[\\"[,,"')), { depth: 0, values: 1 });
});

Deno.test("countCells() is never below the cells of a table", () => {
  assert.equal(countCells(bytes("a,b;c\td\ne")), 5);
});

Deno.test("ids are of their kind and differ", () => {
  const ids = Array.from({ length: 100 }, () => newId("fit"));
  assert.equal(new Set(ids).size, 100);
  assert.ok(ids.every((id) => isId("fit", id) && new RegExp(idPattern("fit")).test(id) && !isId("data", id)));
  assert.ok(
    !isId("fit", `${ids[0]}/..`) && !isId("fit", ids[0].toUpperCase()) && !isId("fit", `${ids[0]}\n`),
  );
});

Deno.test("token buckets let a burst through and then a rate", () => {
  let now = 0;
  const buckets = new TokenBuckets(2, 3, () => now);
  assert.deepEqual(Array.from({ length: 4 }, () => buckets.take("a")), [0, 0, 0, 0.5]);
  assert.equal(buckets.take("b"), 0);
  now = 500;
  assert.deepEqual([buckets.take("a"), buckets.take("a")], [0, 0.5]);
  now = 1e9;
  assert.deepEqual(Array.from({ length: 4 }, () => buckets.take("a")), [0, 0, 0, 0.5]);
});

Deno.test("limits are checked, and default", () => {
  assert.equal(parseLimits({ rows: 5 }, "limits.json").rows, 5);
  assert.throws(() => parseLimits({ rows: 0, queud: 1 }, "limits.json"), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /limits\.json, rows.*at least 1/s);
    assert.match(error.message, /Did you mean "queued"/);
    return true;
  });
});

Deno.test("a token is known by its hash alone, and by every letter", () => {
  const { token, line } = newToken("anna"),
    tokens = parseTokens(`# people\n\n${line}${newToken("ben").line}`, "f");
  assert.ok(!line.includes(token) && line.startsWith("anna:"));
  assert.equal(tokens.ownerOf(token), "anna");
  for (const wrong of ["", token.slice(0, -1), `${token}x`, token.toLowerCase(), line.trim()]) {
    assert.equal(tokens.ownerOf(wrong), undefined, wrong);
  }
});

Deno.test("a token file that is wrong is told line by line", () => {
  const { line } = newToken("anna");
  assert.throws(() => parseTokens(`${line}${line}anna\nben:12\n`, "tokens"), (error) => {
    assert.ok(error instanceof InputError);
    assert.deepEqual(error.problems.map(({ row }) => row), [2, 3, 4]);
    return true;
  });
  assert.throws(() => parseTokens("\n", "tokens"), /holds no token/);
  assert.throws(() => newToken("a b"), /no name for a token/);
});

Deno.test("throttle() tells at once, then seldom, and the last in any case", async () => {
  const told: number[] = [];
  const { tell } = throttle((value: number) => told.push(value), 40);
  for (let i = 0; i < 5; i++) tell(i);
  assert.deepEqual(told, [0]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(told, [0, 4]);
  tell(5);
  assert.deepEqual(told, [0, 4, 5]);
  await new Promise((resolve) => setTimeout(resolve, 60));
});

Deno.test("lines come whole however they are cut, and what is no JSON is told apart", async () => {
  const text = '{"a":"ä"}\n\nnoise\n[1]', cut = Array.from(bytes(text), (byte) => Uint8Array.of(byte));
  const lines = await Array.fromAsync(linesOf(ReadableStream.from(cut)));
  assert.deepEqual(lines.map(readLine), [{ a: "ä" }, undefined, undefined, [1]]);
  assert.equal(new TextDecoder().decode(lineOf({ a: "\n" })), '{"a":"\\n"}\n');
});

Deno.test("watchers are told, or time out, or are told off", async () => {
  const watchers = new Watchers(), gone = new AbortController();
  const waits = [
    watchers.wait("a", 10_000),
    watchers.wait("a", 5),
    watchers.wait("b", 10_000, gone.signal),
    watchers.wait("c", 10_000),
  ];
  assert.equal(await waits[1], false);
  watchers.tell("a");
  gone.abort();
  watchers.tellAll();
  assert.deepEqual(await Promise.all(waits), [true, false, false, true]);
});
