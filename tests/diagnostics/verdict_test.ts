import assert from "node:assert/strict";
import { type Convergence, layerOf } from "../../lib/diagnostics/summary.ts";
import { type Evidence, verdict } from "../../lib/diagnostics/verdict.ts";

function row(name: string, rhat = 1.002, ess_bulk = 900, ess_tail = 800): Convergence {
  return { name, rhat, ess_bulk, ess_tail };
}

const free = ["alpha", "intercept", "slope", "sigma"];
const components = ["A.1", "A.2", "n.1", "n.2", "kappa.1", "kappa.2", "pi.1", "pi.2"];

/** A clean two-component fit, with the given rows in place of the clean ones. */
function evidence(
  changed: { raw?: Convergence[]; invariant?: Convergence[]; relabelled?: Convergence[] } = {},
  rest: Partial<Evidence> = {},
): Evidence {
  const with_ = (names: string[], rows: Convergence[] = []) =>
    layerOf(names.map((name) => rows.find((row) => row.name === name) ?? row(name)));
  return {
    components: 2,
    raw: with_([...free, ...components], changed.raw),
    invariant: with_([...free, "log_lik", "response.1"], changed.invariant),
    relabelled: with_(components, changed.relabelled),
    draws: 1000,
    transitions: 4000,
    divergences: 0,
    ebfmiMin: 0.9,
    ...rest,
  };
}

Deno.test("a clean fit passes without a word", () => {
  assert.deepEqual(verdict(evidence()), { status: "pass", handover: true, strict: true, reasons: [] });
});

Deno.test("doubts cost the pass, not the thresholds, and are said last", () => {
  const { status, handover, strict, reasons } = verdict(
    evidence({}, { doubts: ["The check was cut short."] }),
  );
  assert.deepEqual([status, handover, strict, reasons], ["review", true, true, ["The check was cut short."]]);
  assert.equal(verdict(evidence({}, { doubts: [] })).status, "pass");
  const failed = verdict(evidence({ raw: [row("sigma", 1.2)] }, { doubts: ["The check was cut short."] }));
  assert.deepEqual([failed.status, failed.reasons.length], ["fail", 2]);
});

Deno.test("what a search found has to be in the draws, to be found again, and to add up", () => {
  const search = {
    ascents: 2048,
    modes: [{ weight: 0.99, share: 0.985, ladders: 8, ascents: 2 }, {
      weight: 0.01,
      share: 0.015,
      ladders: 0,
      ascents: 1900,
    }],
    gap: 0.4,
    gapError: 0.02,
  };
  const judged = (changed: Partial<typeof search>) =>
    verdict(evidence({}, {
      tempering: {
        roundTrips: new Array(8).fill(20),
        modes: [{ weight: 1, ladders: 8 }],
        search: { ...search, ...changed },
      },
    }));
  assert.equal(judged({}).status, "pass");
  assert.equal(judged({ gap: 0.9, gapError: 0.3 }).status, "pass", "three errors");
  const said = (changed: Partial<typeof search>, pattern: RegExp) => {
    const { status, reasons } = judged(changed);
    assert.deepEqual([status, reasons.length], ["review", 1]);
    assert.match(reasons[0], pattern);
  };
  const [narrow, broad] = search.modes;
  said(
    { modes: [{ ...narrow, share: 0, ladders: 2 }, broad] },
    /gives 99\.00% .* has 0\.00% of the draws, of 2 of 8/,
  );
  said({ modes: [{ ...narrow, ascents: 1 }, broad] }, /99\.00% .* only 1 of 2048 ascents .* --seed/);
  said({ gap: 0.9 }, /a search found is 0\.90 above that of the ladders .* 4 standard errors of 0\.02/);
  assert.equal(judged({ gap: -3 }).status, "pass", "ladders see what lies between the modes, too");
});

