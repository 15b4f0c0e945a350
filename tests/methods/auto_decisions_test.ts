import assert from "node:assert/strict";
import type { Gap } from "../../lib/diagnostics/agreement.ts";
import {
  conclude,
  decide,
  ENOUGH_TRIPS,
  firstFinding,
  ladderFinding,
  type Look,
  tellingGap,
} from "../../lib/methods/auto_decisions.ts";

const GAP: Gap = { name: "alpha", at: "mean", first: 0.4, second: 0.45, errors: 6.2 };
const STATUSES = ["pass", "review", "fail"] as const;

/** Every kind of look there is. */
function* looks(): Generator<Look> {
  for (const first of STATUSES) {
    for (const doubted of [false, true]) {
      for (const gap of [undefined, GAP]) {
        for (const ladders of STATUSES) {
          for (const each of [0, ENOUGH_TRIPS / 2 - 1, ENOUGH_TRIPS / 2]) {
            for (const long of [false, true]) {
              yield { first, doubted, gap, ladders, roundTrips: [each, each], long };
            }
          }
        }
      }
    }
  }
}

Deno.test("chains answer without a doubt only if they passed, nothing ever set them apart, and trips sufficed", () => {
  for (const look of looks()) {
    const cleared = look.first === "pass" && !look.doubted && look.gap === undefined &&
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
      if (look.first !== "pass" || look.doubted || look.gap !== undefined) assert.equal(answer, "ladders");
      if (answer === "ladders") assert.deepEqual(doubts, [], "ladders have a verdict of their own");
    }
  }
});

Deno.test("chains that nothing contradicts and too few trips confirm answer with a doubt, which says why", () => {
  const look: Look = {
    first: "pass",
    doubted: false,
    gap: undefined,
    ladders: "review",
    roundTrips: [7, 5],
    long: true,
  };
  assert.match(conclude(look, false).doubts[0], /^12 round trips of tempered ladders, too few .* 400/);
  assert.match(conclude(look, true).doubts[0], /interrupted/);
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
    ladders: "pass",
    roundTrips: [600, 500],
    long: false,
  };
  assert.equal(ladderFinding(look, "first"), "2 ladders in 1,100 round trips from the prior found the same");
  assert.match(
    ladderFinding({ ...look, gap: GAP }, "ladders"),
    /found the answer, and not what the chains found: the mean of alpha is 0\.4500 instead of 0\.4000, 6\.2 standard/,
  );
  const above: Gap = { name: "alpha", at: 0.9995, first: 0.9995, second: 0.98, errors: 12 };
  assert.match(
    ladderFinding({ ...look, gap: above }, "ladders"),
    /2\.000% of the draws of alpha lie above what only 0\.0500% should/,
  );
});
