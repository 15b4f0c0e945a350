/** The `business` section of `fit.json` and of `compare.json`; what its numbers mean stands in `lib/business.ts`. */
import { z } from "zod";

/** As everywhere in a run: NaN in memory is null in the file. */
const real = z.number().nullable().transform((value) => value ?? NaN);

const quantity = z.object({ mean: real, sd: real, q5: real, q50: real, q95: real });

export const businessSchema = z.object({
  /** Sums over the training rows. */
  spend: real,
  response: real,
  contribution: quantity,
  /** Of the response; null throughout where that sums to nothing. */
  contribution_share: quantity,
  /** Response per unit of spend: on the average, and of the next 10%. */
  roas: quantity,
  marginal_roas: quantity,
  /** Response per row to a steady spend per row, at multiples of the average spend. */
  curve: z.array(z.object({ multiple: z.number(), spend: real, response: quantity })),
});

/** Business numbers in memory: NaN stands where the file has null. */
export type BusinessReport = z.output<typeof businessSchema>;

/** A number with its 90% interval, `q5` to `q95`. */
export type BusinessQuantity = z.output<typeof quantity>;