Deno.test("limits are met at equality and missed just beyond", () => {
  const edge = row("sigma", 1.01, 400, 400);
  assert.equal(verdict(evidence({ invariant: [edge] }, { divergences: 4, ebfmiMin: 0.3 })).status, "pass");
  for (const beyond of [row("sigma", 1.0101), row("sigma", 1, 399), row("sigma", 1, 900, 399)]) {
    const { status, handover, reasons } = verdict(evidence({ invariant: [beyond] }));
    assert.deepEqual([status, handover, reasons.length], ["review", true, 1]);
  }
  assert.equal(verdict(evidence({ invariant: [row("log_lik", 1.05, 100, 1)] })).status, "review");
  assert.equal(verdict(evidence({ invariant: [row("log_lik", 1.0501)] })).status, "fail");
  assert.equal(verdict(evidence({ invariant: [row("log_lik", 1, 99)] })).status, "fail");
});

Deno.test("labels that switch cost the pass, not the fit, and are said once", () => {
  const raw = [row("kappa.1", 1.8, 6, 12), row("A.2", 1.6, 7, 20), row("pi.1", 1.3, 11, 40)];
  const { status, handover, strict, reasons } = verdict(evidence({ raw }));
  assert.deepEqual([status, handover, strict, reasons.length], ["review", false, false, 1]);
  assert.match(
    reasons[0],
    /kappa\.1 \(and 2 more\) is 1\.800, bulk ESS 6, as sampled: the components swap labels/,
  );
});

Deno.test("label switching excuses nothing that does not depend on labels", () => {
  assert.equal(verdict(evidence({ raw: [row("sigma", 1.2, 20, 30)] })).status, "fail");
  assert.equal(
    verdict(evidence({ raw: [row("kappa.1", 1.8, 6)], invariant: [row("response.1", 1.2)] })).status,
    "fail",
  );
});

Deno.test("components that disagree under any labels fail", () => {
  const bad = [row("kappa.2", 1.4, 8, 15)];
  const { status, reasons } = verdict(evidence({ raw: bad, relabelled: bad }));
  assert.equal(status, "fail");
  assert.match(
    reasons[0],
    /R-hat of kappa\.2 \(relabelled\) is 1\.400 .* may not support 2 components\..* --components 1/,
  );
});

Deno.test("without relabelled draws switching labels are no excuse", () => {
  const { relabelled: _, ...rest } = evidence({ raw: [row("kappa.1", 1.8, 6, 12)] });
  const { status, reasons } = verdict(rest);
  assert.equal(status, "fail");
  assert.match(reasons[0], /the chains number the components differently, or disagree about them/);
});

Deno.test("components that make sense as sampled need no relabelling", () => {
  assert.equal(verdict(evidence({ relabelled: [row("n.1", 1.08, 90)] })).status, "review");
});

Deno.test("a single component has no labels: its parameters count like all others", () => {
  const single = layerOf([row("alpha"), row("kappa.1", 1.3, 20, 30)]);
  const { relabelled: _, ...rest } = evidence({}, { components: 1, raw: single });
  const { status, reasons } = verdict(rest);
  assert.equal(status, "fail");
  assert.match(
    reasons[0],
    /R-hat of kappa\.1 is 1\.300 \(at most 1\.01; handover 1\.05\): the chains sit in/,
  );
  assert.doesNotMatch(reasons.join(" "), /--components 0/);
});

Deno.test("what cannot be computed meets no threshold", () => {
  const frozen = verdict(evidence({ invariant: [row("alpha", NaN, NaN, NaN)] }));
  assert.equal(frozen.status, "fail");
  assert.match(frozen.reasons[0], /R-hat of alpha cannot be computed: it never moved/);
  const tied = verdict(evidence({ invariant: [row("alpha", 1, 500, NaN)] }));
  assert.equal(tied.status, "review");
  assert.match(tied.reasons[0], /Tail ESS of alpha cannot be computed/);
  const stuck = verdict(evidence({ invariant: [row("alpha", Infinity, 5, 5)] }));
  assert.match(stuck.reasons[0], /R-hat of alpha is infinite/);
  assert.equal(verdict(evidence({}, { ebfmiMin: NaN })).status, "review");
});

