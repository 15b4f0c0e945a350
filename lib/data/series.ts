/** One series ready to model: aligned, checked columns in original units, in time order. */
export interface Series {
  /** What the data came from, for messages: a file name, `built-in example`, a group id. */
  readonly name: string;
  /** ISO dates or the index as text, (T); undefined when no date column was given or found. */
  readonly dates?: readonly string[];
  /** Name of the date column. */
  readonly dateColumn?: string;
  readonly spend: Float64Array; // (T) summed over the kept spend columns, >= 0
  readonly spendColumns: readonly string[];
  /** Spend columns left out because they are non-zero on fewer than 10% of rows. */
  readonly leftOut: readonly string[];
  readonly response: Float64Array; // (T)
  readonly targetColumn: string;
  readonly controls: readonly { readonly name: string; readonly values: Float64Array }[]; // (T) each
}

/** A series cut in time: the first rows train, the rest are held out. */
export interface Split {
  readonly train: Series;
  readonly holdout: Series;
}
