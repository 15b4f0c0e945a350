/**
 * The no-U-turn sampler in f64: the reference of kernels/samplers/nuts.wgsl, leaf for leaf and with the same random
 * numbers. Multinomial sampling, generalised U-turn criterion with the checks across subtrees (Betancourt 2017,
 * arXiv 1701.02434; Stan's base_nuts.hpp), trees built iteratively with a checkpoint per level (Phan, Pradhan &
 * Jankowiak 2019, arXiv 1912.11554). Momentum is whitened as in hmc.ts, where velocity and momentum are the same.
 */
import { MAX_TREE_DEPTH, type Tuning } from "../engine/ensemble.ts";
import type { Density } from "../model/target.ts";
import { philox, Purpose, wordToUniform } from "../random.ts";
import { dot, drawMomentum, type HmcState, leapfrog, squaredNorm } from "./hmc.ts";

/** Energy error past which a trajectory counts as divergent (Stan's base_nuts.hpp). */
const DIVERGENCE = 1000;

/** What one transition is known by, in ArviZ's names. */
export interface NutsInfo {
  /** Doublings of the trajectory that were kept. */
  readonly tree_depth: number;
  /** Leapfrog steps, of a rejected last doubling too. */
  readonly n_steps: number;
  readonly diverging: boolean;
  /** Hamiltonian of the kept state. */
  readonly energy: number;
  /** min(1, exp(-delta H)), mean over leaves. */
  readonly acceptance_rate: number;
  readonly step_size: number;
}

/** A stretch of leaves as the U-turn criterion needs it. Sums count from the first leaf of the subtree. */
export interface Mark {
  /** Momentum of a leaf. */
  readonly momentum: Float64Array;
  /** Sum of the momenta of the leaves before it. */
  readonly before: Float64Array;
  /** Momentum of the leaf before it. */
  readonly previous: Float64Array;
}

/** A candidate for the next state. */
interface Sample {
  readonly state: HmcState;
  readonly energy: number;
}

/** One end of a trajectory. */
interface End {
  readonly state: HmcState;
  readonly momentum: Float64Array;
}

/**
 * One transition.
 *
 * @param tuning step size, factor and beta; trajectory length and centre are unused
 * @param chain index of the chain in its ensemble, for the random numbers
 * @param counter index of the transition since the ensemble began
 */
export function stepNuts(
  density: Density,
  state: HmcState,
  tuning: Tuning,
  key: readonly [number, number],
  chain: number,
  counter: number,
): readonly [HmcState, NutsInfo] {
  const dim = state.position.length, energyOf = hamiltonian(tuning.beta);
  const momentum = drawMomentum(dim, key, chain, counter), startEnergy = energyOf({ state, momentum });
  let end: End = { state, momentum }, far = end, direction = 1;
  let kept: Sample = { state, energy: startEnergy }, logWeight = 0, rho = momentum;
  let leaves = 0, depth = 0, acceptance = 0, diverging = false, turned = false;

  while (!diverging && !turned && depth < MAX_TREE_DEPTH) {
    const towards = treeWords(key, chain, counter, leaves)[1] >>> 31 === 1 ? 1 : -1;
    if (towards !== direction) [end, far, direction] = [far, end, towards];
    const moved = { ...tuning, stepSize: direction * tuning.stepSize };
    let offered = kept, offeredLogWeight = -Infinity, sum = new Float64Array(dim), take = 1;
    let mark: Mark = { momentum, before: sum, previous: momentum };
    const checkpoints: Mark[] = [];

    for (let leaf = 0; leaf < 1 << depth && !diverging && !turned; leaf++) {
      const words = treeWords(key, chain, counter, leaves), previous = end.momentum;
      const next = previous.slice();
      end = { state: leapfrog(density, end.state, moved, next, 1), momentum: next };
      leaves++;
      const energy = energyOf(end), error = energy - startEnergy;
      diverging = !(error <= DIVERGENCE) || error === -Infinity;
      const leafLogWeight = diverging ? -Infinity : -error;
      acceptance += Math.exp(Math.min(0, leafLogWeight));
      offeredLogWeight = logAdd(offeredLogWeight, leafLogWeight);
      if (wordToUniform(words[0]) < Math.exp(leafLogWeight - offeredLogWeight)) {
        offered = { state: end.state, energy };
      }
      take = wordToUniform(words[2]);

      mark = { momentum: end.momentum, before: sum, previous };
      sum = add(sum, end.momentum);
      // Leaf n closes as many subtrees as it has trailing ones; leaf m waits at popcount(m / 2).
      const level = popcount(leaf >> 1);
      if (leaf % 2 === 0) checkpoints[level] = mark;
      const closes = 31 - Math.clz32(~leaf & (leaf + 1));
      for (let merge = 0; merge < closes && !turned; merge++) {
        const first = checkpoints[level - merge]!;
        turned = !goesOn(first.momentum, first.before, mark, end.momentum, sum);
        mark = first;
      }
    }

    if (diverging || turned) break;
    if (take < Math.exp(Math.min(0, offeredLogWeight - logWeight))) kept = offered;
    logWeight = logAdd(logWeight, offeredLogWeight);
    turned = !goesOn(far.momentum, rho.map((p) => -p), mark, end.momentum, sum);
    rho = add(rho, sum);
    depth++;
  }

  return [kept.state, {
    tree_depth: depth,
    n_steps: leaves,
    diverging,
    energy: kept.energy,
    acceptance_rate: acceptance / leaves,
    step_size: tuning.stepSize,
  }];
}

/** Words of one leaf: its selection, the direction of the doubling it begins, the acceptance of the one it ends. */
function treeWords(key: readonly [number, number], chain: number, counter: number, leaf: number) {
  return philox([chain, counter, leaf, Purpose.tree], key);
}

const hamiltonian = (beta: number) => ({ state: { logPrior, logLik }, momentum }: End): number =>
  0.5 * squaredNorm(momentum) - (logPrior + beta * logLik);

/**
 * Whether a stretch of leaves has not turned back on itself: as a whole, and each half with the nearest leaf of
 * the other.
 *
 * @param first momentum of its first leaf
 * @param beforeFirst sum of the momenta before it
 * @param middle first leaf of its second half
 * @param last momentum of its last leaf
 * @param sum of the momenta up to the last
 */
export function goesOn(
  first: Float64Array,
  beforeFirst: Float64Array,
  middle: Mark,
  last: Float64Array,
  sum: Float64Array,
): boolean {
  const whole = subtract(sum, beforeFirst);
  const left = add(subtract(middle.before, beforeFirst), middle.momentum);
  const right = add(subtract(sum, middle.before), middle.previous);
  return dot(first, whole) > 0 && dot(last, whole) > 0 &&
    dot(first, left) > 0 && dot(middle.momentum, left) > 0 &&
    dot(middle.previous, right) > 0 && dot(last, right) > 0;
}

const add = (a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> =>
  Float64Array.from(a, (x, i) => x + b[i]!);
const subtract = (a: Float64Array, b: Float64Array) => add(a, b.map((x) => -x));

/** ln(e^a + e^b). */
function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function popcount(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest &= rest - 1) count++;
  return count;
}
