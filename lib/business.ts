/**
 * What analysts buy media by, from draws in original units. Assignments are summed out and every number is a function
 * of the total response sum_k pi_k f_k(s), so that no numbering of the curves changes it.
 *
 * - *Contribution*: sum over the training rows of sum_k pi_k f_k(s_t), the response above the baseline that is expected
 *   of the adstocked spend s_t, whichever curve each row followed.
 * - *ROAS*: contribution per unit of spend of the same rows.
 * - *Marginal ROAS*: what the contribution gains when every spend of these rows is scaled by 1.1, per unit of extra
 *   spend.
 * - *Response curve*: response per row to the same spend on every row for ever, at multiples of the average spend.
 *
 * Carry-over counts where it lands: a row's contribution comes from all spend up to it, and what the last rows leave
 * to the time after them is not counted, though their spend is. Scaling spend scales the whole adstock, as the model
 * starts from none.
 */
import type { Draws } from "./diagnostics/draws.ts";
import { moments } from "./diagnostics/summary.ts";
import { curvesOf, steadyResponse } from "./response.ts";
import type { BusinessQuantity, BusinessReport } from "./runs/business.ts";

/** Spend levels of the response curve, in multiples of the average spend per row. */
export const SPEND_MULTIPLES = [0.25, 0.5, 1, 1.5, 2] as const;
/** The scaling that marginal ROAS is taken over. */
export const SPEND_INCREASE = 0.1;

/** Draws used at most, evenly spaced: 4000 place a 5% quantile within 0.35%. */
const MOST_DRAWS = 4000;
/** Fewer where rows and curves are many: this many curve values take about a second. */
const MOST_CURVE_VALUES = 4e7, FEWEST_DRAWS = 200;

/**
 * Draws of the business numbers: `contribution`, `roas`, `marginal_roas` and `response.1` .. `response.5`, one for each
 * multiple of {@link SPEND_MULTIPLES}. Chains are laid end to end.
 *
 * @param draws with `alpha`, `A.k`, `n.k`, `kappa.k`, `pi.k` (k = 1 .. components) in original units
 * @param spend of the training rows, (T), original units, not all 0
 */
export function businessDraws(draws: Draws, components: number, spend: Readonly<Float64Array>): Draws {
  const all = draws.chains * draws.draws, values = spend.length * components;
  const most = Math.max(FEWEST_DRAWS, Math.min(MOST_DRAWS, Math.floor(MOST_CURVE_VALUES / values)));
  const step = Math.ceil(all / most), total = sum(spend), average = total / spend.length;
  const { now, scaled } = contributions(draws, components, spend, step);
  const columns: [string, Float64Array][] = [
    ["contribution", now],
    ["roas", now.map((value) => value / total)],
    ["marginal_roas", now.map((value, i) => (scaled[i] - value) / (SPEND_INCREASE * total))],
    ...SPEND_MULTIPLES.map((multiple, i): [string, Float64Array] => [
      `response.${i + 1}`,
      steadyResponse(draws, components, multiple * average, step),
    ]),
  ];
  return { chains: 1, draws: now.length, columns: new Map(columns) };
}

/**
 * The `business` section of `fit.json`.
 *
 * @param draws of {@link businessDraws}
 * @param spend of the training rows, (T), and their `response`, (T), in original units
 */
export function summariseBusiness(
  draws: Draws,
  { spend, response }: { readonly spend: Readonly<Float64Array>; readonly response: Readonly<Float64Array> },
): BusinessReport {
  const rows = moments(draws).map(({ name, mean, sd, q5, q50, q95 }) => ({
    name,
    quantity: { mean, sd, q5, q50, q95 },
  }));
  const of = (name: string) => rows.find((row) => row.name === name)!.quantity;
  const contribution = of("contribution"), sold = sum(response), total = sum(spend);
  const share = (value: number) => sold > 0 ? value / sold : NaN;
  return {
    spend: total,
    response: sold,
    contribution,
    contribution_share: mapQuantity(contribution, share),
    roas: of("roas"),
    marginal_roas: of("marginal_roas"),
    curve: SPEND_MULTIPLES.map((multiple, i) => ({
      multiple,
      spend: multiple * total / spend.length,
      response: of(`response.${i + 1}`),
    })),
  };
}

function mapQuantity(
  { mean, sd, q5, q50, q95 }: BusinessQuantity,
  by: (value: number) => number,
): BusinessQuantity {
  return { mean: by(mean), sd: by(sd), q5: by(q5), q50: by(q50), q95: by(q95) };
}

/** Contribution of every `step`-th draw, at the spend as it was and with all of it scaled up. */
function contributions(
  draws: Draws,
  components: number,
  spend: Readonly<Float64Array>,
  step: number,
): { readonly now: Float64Array; readonly scaled: Float64Array } {
  const { alpha, curves } = curvesOf(draws, components), used = Math.ceil(alpha.length / step);
  const now = new Float64Array(used),
    scaled = new Float64Array(used),
    logStock = new Float64Array(spend.length);
  const logIncrease = Math.log1p(SPEND_INCREASE);
  for (let u = 0; u < used; u++) {
    const i = u * step;
    let stock = 0;
    for (let t = 0; t < spend.length; t++) logStock[t] = Math.log(stock = spend[t] + alpha[i] * stock);
    for (const { weight, amplitude, shape, half } of curves) {
      const n = shape[i], logHalf = Math.log(half[i]);
      let before = 0, after = 0;
      for (let t = 0; t < spend.length; t++) {
        const distance = logHalf - logStock[t]; // infinite without stock: no response
        before += 1 / (1 + Math.exp(n * distance));
        after += 1 / (1 + Math.exp(n * (distance - logIncrease)));
      }
      const height = (weight?.[i] ?? 1) * amplitude[i];
      now[u] += height * before;
      scaled[u] += height * after;
    }
  }
  return { now, scaled };
}

function sum(values: Readonly<Float64Array>): number {
  return values.reduce((total, value) => total + value, 0);
}
