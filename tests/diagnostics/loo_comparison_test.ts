import assert from "node:assert/strict";
import { compareElpd, isClearlyWorse } from "../../lib/diagnostics/loo_comparison.ts";
import { assertClose, golden } from "./golden.ts";

Deno.test("differences of elpd and their errors equal R's loo_compare", async () => {
  const reference = await golden("loo_compare.json");
  const compared = compareElpd(
    reference.map(({ pointwise }: { pointwise: number[] }) => Float64Array.from(pointwise)),
  );
  compared.forEach(({ difference, se }, i) => {
    assertClose(difference, reference[i].elpd_diff, 1e-9, `${reference[i].name} difference`);
    assertClose(se, reference[i].se_diff, 1e-9, `${reference[i].name} se`);
  });
});

Deno.test("a model whose elpd could not be computed is neither best nor comparable", () => {
  const rows = (...values: number[]) => Float64Array.from(values);
  const [broken, worse, best] = compareElpd([rows(NaN, 0), rows(-3, -2), rows(-1, -2)]);
  assert.ok(Number.isNaN(broken.difference) && Number.isNaN(broken.se));
  assert.deepEqual(best, { difference: 0, se: 0 });
  assertClose(worse.difference, -2, 1e-15, "difference");
  assertClose(worse.se, 2, 1e-15, "se: two rows that differ by -2 and 0");
  assert.ok(Number.isNaN(compareElpd([rows(NaN)])[0].difference));
  assert.deepEqual(compareElpd([]), []);
});

Deno.test("a difference counts when it is beyond two errors and not small", () => {
  assert.ok(isClearlyWorse({ difference: -9, se: 4 }));
  assert.ok(!isClearlyWorse({ difference: -9, se: 5 }));
  assert.ok(!isClearlyWorse({ difference: -3, se: 0.1 }));
  assert.ok(!isClearlyWorse({ difference: 0, se: 0 }));
  assert.ok(isClearlyWorse({ difference: NaN, se: NaN }), "what is unknown is not chosen");
});
