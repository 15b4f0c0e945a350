import assert from "node:assert/strict";
import fc from "fast-check";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { partialHeader, partialLines, readPartialDraws } from "../../lib/runs/partial_draws.ts";
import { fakeDraws } from "./fixture.ts";

async function* pieces(text: string, size = 1000): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield await Promise.resolve(text.slice(i, i + size));
}

const DRAWS = fakeDraws(3, 10);
const TEXT = partialHeader(DRAWS.columns) + partialLines(DRAWS, 0);

/** The first draws of every chain. */
function head({ chains, draws, columns }: Draws, count: number): Draws {
  const some = (values: Float64Array) =>
    Float64Array.from(
      { length: chains * count },
      (_, i) => values[Math.floor(i / count) * draws + i % count]!,
    );
  return {
    chains,
    draws: count,
    columns: new Map([...columns].map(([name, values]) => [name, some(values)])),
  };
}

Deno.test("partial draws stand chain by chain within a draw, and later pieces go on from earlier ones", async () => {
  assert.match(TEXT, /^chain,draw,lp__,.*\n1,1,.*\n2,1,.*\n3,1,.*\n1,2,/);
  const later = fakeDraws(3, 5, 2), all = await readPartialDraws(pieces(TEXT + partialLines(later, 10)));
  assert.deepEqual([all?.chains, all?.draws], [3, 15]);
  const sigma = all!.columns.get("sigma")!;
  assert.deepEqual(sigma.subarray(15, 25), DRAWS.columns.get("sigma")!.subarray(10, 20));
  assert.deepEqual(sigma.subarray(25, 30), later.columns.get("sigma")!.subarray(5, 10));
});

Deno.test("a file torn anywhere gives back every whole draw before the tear", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: TEXT.length }), async (length) => {
      const text = TEXT.slice(0, length), back = await readPartialDraws(pieces(text));
      // One line of names, then a line per chain and draw; within the first draw the number of chains is unknown.
      const lines = text.split("\n").length - 2;
      if (lines < 1) assert.equal(back, undefined);
      else if (lines < 3) assert.equal(back!.draws, 1);
      else assert.deepEqual(back, head(DRAWS, Math.floor(lines / 3)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("what is not as it should be ends the reading, and all before it counts", async () => {
  const lines = TEXT.split("\n"), broken = (at: number, line: string) => lines.with(at, line).join("\n");
  for (
    const text of [
      broken(8, "\0\0\0\0"),
      broken(8, "2,3,1,2"),
      broken(8, lines[9]!),
      broken(8, lines[8]!.replace(/,[^,]*$/, ",word")),
    ]
  ) assert.deepEqual(await readPartialDraws(pieces(text)), head(DRAWS, 2));
  assert.equal(await readPartialDraws(pieces("")), undefined);
  assert.equal(await readPartialDraws(pieces("date,spend\n1,2\n")), undefined);
});
