/** Cuts a series in time: the first rows train the model, the last are held out to test it. */
import { InputError, type Problem } from "../errors.ts";
import { throwIfAny } from "./problems.ts";
import { isConstant } from "./columns.ts";
import { FEWEST_ROWS, tooFewRows } from "./select.ts";
import type { Series, Split } from "./series.ts";

/** At most so much of a series is held out. */
const LARGEST_SHARE = 0.5;
/** Keeps 0.9 * 30 = 27.000000000000004 and its like from losing a row to rounding. */
const ROUNDING = 1e-9;

/**
 * Trains on the first floor((1 - share) T) rows and holds out the rest, at least one row: a share of 0.25 of
 * 509 rows trains on 381.
 *
 * @param share of the rows to hold out, 0 to 0.5; with 0 the hold-out is empty
 * @throws InputError when the share is out of range or leaves training rows that cannot be fit
 */
export function splitHoldout(series: Series, share: number): Split {
  if (!(share >= 0 && share <= LARGEST_SHARE)) {
    const message = `is out of range; give a share of the rows from 0 to ${LARGEST_SHARE}.`;
    throw new InputError([{ where: "--holdout", value: String(share), message }]);
  }
  const rows = series.spend.length;
  const trainRows = share === 0 ? rows : Math.min(rows - 1, Math.floor((1 - share) * rows + ROUNDING));
  const split = { train: slice(series, 0, trainRows), holdout: slice(series, trainRows, rows) };
  throwIfAny(share === 0 ? [] : splitProblems(split.train, share));
  return split;
}

function splitProblems(train: Series, share: number): Problem[] {
  const place = { where: "--holdout", value: String(share) };
  const problems: Problem[] = [];
  const rows = train.spend.length;
  if (rows < FEWEST_ROWS) problems.push({ ...place, message: tooFewRows(rows, "training row") });
  const columns = [
    { name: train.spendColumns.join(" + "), values: train.spend },
    { name: train.targetColumn, values: train.response },
    ...train.controls,
  ];
  for (const { name, values } of columns) {
    if (!isConstant(values)) continue;
    const message = `the column is constant over the ${rows} training rows; hold out a smaller share.`;
    problems.push({ ...place, column: name, message });
  }
  return problems;
}

/** Rows from `start` up to `end`, in buffers of their own: they travel to workers. */
function slice(series: Series, start: number, end: number): Series {
  return {
    ...series,
    ...(series.dates && { dates: series.dates.slice(start, end) }),
    spend: series.spend.slice(start, end),
    response: series.response.slice(start, end),
    controls: series.controls.map(({ name, values }) => ({ name, values: values.slice(start, end) })),
  };
}
