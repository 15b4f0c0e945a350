import assert from "node:assert/strict";
import type { Gap } from "../../lib/diagnostics/agreement.ts";
import {
  conclude,
  decide,
  ENOUGH_TRIPS,
  firstFinding,
  ladderFinding,
  type Look,
  missedWeight,
  tellingGap,
} from "../../lib/methods/auto_decisions.ts";

const GAP: Gap = { name: "alpha", at: "mean", first: 0.4, second: 0.45, errors: 6.2 };
const STATUSES = ["pass", "review", "fail"] as const;

/** Every kind of look there is. */
function* looks(): Generator<Look> {
  for (const first of STATUSES) {
    for (const doubted of [false, true]) {
      for (const [gap, missed] of [[undefined, 0], [GAP, 0], [undefined, 0.006]] as const) {
        for (const ladders of STATUSES) {
          for (const each of [0, ENOUGH_TRIPS / 2 - 1, ENOUGH_TRIPS / 2]) {
            for (const long of [false, true]) {
              yield { first, doubted, gap, missed, ladders, roundTrips: [each, each], long };
            }
          }
        }
      }
    }
  }
}

Deno.test("chains answer without a doubt only if they passed, nothing ever set them apart, and trips sufficed", () => {
  for (const look of looks()) {
    const cleared = look.first === "pass" && !look.doubted && look.gap === undefined && look.missed === 0 &&
      look.roundTrips[0] === ENOUGH_TRIPS / 2;
    assert.equal(decide(look) === "confirmed", cleared, JSON.stringify(look));
    for (const interrupted of [false, true]) {
      const { answer, doubts } = conclude(look, interrupted);
      assert.equal(answer === "first" && doubts.length === 0, cleared, JSON.stringify(look));
    }
  }
});

Deno.test("ladders end the run only when they have run long and pass", () => {
  for (const look of looks()) {
    if (decide(look) === "answered") assert.deepEqual([look.long, look.ladders], [true, "pass"]);
    if (look.long && look.ladders === "pass") assert.notEqual(decide(look), "go on");
  }
});

Deno.test("chains that failed or were contradicted never answer", () => {
  for (const look of looks()) {
    for (const interrupted of [false, true]) {
      const { answer, doubts } = conclude(look, interrupted);
      if (look.first !== "pass" || look.doubted || look.gap !== undefined || look.missed > 0) {
        assert.equal(answer, "ladders");
      }
      if (answer === "ladders") assert.deepEqual(doubts, [], "ladders have a verdict of their own");
    }
  }
});

Deno.test("chains that nothing contradicts and too few trips confirm answer with a doubt, which says why", () => {
  const look: Look = {
    first: "pass",
    doubted: false,
    gap: undefined,
    missed: 0,
    ladders: "review",
    roundTrips: [7, 5],
    long: true,
  };
  assert.match(conclude(look, false).doubts[0], /^12 round trips of tempered ladders, too few .* 400/);
  assert.match(conclude(look, true).doubts[0], /interrupted/);
});

Deno.test("a solution is missed when the chains have next to no draws in it and it is worth a mention", () => {
  assert.equal(missedWeight([0.994, 0.006], [1, 0]), 0.006);
  assert.equal(missedWeight([0.995, 0.005], [1, 0]), 0);
  assert.equal(missedWeight([0.7, 0.3], [0.96, 0.04]), 0);
  assert.equal(missedWeight([0.7, 0.3], [0.98, 0.02]), 0.3);
  assert.equal(missedWeight([], []), 0);
});

Deno.test("a gap tells when chance does not explain it and the share is worth a mention", () => {
  const share: Gap = { name: "alpha", at: 0.9995, first: 0.9995, second: 0.99, errors: 9 };
  assert.equal(tellingGap([]), undefined);
  assert.equal(tellingGap([{ ...GAP, errors: 4 }, { ...share, second: 0.997 }]), undefined);
  assert.equal(tellingGap([{ ...share, second: 0.997 }, GAP]), GAP);
  assert.equal(tellingGap([share]), share);
  const unknown = { ...share, second: NaN, errors: Infinity };
  assert.equal(tellingGap([unknown]), unknown);
});

Deno.test("findings are sentences", () => {
  const pass = { status: "pass", handover: true, strict: true, reasons: [] } as const;
  assert.equal(firstFinding(64, { ...pass, reasons: [] }), "64 chains agree with each other");
  const reasons = ["R-hat of A.1 is 1.570 (at most 1.01; handover 1.05): the chains sit apart.", "More."];
  assert.equal(
    firstFinding(64, { status: "fail", handover: false, strict: false, reasons }),
    "R-hat of A.1 is 1.570 (at most 1.01; handover 1.05)",
  );
  const look: Look = {
    first: "pass",
    doubted: false,
    gap: undefined,
    missed: 0,
    ladders: "pass",
    roundTrips: [600, 500],
    long: false,
  };
  assert.equal(ladderFinding(look, "first"), "2 ladders in 1,100 round trips from the prior found the same");
  assert.match(
    ladderFinding({ ...look, gap: GAP }, "ladders"),
    /found the answer, and not what the chains found: the mean of alpha is 0\.4500 instead of 0\.4000, 6\.2 standard/,
  );
  assert.match(
    ladderFinding({ ...look, missed: 0.993 }, "ladders"),
    /found the answer, and not what the chains found: they missed a solution of weight 99\.30%/,
  );
  const above: Gap = { name: "alpha", at: 0.9995, first: 0.9995, second: 0.98, errors: 12 };
  assert.match(
    ladderFinding({ ...look, gap: above }, "ladders"),
    /2\.000% of the draws of alpha lie above what only 0\.0500% should/,
  );
});
