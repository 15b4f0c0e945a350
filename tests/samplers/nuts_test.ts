import assert from "node:assert/strict";
import type { TestTarget, Tuning } from "../../lib/engine/ensemble.ts";
import { type Density, targetDensity } from "../../lib/model/target.ts";
import { philox, Purpose, RandomStream, seedKey, wordToUniform } from "../../lib/random.ts";
import { dot, drawMomentum, type HmcState, initHmc, leapfrog } from "../../lib/samplers/hmc.ts";
import { goesOn, type Mark, stepNuts } from "../../lib/samplers/nuts.ts";
import { correlatedGaussian, plainTuning } from "../engine/support.ts";

/** Whether a trajectory with these momenta goes on, halves joined in the middle. */
function unturned(momenta: readonly number[][]): boolean {
  const vectors = momenta.map((p) => Float64Array.from(p)), half = vectors.length / 2;
  const sumTo = (end: number) =>
    vectors.slice(0, end).reduce(
      (sum, p) => sum.map((x, i) => x + p[i]),
      new Float64Array(momenta[0].length),
    );
  const middle: Mark = { momentum: vectors[half], before: sumTo(half), previous: vectors[half - 1] };
  return goesOn(vectors[0], sumTo(0), middle, vectors.at(-1)!, sumTo(vectors.length));
}

/** Momenta of uniform motion on a circle, through so many degrees. */
const arc = (degrees: number, leaves: number) =>
  Array.from({ length: leaves }, (_, i) => {
    const angle = degrees * Math.PI / 180 * i / (leaves - 1);
    return [Math.cos(angle), Math.sin(angle)];
  });

Deno.test("a trajectory has turned once it is past half a circle, and not before", () => {
  for (const leaves of [4, 16, 64]) {
    assert.ok(unturned(arc(0, leaves)));
    assert.ok(unturned(arc(175, leaves)));
    assert.ok(!unturned(arc(185, leaves)));
  }
});

Deno.test("a half that comes back to the start of the other is a turn that the whole does not show", () => {
  const detour = (back: number) => [[1, 0], [back, 0.5], [back, 0.5], [1, 0]];
  assert.ok(unturned(detour(-0.4)));
  assert.ok(!unturned(detour(-0.6))); // the sum of all is (0.8, 1), that of the first three (-0.2, 1)
});

interface Leaf {
  readonly state: HmcState;
  readonly momentum: Float64Array;
}

/** A finished stretch of leaves, in the order of time. */
interface Tree {
  readonly leaves: readonly Leaf[];
  /** Whether it may be joined to others: it nowhere turned and did not diverge. */
  readonly sound: boolean;
}

