import assert from "node:assert/strict";
import type { Draws } from "../lib/diagnostics/draws.ts";
import { steadyResponse } from "../lib/response.ts";

const constant = (values: Record<string, number>): Draws => ({
  chains: 1,
  draws: 5,
  columns: new Map(Object.entries(values).map(([name, value]) => [name, new Float64Array(5).fill(value)])),
});

Deno.test("steadyResponse() agrees with running adstock and curve row by row until they settle", () => {
  const [alpha, spend] = [0.7, 4];
  const curves = [{ pi: 0.75, A: 10, n: 1.3, kappa: 9 }, { pi: 0.25, A: 40, n: 2.5, kappa: 20 }];
  let level = 0;
  for (let t = 0; t < 200; t++) level = spend + alpha * level; // 0.7^200 is below 1e-30
  const expected = curves.reduce(
    (sum, { pi, A, n, kappa }) => sum + pi * A * level ** n / (kappa ** n + level ** n),
    0,
  );
  const columns = Object.fromEntries(
    curves.flatMap((curve, k) => Object.entries(curve).map(([name, value]) => [`${name}.${k + 1}`, value])),
  );
  const response = steadyResponse(constant({ alpha, ...columns }), 2, spend);
  assert.equal(response.length, 5);
  assert.ok(response.every((value) => Math.abs(value - expected) < 1e-12 * expected));
});

Deno.test("steadyResponse() is zero without spend and the amplitude at the limit of much", () => {
  const draws = constant({ alpha: 0.2, "A.1": 30, "n.1": 0.8, "kappa.1": 5 });
  assert.deepEqual([...steadyResponse(draws, 1, 0, 2)], [0, 0, 0]);
  assert.ok(Math.abs(steadyResponse(draws, 1, 1e30)[0] - 30) < 1e-9);
});

Deno.test("steadyResponse() names the column that is missing", () => {
  assert.throws(() => steadyResponse(constant({ alpha: 0.2, "A.1": 30 }), 1, 1), /no draws of n\.1/);
});
