import assert from "node:assert/strict";
import { chooseReference } from "../../lib/compare/reference.ts";
import { approximation, missing, sampler } from "../runs/compare_fixture.ts";

const withEss = (min_ess_bulk: number) => ({ diagnostics: { ...sampler("").diagnostics, min_ess_bulk } });

Deno.test("a tempered run that passed is the reference, whatever else did", () => {
  const rows = [sampler("chees", withEss(1e5)), sampler("tempered"), approximation("advi")];
  const { reference, reason } = chooseReference(rows);
  assert.equal(reference, "tempered");
  assert.match(reason, /passed every check, and its chains come from the prior/);
});

Deno.test("otherwise the sampler with the best verdict, and with more effective draws among equals", () => {
  const rows = [
    sampler("chees", withEss(900)),
    sampler("nuts", withEss(1200)),
    sampler("tempered", { status: "review" }),
  ];
  assert.equal(chooseReference(rows).reference, "nuts");
  assert.match(chooseReference(rows).reason, /nuts, which passed; tempered did not pass\./);
  assert.match(chooseReference(rows.slice(0, 1)).reason, /chees, which passed; tempered was not run\./);
  const reviewed = [
    sampler("chees", { status: "review", ...withEss(9000) }),
    sampler("tempered", { status: "review" }),
  ];
  assert.equal(chooseReference(reviewed).reference, "tempered");
  assert.match(chooseReference(reviewed).reason, /verdict is only review, as no sampler passed/);
});

Deno.test("an approximation is the reference only where no sampler can be, and the one of smallest k-hat", () => {
  const { diagnostics } = approximation("advi");
  const close = approximation("pathfinder", { diagnostics: { ...diagnostics, k_hat: 0.3 } });
  const rows = [approximation("advi"), close, sampler("chees", { status: "fail" })];
  assert.equal(chooseReference(rows).reference, "pathfinder");
  assert.match(chooseReference(rows).reason, /itself an approximation/);
  assert.equal(chooseReference([...rows, sampler("nuts", { status: "review" })]).reference, "nuts");
  // A method that samples something else may have chains and even pass: that says nothing of the posterior.
  const other = sampler("two-stage", { exact: false, status: "pass" });
  assert.equal(chooseReference([other, sampler("nuts", { status: "review" })]).reference, "nuts");
});

Deno.test("nothing that failed is a reference", () => {
  const rows = [
    sampler("tempered", { status: "fail" }),
    approximation("advi", { status: "fail" }),
    missing("nuts", "no."),
  ];
  const { reference, reason } = chooseReference(rows);
  assert.equal(reference, null);
  assert.match(reason, /nothing to hold the others to/);
});