/** A transition by recursion, as Stan builds trees: an independent account of what stepNuts does. */
function recursiveNuts(
  density: Density,
  start: HmcState,
  tuning: Tuning,
  key: readonly [number, number],
  chain: number,
  counter: number,
) {
  const words = (leaf: number) => philox([chain, counter, leaf, Purpose.tree], key);
  const energy = ({ state, momentum }: Leaf) => 0.5 * dot(momentum, momentum) - state.logPrior - state.logLik;
  const first = { state: start, momentum: drawMomentum(start.position.length, key, chain, counter) };
  const energyAtStart = energy(first), weight = (leaf: Leaf) => Math.exp(energyAtStart - energy(leaf));
  let diverging = false, steps = 0;

  const total = (leaves: readonly Leaf[]) =>
    leaves.map(({ momentum }) => momentum).reduce((sum, p) => sum.map((x, i) => x + p[i]));
  const straight = (leaves: readonly Leaf[]) => {
    const rho = total(leaves);
    return dot(leaves[0].momentum, rho) > 0 && dot(leaves.at(-1)!.momentum, rho) > 0;
  };
  const join = (left: readonly Leaf[], right: readonly Leaf[]): Tree => {
    const leaves = [...left, ...right];
    const sound = straight(leaves) && straight([...left, right[0]]) && straight([left.at(-1)!, ...right]);
    return { leaves, sound };
  };
  const grow = (from: Leaf, direction: number, depth: number): Tree => {
    if (depth === 0) {
      const momentum = from.momentum.slice();
      const stepSize = direction * tuning.stepSize;
      const leaf = { state: leapfrog(density, from.state, { ...tuning, stepSize }, momentum, 1), momentum };
      steps++;
      diverging = !(energy(leaf) - energyAtStart <= 1000);
      return { leaves: [leaf], sound: !diverging };
    }
    const near = grow(from, direction, depth - 1);
    if (!near.sound) return near;
    const away = grow(near.leaves.at(direction > 0 ? -1 : 0)!, direction, depth - 1);
    if (!away.sound) return away;
    return direction > 0 ? join(near.leaves, away.leaves) : join(away.leaves, near.leaves);
  };

  let tree: Tree = { leaves: [first], sound: true }, kept: Leaf = first, depth = 0, acceptance = 0;
  while (tree.sound && depth < 10) {
    const begin = steps, direction = words(begin)[1] >= 2 ** 31 ? 1 : -1;
    const grown = grow(tree.leaves.at(direction > 0 ? -1 : 0)!, direction, depth);
    if (!grown.sound) break;
    // Leaves in the order they were made, each kept with its share of the weight so far.
    const made = direction > 0 ? grown.leaves : grown.leaves.toReversed();
    let offered = made[0], so = 0;
    made.forEach((leaf, i) => {
      so += weight(leaf);
      acceptance += Math.min(1, weight(leaf));
      if (wordToUniform(words(begin + i)[0]) < weight(leaf) / so) offered = leaf;
    });
    const old = tree.leaves.reduce((sum, leaf) => sum + weight(leaf), 0);
    if (wordToUniform(words(steps - 1)[2]) < so / old) kept = offered;
    tree = direction > 0 ? join(tree.leaves, grown.leaves) : join(grown.leaves, tree.leaves);
    depth++;
  }
  return { kept, depth, steps, diverging, energy: energy(kept), acceptance };
}

/** Chains of transitions, iterative against recursive. @returns how often each depth came, and divergences */
function compare(target: TestTarget, stepSize: number, chains: number, transitions: number) {
  const density = targetDensity(target, 0), key = seedKey(11), stream = new RandomStream(12, 0);
  const tuning = plainTuning(density.dim, stepSize, 1);
  const depths = new Map<number, number>();
  let divergences = 0;
  for (let chain = 0; chain < chains; chain++) {
    const begin = Float64Array.from({ length: density.dim }, () => stream.normal());
    let state = initHmc(density, begin, 1);
    for (let i = 0; i < transitions; i++) {
      const expected = recursiveNuts(density, state, tuning, key, chain, i);
      const [next, info] = stepNuts(density, state, tuning, key, chain, i);
      assert.equal(info.n_steps, expected.steps);
      assert.equal(info.tree_depth, expected.depth);
      assert.equal(info.diverging, expected.diverging);
      assert.deepEqual(next.position, expected.kept.state.position);
      assert.ok(Math.abs(info.energy - expected.energy) <= 1e-12 * Math.abs(expected.energy));
      depths.set(info.tree_depth, (depths.get(info.tree_depth) ?? 0) + 1);
      divergences += Number(info.diverging);
      state = next;
    }
  }
  return { depths, divergences };
}

Deno.test("iterative trees are the recursive ones, leaf for leaf", () => {
  const { depths } = compare(correlatedGaussian(5, 0.8).target, 0.15, 6, 30);
  for (const depth of [3, 4, 5]) assert.ok((depths.get(depth) ?? 0) >= 5, `depth ${depth} came too rarely`);
});

Deno.test("iterative trees are the recursive ones where they diverge", () => {
  const { divergences } = compare({ kind: "funnel", dim: 4 }, 0.9, 6, 40);
  assert.ok(divergences > 0);
});

Deno.test("a trajectory that never turns ends at the depth limit", () => {
  const density = targetDensity(correlatedGaussian(3, 0.5).target, 0);
  const state = initHmc(density, new Float64Array(3), 1);
  const [, info] = stepNuts(density, state, plainTuning(3, 1e-4, 1), seedKey(1), 0, 0);
  assert.deepEqual([info.tree_depth, info.n_steps, info.diverging], [10, 1023, false]);
});
