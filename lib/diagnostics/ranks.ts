/**
 * Rank normalisation (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, "Rank-normalization, folding, and
 * localization: an improved R-hat", Bayesian Analysis 16(2), section 4): draws become the normal scores of their
 * ranks over all split chains, so that heavy tails and the scale of the quantity stop mattering.
 */
import { type Column, columnQuantile } from "./column.ts";
import { normalQuantile } from "./numeric.ts";

/** Chains cut in half: (chains, draws) row-major, ready for the basic R-hat and ESS. */
export interface SplitChains {
  readonly chains: number;
  readonly draws: number;
  readonly values: Float64Array;
}

/** Halves every chain, leaving out the middle draw of an odd one; chains of a single draw stay whole. */
export function splitChains(values: Readonly<Float64Array>, chains: number, draws: number): SplitChains {
  const shape = splitShape(chains, draws);
  const split = new Float64Array(shape.chains * shape.draws);
  const slot = slots(chains, draws);
  for (let i = 0; i < values.length; i++) {
    const to = slot(i);
    if (to >= 0) split[to] = values[i];
  }
  return { ...shape, values: split };
}

/** Rank-normalised split draws: the `bulk` of R-hat and ESS. The column must be usable. */
export function bulkScores(column: Column): SplitChains {
  return normalScores(column, column.values, column.order);
}

/** The same of the distances to the median, which shows differences of spread between chains. */
export function foldedScores(column: Column): SplitChains {
  const median = columnQuantile(column, 0.5);
  const distances = column.values.map((value) => Math.abs(value - median));
  return normalScores(column, distances, foldedOrder(column, distances, median));
}

function splitShape(chains: number, draws: number): { chains: number; draws: number } {
  return draws === 1 ? { chains, draws } : { chains: 2 * chains, draws: Math.floor(draws / 2) };
}

/** Where draw i lands after the split, -1 for a middle draw. Row-major halves of an even chain stay in place. */
function slots(chains: number, draws: number): (index: number) => number {
  if (draws === 1 || draws % 2 === 0) return (index) => index;
  const half = (draws - 1) / 2;
  const table = new Int32Array(chains * draws);
  for (let chain = 0, i = 0; chain < chains; chain++) {
    for (let draw = 0; draw < draws; draw++, i++) {
      table[i] = draw === half ? -1 : i - chain - (draw > half ? 1 : 0);
    }
  }
  return (index) => table[index];
}

/** Normal scores of `keys`, whose ascending order is given; ties share their average rank. */
function normalScores(
  { chains, draws }: Column,
  keys: Readonly<Float64Array>,
  order: Readonly<Uint32Array>,
): SplitChains {
  const shape = splitShape(chains, draws);
  const count = shape.chains * shape.draws;
  const scores = new Float64Array(count);
  const table = scoreTable(count);
  const slot = slots(chains, draws);
  const tied = new Uint32Array(count);
  for (let i = 0, below = 0; i < order.length;) {
    const key = keys[order[i]];
    let ties = 0;
    for (; i < order.length && keys[order[i]] === key; i++) {
      const to = slot(order[i]);
      if (to >= 0) tied[ties++] = to;
    }
    const rank = below + (ties + 1) / 2;
    const score = Number.isInteger(rank) ? table[rank - 1] : scoreOf(rank, count);
    for (let t = 0; t < ties; t++) scores[tied[t]] = score;
    below += ties;
  }
  return { ...shape, values: scores };
}

/** Order of the distances to the median, by merging the two sides of the sorted values: no second sort. */
function foldedOrder({ values, order }: Column, distances: Float64Array, median: number): Uint32Array {
  const count = order.length;
  const folded = new Uint32Array(count);
  let above = 0;
  while (above < count && values[order[above]] < median) above++;
  let below = above - 1;
  for (let i = 0; i < count; i++) {
    const takeBelow = above >= count || (below >= 0 && distances[order[below]] <= distances[order[above]]);
    folded[i] = takeBelow ? order[below--] : order[above++];
  }
  return folded;
}

/** Blom 1958's offset of 3/8, as in Vehtari et al. 2021, equation 14. */
function scoreOf(rank: number, count: number): number {
  return normalQuantile((rank - 3 / 8) / (count + 1 / 4));
}

/** Scores of the whole ranks 1 .. count. Kept between calls, because every column of a run shares its length. */
let keptTable = new Float64Array(0);

function scoreTable(count: number): Float64Array {
  if (keptTable.length !== count) {
    keptTable = Float64Array.from({ length: count }, (_, i) => scoreOf(i + 1, count));
  }
  return keptTable;
}
