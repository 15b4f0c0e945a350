import assert from "node:assert/strict";
import type { CompareRow } from "../../lib/runs/compare.ts";
import {
  approximation,
  compareReport,
  fakeBusiness,
  fakeGap,
  missing,
  sampler,
  taking,
} from "../runs/compare_fixture.ts";

const adviceOn = (rows: readonly CompareRow[], change = {}) => compareReport(rows, change).advice;
const textOn = (rows: readonly CompareRow[], change = {}) => adviceOn(rows, change).sentences.join("\n");

Deno.test("the quickest sampler that passed with the reference's answer is the one to use", () => {
  const rows = [sampler("chees", taking(7)), sampler("nuts", taking(5)), sampler("tempered", taking(25))];
  const { method, sentences } = adviceOn(rows);
  assert.equal(method, "nuts");
  assert.match(
    sentences[0],
    /^Use nuts here: it passed every check and gives the answer of tempered in 5 s instead of 25\.0 s/,
  );
  assert.match(sentences[0], /--method auto, the default, confirm it/);
  assert.ok(sentences.includes("chees gives the same answer in 7 s."));
});

Deno.test("a quick sampler that failed, was only reviewed or has another answer is not", () => {
  const rows = [
    sampler("chees", { ...taking(2), gap: fakeGap({}, { mean: { name: "A.2", value: 1.4, error: 0.05 } }) }),
    sampler("nuts", { ...taking(1), status: "fail" }),
    sampler("nuts:none", { ...taking(1), status: "review" }),
    sampler("tempered", taking(25)),
  ];
  const { method, sentences } = adviceOn(rows);
  assert.equal(method, "tempered");
  assert.equal(
    sentences[0],
    "Use tempered here: it passed every check in 25.0 s, and no other sampler did as well.",
  );
  const text = sentences.join("\n");
  assert.match(
    text,
    /chees disagrees with tempered, though not in business numbers: A\.2 is 1\.4 standard deviations off\. Its chains agree with each other, and missed the same\./,
  );
  assert.match(text, /nuts failed: its chains disagree \(R-hat 1\.00\)/);
  assert.match(text, /nuts:none gives the same answer in 1 s, with verdict review\./);
});

Deno.test("a gap that Monte Carlo error explains is no disagreement, one in money always is", () => {
  assert.match(textOn([sampler("tempered")]), /^Use tempered here: it passed every check in 1 min 15 s\.$/);
  const noisy = { gap: fakeGap({}, { mean: { name: "n.1", value: 0.5, error: 0.1 } }), ...taking(1) };
  assert.equal(adviceOn([sampler("chees", noisy), sampler("tempered")]).method, "chees");
  const off = { gap: fakeGap({ mean: 0.6, missed: 0.18 }), ...taking(1) };
  const rows = [sampler("chees", off), sampler("tempered")];
  assert.equal(adviceOn(rows).method, "tempered");
  assert.match(textOn(rows), /chees disagrees with tempered, in business numbers too/);
});

Deno.test("what an approximation gets wrong is said in money, next to its time", () => {
  const narrow = approximation("advi", {
    gap: fakeGap({ mean: -0.5, missed: 0.41 }),
    business: fakeBusiness(0.9),
  });
  const text = textOn([narrow, sampler("tempered")]);
  assert.match(
    text,
    /advi took 2\.5 s and gives a total contribution of [\d,]+ \([\d,]+ to [\d,]+\) sales, tempered [\d,]+ \([\d,]+ to [\d,]+\): its interval leaves out 41% of what tempered holds possible \(10% would be right\)\. Its own check does not see that\./,
  );
  const warned = { ...narrow, status: "fail", diagnostics: { ...narrow.diagnostics, k_hat: 1.2 } } as const;
  assert.match(textOn([warned, sampler("tempered")]), /Its k-hat of 1\.20 says so too: do not use it here\./);
  const two = { ...narrow, status: "fail", diagnostics: sampler("").diagnostics } as const;
  assert.match(textOn([two, sampler("tempered")]), /Its own verdict says so too/);
  const quiet = { ...two, status: "review" } as const;
  assert.match(
    textOn([quiet, sampler("tempered")]),
    /Its chains cannot show that: the error is the method's own\./,
  );
});

