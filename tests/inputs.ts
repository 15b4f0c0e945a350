/** For tests and benchmarks that fit data which come from no file. */
import type { FitInputs } from "../lib/runs/schema.ts";

/** What is asked for when everything is left to hillmix. */
export const NO_INPUTS: FitInputs = {
  file: null,
  date: null,
  spend: [],
  target: null,
  controls: [],
  group: null,
  only: null,
  config: null,
  holdout: 0,
};
