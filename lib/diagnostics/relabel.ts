/**
 * Undoes label switching: gives the components of every draw the order that makes each label mean one thing.
 *
 * The likelihood does not know which component is called first, so chains may settle on different orders, or swap
 * along the way; raw component parameters then look unconverged though the model is not. Following Stephens 2000,
 * "Dealing with label switching in mixture models", JRSS B 62(4), algorithm 4.1, two steps alternate until nothing
 * changes: describe each label given the orders, then give each draw its cheapest order given the descriptions.
 * A label is described by independent normals for its curve and weight (Stephens' normal loss, section 4.2), the
 * cheapest order is an assignment problem (Papastamoulis 2016, "label.switching", JSS 69). Neither step
 * can raise the total cost. The result may be a local optimum, so several starts compete on a thinned sample.
 * Labels are chosen to make each component tight, so agreement of relabelled draws alone proves little: the verdict
 * asks first for quantities that no label can touch.
 */
import { assignmentSolver } from "./assignment.ts";
import type { Draws } from "./draws.ts";
import { mean, squaredDistance } from "./numeric.ts";

/** Component columns are named `A.1 .. A.K` and so on. */
export const COMPONENT_FAMILIES = ["A", "n", "kappa", "pi"] as const;

const COMPONENT_NAME = new RegExp(`^(${COMPONENT_FAMILIES.join("|")})\\.\\d+$`);

/** Whether a column belongs to one component, such as `kappa.2`, so that its meaning hangs on the labels. */
export function isComponentColumn(name: string): boolean {
  return COMPONENT_NAME.test(name);
}

/** Draws whose labels mean the same thing throughout. */
export interface Relabelled {
  /** The component columns only, under their old names; labels run by increasing mean ln kappa. */
  readonly draws: Draws;
  /** Which raw component, from 0, each label takes: (chains * draws, K) row-major. */
  readonly permutations: Uint8Array;
  /** Share of draws whose labels changed. */
  readonly moved: number;
}

/** What each component of each draw looks like: (draws, K, features) row-major, features scaled to unit spread. */
interface Signatures {
  readonly count: number;
  readonly components: number;
  readonly features: number;
  readonly values: Float64Array;
}

/** Which raw component each label takes in each draw, and what that costs. */
interface Labelling {
  readonly labels: Uint8Array;
  readonly cost: number;
}

const MAX_SWEEPS = 200;
/** Draws on which the starts compete. */
const TRIAL_DRAWS = 2000;
/** Draws that serve as a start of their own (Marin, Mengersen & Robert 2005's pivots). */
const PIVOTS = 4;
/** Least variance of a label's feature, in units of the pooled variance: keeps one frozen label from ruling. */
const VARIANCE_FLOOR = 1e-4;

/**
 * Relabels the component columns of a mixture.
 *
 * @param draws holds `A.k`, `n.k`, `kappa.k` and `pi.k` for k = 1 .. K
 * @param components K, 1 to 8
 * @throws RangeError when a column is missing
 */
export function relabel(draws: Draws, components: number): Relabelled {
  const signatures = signaturesOf(draws, components);
  const permutations = bestLabels(signatures);
  sortLabels(permutations, signatures, COMPONENT_FAMILIES.indexOf("kappa"));
  const columns = new Map<string, Float64Array>();
  for (const family of COMPONENT_FAMILIES) {
    const raw = Array.from({ length: components }, (_, k) => componentColumn(draws, family, k));
    for (let label = 0; label < components; label++) {
      const values = raw[label].map((_, s) => raw[permutations[s * components + label]][s]);
      columns.set(`${family}.${label + 1}`, values);
    }
  }
  const moved = countMoved(permutations, components) / signatures.count;
  return { draws: { chains: draws.chains, draws: draws.draws, columns }, permutations, moved };
}

/** Logarithms of the curve's parameters, and the arcsine of the root of the weight, which evens out its noise. */
function signaturesOf(draws: Draws, components: number): Signatures {
  const count = draws.chains * draws.draws, features = COMPONENT_FAMILIES.length;
  const values = new Float64Array(count * components * features);
  COMPONENT_FAMILIES.forEach((family, f) => {
    const pooled = new Float64Array(count * components);
    for (let k = 0; k < components; k++) {
      const raw = componentColumn(draws, family, k);
      for (let s = 0; s < count; s++) {
        pooled[s * components + k] = family === "pi" ? Math.asin(Math.sqrt(raw[s])) : Math.log(raw[s]);
      }
    }
    standardise(pooled);
    for (let i = 0; i < pooled.length; i++) values[i * features + f] = pooled[i];
  });
  return { count, components, features, values };
}

/** To mean 0 and spread 1 in place; what is not finite, or has underflowed, counts as average. */
function standardise(values: Float64Array): void {
  const finite = values.filter(Number.isFinite);
  const centre = mean(finite), spread = Math.sqrt(squaredDistance(finite, centre) / finite.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = Number.isFinite(values[i]) && spread > 0 ? (values[i] - centre) / spread : 0;
  }
}

/** The cheapest labelling found: starts compete on a thinned sample, the winner is carried to all draws. */
function bestLabels(signatures: Signatures): Uint8Array {
  const { components } = signatures;
  const trial = thin(signatures, TRIAL_DRAWS);
  let best: Labelling = { labels: new Uint8Array(0), cost: Infinity };
  for (const start of starts(trial)) {
    const outcome = settle(trial, start);
    if (outcome.cost < best.cost) best = outcome;
  }
  const labels = new Uint8Array(signatures.count * components);
  assign(signatures, describe(trial, best.labels), labels);
  return settle(signatures, labels).labels;
}

