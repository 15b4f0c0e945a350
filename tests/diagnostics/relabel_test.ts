import assert from "node:assert/strict";
import fc from "fast-check";
import { assignmentSolver } from "../../lib/diagnostics/assignment.ts";
import type { Draws } from "../../lib/diagnostics/draws.ts";
import { COMPONENT_FAMILIES, isComponentColumn, relabel } from "../../lib/diagnostics/relabel.ts";
import { layer } from "../../lib/diagnostics/summary.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";

function permutationsOf(items: number[]): number[][] {
  if (items.length < 2) return [items];
  return items.flatMap((first) =>
    permutationsOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest])
  );
}

Deno.test("assignments cost as little as the best of all permutations", () => {
  const table = fc.integer({ min: 1, max: 5 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      costs: fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
        minLength: size * size,
        maxLength: size * size,
      }),
    })
  );
  fc.assert(fc.property(table, ({ size, costs }) => {
    const columns = [...assignmentSolver(size)(Float64Array.from(costs))];
    const price = (order: number[]) =>
      order.reduce((sum, column, row) => sum + costs[row * size + column], 0);
    const all = permutationsOf(Array.from({ length: size }, (_, i) => i));
    assert.deepEqual(columns.toSorted((a, b) => a - b), all[0], "a permutation");
    assert.ok(price(columns) <= Math.min(...all.map(price)) + 1e-9);
  }));
});

Deno.test("a solver forgets the table before", () => {
  const solve = assignmentSolver(2);
  assert.deepEqual([...solve(Float64Array.of(1, 0, 0, 1))], [1, 0]);
  assert.deepEqual([...solve(Float64Array.of(0, 1, 1, 0))], [0, 1]);
});

interface Planted {
  readonly draws: Draws;
  /** True component under each raw label, (draws, K). */
  readonly truth: Uint8Array;
}

/** Components 5 spreads apart in ln kappa, equal in all else, under labels drawn afresh every `hold` draws. */
function plant(components: number, chains: number, draws: number, hold: number): Planted {
  const count = chains * draws;
  const random = new RandomStream(components, Purpose.relabel);
  const truth = new Uint8Array(count * components);
  const columns = new Map<string, Float64Array>();
  for (const family of COMPONENT_FAMILIES) {
    for (let k = 1; k <= components; k++) columns.set(`${family}.${k}`, new Float64Array(count));
  }
  let labels = Array.from({ length: components }, (_, k) => k);
  for (let s = 0; s < count; s++) {
    if (s % hold === 0) {
      const keys = labels.map(() => random.uniform());
      labels = labels.toSorted((a, b) => keys[a] - keys[b]);
    }
    labels.forEach((component, k) => {
      truth[s * components + k] = component;
      columns.get(`A.${k + 1}`)![s] = Math.exp(1 + 0.3 * random.normal());
      columns.get(`n.${k + 1}`)![s] = Math.exp(0.2 * random.normal());
      columns.get(`kappa.${k + 1}`)![s] = Math.exp(component + 0.2 * random.normal());
      columns.get(`pi.${k + 1}`)![s] = (1 + 0.2 * random.uniform()) / components;
    });
  }
  return { draws: { chains, draws, columns }, truth };
}

Deno.test("planted labels are found again, however often they switch", () => {
  for (const components of [2, 3, 5, 8]) {
    for (const hold of [1, 250, 4000]) {
      const { draws, truth } = plant(components, 4, 1000, hold);
      const { permutations } = relabel(draws, components);
      let wrong = 0;
      for (let s = 0; s < 4000; s++) {
        const right = permutations.subarray(s * components, (s + 1) * components)
          .every((k, label) => truth[s * components + k] === label);
        if (!right) wrong++;
      }
      // Two neighbours swap when a difference of 5 spreads, over sqrt 2, is exceeded: 2e-4 for each of K - 1 pairs.
      // 4000 draws and 7 pairs expect 6 such draws at most; 20 or more have probability under 1e-5.
      assert.ok(wrong < 20, `K = ${components}, labels held ${hold} draws: ${wrong} draws wrong`);
    }
  }
});

Deno.test("relabelling mends the convergence of components that only switched", () => {
  const { draws } = plant(3, 4, 1000, 1000);
  assert.ok(
    layer(draws, ["kappa.1", "kappa.2", "kappa.3"]).max_rhat > 1.5,
    "each chain has labels of its own",
  );
  const { draws: mended, moved } = relabel(draws, 3);
  // Independent draws: R-hat - 1 is of order 1 / 4000, and 1.01 beyond any chance.
  assert.ok(layer(mended).max_rhat < 1.01);
  assert.ok(moved >= 0.25 && moved <= 1);
});

Deno.test("labels that never switched stay as they are, and values stay with their draw", () => {
  const { draws } = plant(3, 2, 500, 1000);
  const ordered = relabel(draws, 3).draws;
  const again = relabel(ordered, 3);
  assert.equal(again.moved, 0);
  assert.deepEqual(again.draws.columns, ordered.columns);
  for (let s = 0; s < 1000; s++) {
    for (const family of COMPONENT_FAMILIES) {
      const of = (from: Draws) => [1, 2, 3].map((k) => from.columns.get(`${family}.${k}`)![s]).sort();
      assert.deepEqual(of(ordered), of(draws));
    }
  }
});

Deno.test("one component has nothing to relabel", () => {
  const { draws } = plant(1, 2, 10, 10);
  const { draws: same, moved } = relabel(draws, 1);
  assert.deepEqual(same.columns, draws.columns);
  assert.equal(moved, 0);
});

Deno.test("values that are not finite or are frozen do not upset the labels of the rest", () => {
  const { draws, truth } = plant(2, 2, 500, 1);
  draws.columns.get("A.1")![3] = NaN;
  draws.columns.get("kappa.2")![4] = 0;
  for (const k of [1, 2]) draws.columns.get(`n.${k}`)!.fill(1.5);
  const { permutations } = relabel(draws, 2);
  let wrong = 0;
  for (let s = 5; s < 1000; s++) if (truth[2 * s + permutations[2 * s]] !== 0) wrong++;
  // 995 draws at 2e-4 each: 10 or more have probability under 1e-12.
  assert.ok(wrong < 10, `${wrong} wrong`);
});

Deno.test("missing component columns are named", () => {
  const { draws } = plant(2, 1, 10, 1);
  assert.throws(() => relabel(draws, 3), /There are no draws of A\.3/);
  assert.ok(isComponentColumn("kappa.2") && !isComponentColumn("sigma") && !isComponentColumn("fitted.2"));
});

Deno.test("100,000 draws of three components are relabelled fast", () => {
  const { draws } = plant(3, 100, 1000, 7);
  const before = performance.now();
  relabel(draws, 3);
  const elapsed = performance.now() - before;
  // 0.35 s on one core; three times that lets a busy machine pass.
  assert.ok(elapsed < 1000, `${elapsed.toFixed(0)} ms`);
});
