import assert from "node:assert/strict";
import { entriesOf, findModes } from "../../lib/diagnostics/modes.ts";
import { RandomStream } from "../../lib/random.ts";

const CHAINS = 8, DRAWS = 500, TOTAL = CHAINS * DRAWS;

function drawsOf(columns: Record<string, (i: number, stream: RandomStream) => number>) {
  const stream = new RandomStream(3, 0);
  return {
    chains: CHAINS,
    draws: DRAWS,
    columns: new Map(
      Object.entries(columns).map(([name, value]) => [
        name,
        Float64Array.from({ length: TOTAL }, (_, i) => value(i, stream)),
      ]),
    ),
  };
}

Deno.test("one mode, however skewed or heavy its tails, stays one", () => {
  const draws = drawsOf({
    normal: (_, s) => s.normal(),
    skewed: (_, s) => Math.exp(1.5 * s.normal()),
    heavy: (_, s) => s.normal() / Math.abs(s.normal()),
    flat: (_, s) => s.uniform(),
    constant: () => 2,
  });
  assert.deepEqual(findModes(draws).map(({ members }) => members.length), [TOTAL]);
});

Deno.test("modes are told apart by whichever quantity does, small ones too", () => {
  const mode = (i: number) => i % 50 === 0 ? 2 : i % 10 < 3 ? 1 : 0;
  const draws = drawsOf({
    first: (i, s) => s.normal() + (mode(i) === 1 ? 12 : 0),
    second: (i, s) => 0.1 * s.normal() + (mode(i) === 2 ? 3 : 0),
  });
  const modes = findModes(draws);
  assert.equal(modes.length, 3);
  // Where a mode ends is told to the width of a bin: a draw or two may be on the wrong side.
  modes.forEach(({ members }, m) => {
    const right = members.filter((i) => mode(i) === m).length;
    assert.ok(members.length - right <= 2, `${members.length} draws, ${right} of them right`);
  });
});

Deno.test("entries count ladders and visits, not draws, and leave out what never saw the prior", () => {
  const draws = { chains: 3, draws: 4, columns: new Map() };
  const origins = Int32Array.from([-1, -1, 5, 5, -1, 8, 8, 9, -1, -1, -1, -1]);
  const { weight, weightError, ladders, entries } = entriesOf(
    { members: [1, 2, 3, 5, 7, 8] },
    origins,
    draws,
  );
  assert.equal(weight, 0.5);
  // Shares 3/4, 1/2, 1/4: sd 1/4, over three ladders.
  assert.ok(Math.abs(weightError - 0.25 / Math.sqrt(3)) < 1e-12);
  assert.deepEqual([ladders, entries], [2, 3]);
});
