/** For tests and benchmarks that fit data which come from no file. */
import type { Series } from "../lib/data/series.ts";
import type { Simulation } from "../lib/data/simulate.ts";
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

/** Simulated data as a series of one channel and no controls. */
export const seriesFrom = ({ spend, response }: Pick<Simulation, "spend" | "response">): Series => ({
  name: "simulated",
  spend,
  spendColumns: ["spend"],
  leftOut: [],
  response,
  targetColumn: "y",
  controls: [],
});