/** Labels as they came, in order of each feature, and nearest to each pivot draw. */
function starts(signatures: Signatures): Uint8Array[] {
  const { count, components, features } = signatures;
  const asTheyCame = new Uint8Array(count * components).map((_, i) => i % components);
  const ordered = Array.from({ length: features }, (_, f) => orderedBy(signatures, f));
  const pivoted = Array.from({ length: Math.min(PIVOTS, count) }, (_, p) => {
    const labels = new Uint8Array(count * components);
    assign(signatures, pivot(signatures, Math.floor((p + 0.5) * count / PIVOTS)), labels);
    return labels;
  });
  return [asTheyCame, ...ordered, ...pivoted];
}

/** Alternates the two steps from given labels until they no longer change, in place. */
function settle(signatures: Signatures, labels: Uint8Array): Labelling {
  let cost = Infinity;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    const outcome = assign(signatures, describe(signatures, labels), labels);
    cost = outcome.cost;
    if (outcome.changed === 0) break;
  }
  return { labels, cost };
}

/** Mean and variance of every feature under each label, (K, features). */
interface Description {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

function describe({ count, components, features, values }: Signatures, labels: Uint8Array): Description {
  const means = new Float64Array(components * features), squares = new Float64Array(components * features);
  for (let s = 0; s < count; s++) {
    for (let label = 0; label < components; label++) {
      const from = (s * components + labels[s * components + label]) * features;
      for (let f = 0; f < features; f++) {
        const value = values[from + f];
        means[label * features + f] += value;
        squares[label * features + f] += value * value;
      }
    }
  }
  for (let i = 0; i < means.length; i++) {
    means[i] /= count;
    squares[i] = Math.max(squares[i] / count - means[i] ** 2, VARIANCE_FLOOR);
  }
  return { means, variances: squares };
}

/** One draw as the description of all labels, with the pooled spread. */
function pivot({ components, features, values }: Signatures, draw: number): Description {
  const width = components * features;
  return {
    means: values.slice(draw * width, (draw + 1) * width),
    variances: new Float64Array(width).fill(1),
  };
}

/** Gives every draw its cheapest labels, in place; the cost is minus the log density up to a constant. */
function assign(
  { count, components, features, values }: Signatures,
  { means, variances }: Description,
  labels: Uint8Array,
): { cost: number; changed: number } {
  const solve = assignmentSolver(components);
  const costs = new Float64Array(components * components);
  const weights = variances.map((variance) => 0.5 / variance);
  const offset = variances.reduce((sum, variance) => sum + 0.5 * Math.log(variance), 0);
  let cost = count * offset, changed = 0;
  for (let s = 0; s < count; s++) {
    for (let label = 0; label < components; label++) {
      for (let k = 0; k < components; k++) {
        let sum = 0;
        for (let f = 0; f < features; f++) {
          const distance = values[(s * components + k) * features + f] - means[label * features + f];
          sum += distance * distance * weights[label * features + f];
        }
        costs[label * components + k] = sum;
      }
    }
    const chosen = solve(costs);
    for (let label = 0; label < components; label++) {
      const k = chosen[label];
      cost += costs[label * components + k];
      if (labels[s * components + label] !== k) changed++;
      labels[s * components + label] = k;
    }
  }
  return { cost, changed };
}

/** Labels by increasing value of one feature within each draw. */
function orderedBy({ count, components, features, values }: Signatures, feature: number): Uint8Array {
  const labels = new Uint8Array(count * components);
  for (let s = 0; s < count; s++) {
    const at = (k: number) => values[(s * components + k) * features + feature];
    const order = Array.from({ length: components }, (_, k) => k).sort((a, b) => at(a) - at(b));
    labels.set(order, s * components);
  }
  return labels;
}

/** Renames the labels so that the mean of one feature increases with the label, in place. */
function sortLabels(labels: Uint8Array, signatures: Signatures, feature: number): void {
  const { components, features } = signatures;
  const { means } = describe(signatures, labels);
  const order = Array.from({ length: components }, (_, label) => label)
    .sort((a, b) => means[a * features + feature] - means[b * features + feature]);
  for (let start = 0; start < labels.length; start += components) {
    const old = labels.slice(start, start + components);
    order.forEach((label, place) => labels[start + place] = old[label]);
  }
}

/** About `target` draws, evenly spaced. */
function thin(signatures: Signatures, target: number): Signatures {
  const { count, components, features, values } = signatures;
  const step = Math.max(1, Math.floor(count / target)), kept = Math.ceil(count / step);
  const width = components * features;
  const thinned = new Float64Array(kept * width);
  for (let s = 0; s < kept; s++) {
    thinned.set(values.subarray(s * step * width, (s * step + 1) * width), s * width);
  }
  return { count: kept, components, features, values: thinned };
}

function countMoved(labels: Uint8Array, components: number): number {
  let moved = 0;
  for (let start = 0; start < labels.length; start += components) {
    for (let label = 0; label < components; label++) {
      if (labels[start + label] !== label) {
        moved++;
        break;
      }
    }
  }
  return moved;
}

function componentColumn(draws: Draws, family: string, component: number): Float64Array {
  const name = `${family}.${component + 1}`, values = draws.columns.get(name);
  if (values === undefined) throw new RangeError(`There are no draws of ${name}.`);
  return values;
}