Deno.test("an interval that is too wide is called that", () => {
  const gap = fakeGap({ mean: 1.2, missed: 0.004, sd_ratio: 3.46 });
  const text = textOn([approximation("two-stage:cut", { gap }), sampler("tempered")]);
  assert.match(text, /: its interval is too wide, with 3\.5 times the standard deviation\. /);
});

Deno.test("large sums are told in millions, both in one unit", () => {
  const rows = [
    approximation("advi", { gap: fakeGap({ missed: 0.4 }), business: fakeBusiness(900) }),
    sampler("tempered", { business: fakeBusiness(1000) }),
  ];
  assert.match(
    textOn(rows),
    /contribution of \d\.\d\d \(\d\.\d\d to \d\.\d\d\) million sales, tempered \d\.\d\d \(\d/,
  );
});

Deno.test("an approximation right on the whole but not on the margin is told where", () => {
  const gap = fakeGap();
  gap.business.curve[4] = { mean: 0.1, sd_ratio: 0.5, missed: 0.33 };
  const text = textOn([approximation("advi", { gap }), sampler("tempered")]);
  assert.match(
    text,
    /leaves out 10% of what tempered .*; of the response to 2 times the spend it leaves out 33%\./,
  );
});

Deno.test("an approximation with the same business numbers is good for a first look, with its caveats", () => {
  const gap = fakeGap({}, {
    sd_low: { name: "n.2", value: 0.25 },
    mean: { name: "A.1", value: -0.4, error: 0.01 },
  });
  const text = textOn([approximation("pathfinder", { gap }), approximation("advi"), sampler("tempered")]);
  assert.match(
    text,
    /pathfinder gives the same business numbers in 2\.5 s, though the interval of n\.2 is 4\.0 times too narrow and A\.1 is 0\.4 standard deviations off: enough for a first look/,
  );
  assert.match(text, /advi gives the same business numbers in 2\.5 s: enough for a first look/);
});

Deno.test("without a sampler that passed nothing is recommended without a warning, or at all", () => {
  const reviewed = adviceOn([sampler("nuts", { status: "review" }), approximation("advi")]);
  assert.equal(reviewed.method, "nuts");
  assert.match(reviewed.sentences[0], /^Use nuts here, with care: no sampler passed every check/);
  const approximate = adviceOn([approximation("advi"), approximation("pathfinder")]);
  assert.equal(approximate.method, null);
  assert.match(
    approximate.sentences[0],
    /^No method can be recommended here: no sampler gave draws to be trusted/,
  );
  const none = adviceOn([sampler("chees", { status: "fail" }), missing("nuts", "the device was lost.")]);
  assert.equal(none.method, null);
  assert.match(none.sentences[0], /^No method can be recommended here: none gave draws/);
  assert.match(none.sentences[1], /^nuts: no fit; the device was lost\.$/);
});

Deno.test("worse predictions, unfinished methods and a known truth have a sentence each", () => {
  const elpd = { ...sampler("").elpd, difference: -12, difference_se: 3 };
  const rows = [approximation("advi", { elpd, business: fakeBusiness(3) }), sampler("tempered")];
  const text = textOn(rows, { truth: fakeBusiness(), partial: true });
  assert.match(text, /advi predicts worse by LOO \(elpd difference -12\.0 \+- 3\.0\)/);
  assert.match(
    text,
    /The true contribution, [\d,.]+, lies inside the 90% interval of no method but tempered\./,
  );
  assert.match(text, /not whole/);
  const covered = textOn([sampler("chees"), sampler("tempered")], { truth: fakeBusiness() });
  assert.match(covered, /lies inside the 90% interval of every method\./);
  const most = textOn([sampler("chees"), ...rows], { truth: fakeBusiness() });
  assert.match(most, /lies inside the 90% interval of every method but advi\./);
  assert.match(textOn(rows, { truth: fakeBusiness(9) }), /lies outside the 90% interval of every method\./);
  assert.doesNotMatch(textOn(rows), /true contribution|not whole/);
});
