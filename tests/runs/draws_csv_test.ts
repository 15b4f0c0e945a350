import assert from "node:assert/strict";
import fc from "fast-check";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { InputError } from "../../lib/errors.ts";
import { drawsCsv, readDrawsCsv } from "../../lib/runs/draws_csv.ts";
import { fakeDraws } from "./fixture.ts";

async function* pieces(text: string, size = text.length): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield await Promise.resolve(text.slice(i, i + size));
}

const write = (draws: Draws) => [...drawsCsv(draws)].join("");
const read = (text: string, size: { chains: number; draws: number }) =>
  readDrawsCsv(pieces(text), "draws.csv", size);

Deno.test("draws.csv starts with chain, draw and the columns in order, one-based, chain by chain", () => {
  const lines = write({
    chains: 2,
    draws: 2,
    columns: new Map([["lp__", Float64Array.of(-1, -2, -3, -4)], [
      "A.1",
      Float64Array.of(0.1, 1e-300, 3, 1e21),
    ]]),
  }).split("\n");
  assert.deepEqual(lines, [
    "chain,draw,lp__,A.1",
    "1,1,-1,0.1",
    "1,2,-2,1e-300",
    "2,1,-3,3",
    "2,2,-4,1e+21",
    "",
  ]);
});

Deno.test("draws.csv gives back every double, NaN, infinities and signed zero included", async () => {
  const special = [NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, 1 / 3];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.oneof(fc.double(), fc.constantFrom(...special)), { minLength: 20, maxLength: 20 }),
      fc.integer({ min: 1, max: 50 }),
      async (chains, draws, values, cut) => {
        const written: Draws = {
          chains,
          draws,
          columns: new Map([["x", Float64Array.from(values.slice(0, chains * draws))]]),
        };
        const back = await readDrawsCsv(pieces(write(written), cut), "draws.csv", { chains, draws });
        assert.deepEqual(back, written);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("draws.csv of 100,000 draws of 14 columns is written and read in pieces", async () => {
  const written = fakeDraws(100, 1000);
  const text = [...drawsCsv(written)];
  assert.ok(text.length > 10, "one piece would hold the whole file in memory");
  const back = await readDrawsCsv(pieces(text.join(""), 65536), "draws.csv", { chains: 100, draws: 1000 });
  assert.deepEqual(back.columns.get("kappa.2"), written.columns.get("kappa.2"));
});

Deno.test("a damaged draws.csv is refused with the line and the reason", async (t) => {
  const good = write({ chains: 1, draws: 3, columns: new Map([["x", Float64Array.of(1, 2, 3)]]) });
  const cases: [name: string, text: string, message: RegExp][] = [
    ["empty", "", /is empty/],
    ["foreign", "date,spend\n1,2\n", /do not start with chain,draw/],
    ["two columns of one name", good.replace("draw,x", "draw,x,x"), /same name/],
    ["cut at a line", good.slice(0, good.indexOf("1,3")), /ends after 2 of the 3 draws/],
    ["cut in a line", good.replace("1,3,3\n", "1,3"), /row 4: There are 2 cells where there are 3/],
    ["a word", good.replace("1,2,2", "1,2,two"), /row 3: Column x holds "two"/],
    ["an empty cell", good.replace("1,2,2", "1,2,"), /row 3: Column x holds ""/],
    ["a line lost", good.replace("1,2,2\n", ""), /row 3: Chain 1, draw 3 stands where chain 1, draw 2/],
    ["a line too many", good + "1,4,4\n", /more than the 3 draws/],
  ];
  for (const [name, text, message] of cases) {
    await t.step(name, async () => {
      await assert.rejects(read(text, { chains: 1, draws: 3 }), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        assert.match(error.message, /fit again/);
        return true;
      });
    });
  }
});
