import assert from "node:assert/strict";
import { chooseAmong } from "../lib/component_choice.ts";
import type { ComparedFit, ComparedRow } from "../lib/runs/components.ts";
import { below, comparedRow, share } from "./runs/compared_fixture.ts";

function assertChoice(rows: readonly ComparedRow[], components: number | null, ...sentences: RegExp[]): void {
  const choice = chooseAmong(rows);
  assert.equal(choice.components, components, choice.sentences.join("\n"));
  assert.equal(choice.sentences.length, sentences.length, choice.sentences.join("\n"));
  sentences.forEach((sentence, i) => assert.match(choice.sentences[i], sentence));
}

Deno.test("the likeliest K is recommended with its probability, and LOO beside it", () => {
  assertChoice(
    [
      comparedRow(1, { ...share(0.001), ...below(-14.2, 5) }),
      comparedRow(2, { ...share(0.97), ...below(0, 0) }),
      comparedRow(3, { ...share(0.029), ...below(-0.4, 1.1) }),
    ],
    2,
    /^Use K = 2: it has 97% of the posterior probability\.$/,
    /^LOO agrees that K = 1 predicts worse \(elpd difference -14\.2 \+- 5\.0\)\.$/,
    /^K = 3 adds nothing LOO can see \(elpd difference -0\.4 \+- 1\.1\)\.$/,
  );
  assertChoice(
    [comparedRow(1, { ...share(0.97), ...below(-1, 2) }), comparedRow(2, { ...share(0.03), ...below(0, 0) })],
    1,
    /^Use K = 1/,
    /^K = 2 adds nothing LOO can see \(elpd difference 1\.0 \+- 2\.0\)\.$/,
  );
});

Deno.test("rivals of some probability are named, and a weak lead comes with a caution", () => {
  const rows = [comparedRow(1, share(0.7)), comparedRow(2, share(0.2)), comparedRow(3, share(0.1))];
  const [first] = chooseAmong(rows).sentences;
  assert.equal(
    first,
    "Use K = 1, but others remain possible: it has 70% of the posterior probability; K = 2 has 20% and K = 3 has 10%.",
  );
});

Deno.test("evidence within a factor of three chooses the simpler K", () => {
  const rows = (first: number) => [comparedRow(1, share(first)), comparedRow(2, share(1 - first))];
  assert.match(
    chooseAmong(rows(0.26)).sentences[0],
    /^Use K = 1: the evidence hardly tells it from K = 2 \(26% and 74% of the .*\), and it is the simpler\.$/,
  );
  assert.equal(chooseAmong(rows(0.24)).components, 2);
});

Deno.test("LOO that clearly prefers another K is reported as a disagreement", () => {
  assertChoice(
    [
      comparedRow(1, { ...share(0.99), ...below(-12, 3) }),
      comparedRow(2, { ...share(0.01), ...below(0, 0) }),
    ],
    1,
    /^Use K = 1/,
    /^LOO disagrees: K = 2 predicts better \(elpd difference 12\.0 \+- 3\.0\)\..*--holdout/,
  );
  const broken = chooseAmong([comparedRow(1, { ...share(1), ...below(NaN, NaN) }), comparedRow(2, share(0))]);
  assert.match(broken.sentences[1], /LOO of K = 1 could not be computed/);
});

Deno.test("evidence errors that could turn the choice are said to be too large", () => {
  const rows = (low: number, high: number) => [
    comparedRow(1, { ...share(0.8, low, high), log_evidence_error: 1.26 }),
    comparedRow(2, share(0.2)),
  ];
  assert.match(
    chooseAmong(rows(0.41, 0.96)).sentences[1],
    /too rough to decide \(standard errors up to 1\.3\): K = 1 could have 41% to 96%\. Raise --draws\./,
  );
  assert.ok(!chooseAmong(rows(0.7, 0.88)).sentences.some((each) => each.includes("rough")));
});

