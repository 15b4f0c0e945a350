import assert from "node:assert/strict";
import { approximationStatus, approximationVerdict } from "../../lib/diagnostics/approximation.ts";

Deno.test("k-hat decides what may be done with an approximation's draws", () => {
  const at = (kHat: number, proposals = 4000) => approximationStatus({ kHat, proposals });
  assert.deepEqual([-0.2, 0.5, 0.51, 0.7, 0.71, Infinity, NaN].map((k) => at(k)), [
    "usable",
    "usable",
    "usable with importance weights",
    "usable with importance weights",
    "do not use",
    "do not use",
    "do not use",
  ]);
  // 1 - 1 / log10(50) = 0.41: with few draws even a small k-hat is uncertain.
  assert.deepEqual([at(0.4, 50), at(0.45, 50)], ["usable", "do not use"]);
});

Deno.test("an approximation never passes and meets no convergence threshold; its reason names the k-hat", () => {
  for (
    const [kHat, status, words] of [
      [0.31, "review", /0\.31 \(at most 0\.5\).*no start reached.*--method tempered/],
      [0.62, "review", /0\.62 \(over 0\.5, at most 0\.70\).*picked by importance weights/],
      [1.234, "fail", /1\.23 \(at most 0\.70\).*Do not use/],
      [Infinity, "fail", /not to be had/],
    ] as const
  ) {
    const verdict = approximationVerdict({ kHat, proposals: 4000 });
    assert.deepEqual([verdict.status, verdict.handover, verdict.strict], [status, false, false]);
    assert.match(verdict.reasons.join(" "), words);
  }
});