Deno.test("divergences and low E-BFMI cost the pass and say what to do", () => {
  const { status, handover, reasons } = verdict(evidence({}, { divergences: 12, ebfmiMin: 0.214 }));
  assert.deepEqual([status, handover, reasons.length], ["review", true, 2]);
  assert.match(
    reasons[0],
    /^12 of 4000 transitions diverged \(0\.30%; at most 0\.10%\): .* --preset fully-non-centred/,
  );
  assert.match(reasons[1], /E-BFMI of any chain is 0\.21 \(at least 0\.3\)/);
});

Deno.test("too few draws are answered with how many to take", () => {
  const { reasons } = verdict(
    evidence({ invariant: [row("slope", 1.004, 130, 500), row("alpha", 1.005, 210, 90)] }),
  );
  assert.match(
    reasons[0],
    /^Bulk ESS of slope \(and 1 more\) is 130 \(at least 400; handover 100\): .* about 3100\.$/,
  );
  assert.match(reasons[1], /^Tail ESS of alpha is 90 \(at least 400\): .* about 4500\.$/);
});

Deno.test("low ESS from chains that disagree is not answered with more draws", () => {
  const { reasons } = verdict(
    evidence({ invariant: [row("alpha", 1.7, 7, 30)] }, { strongerMethod: "--method tempered" }),
  );
  assert.match(reasons[0], /Use --method tempered, or fit --components 1\.$/);
  assert.match(reasons[1], /Mend R-hat first\.$/);
});

Deno.test("short chains are told that they are short, but get no discount", () => {
  const many = { draws: 50, transitions: 51_200 };
  const near = verdict(evidence({ invariant: [row("alpha", 1.06)] }, many));
  assert.equal(near.status, "fail");
  assert.match(near.reasons[0], /chains of 50 draws are short/);
  assert.doesNotMatch(verdict(evidence({ invariant: [row("alpha", 1.6)] }, many)).reasons[0], /short/);
});

Deno.test("a tempered run needs round trips on every ladder and every mode entered by several", () => {
  const tempered = (roundTrips: number[], modes: { weight: number; ladders: number }[]) =>
    verdict(evidence({}, { tempering: { roundTrips, modes } }));
  const all = { weight: 0.98, ladders: 4 };
  assert.deepEqual(tempered([10, 25, 11, 10], [all, { weight: 0.02, ladders: 3 }]), verdict(evidence()));
  // A mode of 1% or less may be anyone's.
  assert.equal(tempered([10, 10, 10, 10], [all, { weight: 0.01, ladders: 0 }]).status, "pass");
  // Two ladders cannot be three.
  assert.equal(tempered([10, 10], [{ weight: 1, ladders: 2 }]).status, "pass");

  const slow = tempered([40, 9, 30, 12], [all]);
  assert.deepEqual([slow.status, slow.handover, slow.strict, slow.reasons.length], ["review", true, true, 1]);
  assert.match(slow.reasons[0], /slowest ladder made 9 round trips .*at least 10.*Raise --draws/);

  const chance = tempered([10, 10, 10, 10], [all, { weight: 0.02, ladders: 2 }]);
  assert.deepEqual([chance.status, chance.reasons.length], ["review", 1]);
  assert.match(chance.reasons[0], /with 2\.00% of the draws was reached .* by 2 of 4 ladders \(at least 3\)/);

  const bad = verdict(evidence({ invariant: [row("log_lik", 1.2, 20)] }, {
    tempering: { roundTrips: [1, 1, 1, 1], modes: [all] },
  }));
  assert.deepEqual([bad.status, bad.reasons.length], ["fail", 3]);
});
