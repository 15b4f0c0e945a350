/** The truth behind simulated data, as `simulate` writes it beside the data. */
import { z } from "zod";
import { InputError } from "../errors.ts";
import type { Series } from "./series.ts";
import type { Truth } from "./simulate.ts";

const whole = z.number().int().nonnegative();

const truthSchema: z.ZodType<Truth> = z.object({
  process: z.string(),
  seed: whole,
  rows: whole,
  alpha: z.number(),
  intercept: z.number(),
  slope: z.number(),
  sigma: z.number().positive(),
  medianAdstock: z.number(),
  curves: z.array(z.object({ pi: z.number(), A: z.number(), kappa: z.number(), n: z.number() })).min(1),
  component: z.array(whole),
  mean: z.array(z.number()),
});

/**
 * Standard errors by which the mean square of the noise may exceed sigma squared: right data go beyond with probability
 * under 1e-7, while another series' rows are off by more than the noise.
 */
const MOST_ERRORS = 8;

/** `x.truth.json` of `x.csv`, where `simulate` puts it. */
export function truthPath(dataPath: string): string {
  return dataPath.replace(/\.[^./\\]*$/, "") + ".truth.json";
}

/**
 * Reads the truth of a series.
 *
 * @param text of the file
 * @param where its name, for messages
 * @throws InputError if it is no truth, or not of this series
 */
export function parseTruth(text: string, series: Series, where: string): Truth {
  const fail = (message: string): never => {
    throw new InputError([{ where, message }]);
  };
  const parsed = truthSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    return fail("is not a truth as simulate writes it; name the file that lies beside the data.");
  }
  const truth = parsed.data, rows = series.response.length;
  if (truth.rows !== rows || truth.mean.length !== rows) {
    return fail(`is the truth of ${truth.rows} rows, and the data have ${rows}; name the one of this data.`);
  }
  const squares = truth.mean.reduce(
    (sum, mean, t) => sum + ((series.response[t] - mean) / truth.sigma) ** 2,
    0,
  );
  if (squares / rows > 1 + MOST_ERRORS * Math.sqrt(2 / rows)) {
    return fail(
      "is not the truth of this data: the response does not scatter around it; name the right one.",
    );
  }
  return truth;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