Deno.test("a fit that failed has no part in the choice and is named; a review is named", () => {
  assertChoice(
    [
      comparedRow(1, { ...share(0.9), verdict: "review" }),
      comparedRow(2, { ...share(0.1), ...below(-1, 1), verdict: "review" }),
      comparedRow(3, { ...below(NaN, NaN), verdict: "fail" }),
    ],
    1,
    /^Use K = 1/,
    /^K = 2 adds nothing/,
    /^K = 3: verdict fail, so that evidence and LOO cannot be trusted .*"deno task diagnose" on k3 says why\.$/,
    /^K = 1 and K = 2: verdict review, .*"deno task diagnose" on k1 and k2 says why\.$/,
  );
  assertChoice(
    [comparedRow(1, share(1)), comparedRow(2, { verdict: "fail" })],
    null,
    /^No number of curves can be recommended: only the fit of K = 1 can be trusted/,
    /^K = 2: verdict fail, so that/,
  );
  assertChoice(
    [comparedRow(1, { verdict: "fail" }), comparedRow(2, { verdict: "fail" })],
    null,
    /^No number of curves can be recommended: no fit can be trusted\.$/,
    /^K = 1 and K = 2: verdict fail, yet possibly the best/,
  );
});

Deno.test("a fit that failed and might be the best is not passed over in silence", () => {
  const rivals = (change: Partial<ComparedFit>) => [
    comparedRow(1, { ...share(0.9), ...change }),
    comparedRow(2, { ...share(0.1), ...below(-5, 1), ...change }),
    comparedRow(3, { log_evidence: -500, ...below(NaN, NaN), ...change, verdict: "fail" }),
  ];
  assert.match(chooseAmong(rivals({})).sentences.at(-1)!, /^K = 3: verdict fail, yet possibly the best/);
  // Without evidence by LOO: -610 is no better than -600.
  const none = { log_evidence: NaN, log_evidence_error: NaN, posterior: null };
  assert.match(chooseAmong(rivals(none)).sentences.at(-1)!, /^K = 3: verdict fail, so that/);
});

Deno.test("what was interrupted or gave no fit is named with its reason", () => {
  assertChoice(
    [
      comparedRow(1, share(0.99)),
      comparedRow(2, { ...share(0.01), ...below(-6, 1), partial: true }),
      { components: 3, fit: null, reason: "the device was lost." },
    ],
    1,
    /^Use K = 1/,
    /^LOO agrees that K = 2 predicts worse/,
    /^K = 2: interrupted, with fewer draws/,
    /^K = 3: no fit; the device was lost\.$/,
  );
});

Deno.test("the largest K tried asks for more, unless there is no more", () => {
  const upTo = (
    K: number,
  ) => [comparedRow(K - 1, { ...share(0), ...below(-9, 1) }), comparedRow(K, share(1))];
  assert.match(chooseAmong(upTo(3)).sentences.at(-1)!, /largest K tried: try more \(--components 2\.\.5\)/);
  assert.ok(!chooseAmong(upTo(8)).sentences.some((each) => each.includes("try more")));
});

Deno.test("without evidence the fewest curves that predict as well as the best are taken", () => {
  const none = { log_evidence: NaN, log_evidence_error: NaN };
  assertChoice(
    [
      comparedRow(1, { ...none, ...below(-30, 7) }),
      comparedRow(2, { ...none, ...below(-1.4, 1.7) }),
      comparedRow(3, { ...none, ...below(0, 0, 2) }),
    ],
    2,
    /^Use K = 2: LOO cannot tell it from the best, K = 3 \(elpd difference 1\.4 \+- 1\.7\), and it is the simpler\.$/,
    /^There is no log evidence of K = 1, K = 2 and K = 3: only --method tempered estimates it\.$/,
    /^LOO is unreliable on some rows \(Pareto k-hat too large\): 2 of K = 3\./,
  );
  assertChoice(
    [comparedRow(1, { ...none, ...below(0, 0) }), comparedRow(2, { ...none, ...below(NaN, NaN) })],
    1,
    /^Use K = 1: by LOO it predicts best\.$/,
    /only --method tempered/,
  );
  const unknown = [1, 2].map((K) => comparedRow(K, { ...none, ...below(NaN, NaN) }));
  assert.match(chooseAmong(unknown).sentences[0], /LOO could not be computed: K = 1 is merely the simplest/);
});
