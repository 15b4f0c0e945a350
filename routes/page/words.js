/** What things are called on the page. */

/** Fields of a request, by their names in the API. @type {Record<string, string>} */
export const FIELDS = {
  date: "Date",
  target: "Response",
  spend: "Spend",
  control: "Controls",
  group: "Series column",
  only: "Series",
  method: "Method",
  methods: "Methods",
  effort: "Effort",
  components: "Response curves",
  preset: "Priors",
  chains: "Chains",
  warmup: "Warm-up",
  draws: "Draws",
  seed: "Seed",
  holdout: "Hold out",
  label: "Name",
};

/** Methods of a comparison in a few words. @type {Record<string, string>} */
export const METHOD_TITLES = {
  auto: "chees, confirmed by tempered",
  chees: "many chains, adapted together",
  nuts: "no-U-turn, adapted together",
  "nuts:none": "four chains alone, as elsewhere",
  tempered: "ladders from the prior",
  "two-stage": "baseline first, then curves",
  "two-stage:plug-in": "baseline as if certain",
  "two-stage:prior": "baseline as a prior",
  "two-stage:cut": "baseline with its doubt",
  advi: "independent normals",
  "advi-fullrank": "normals, correlated",
  pathfinder: "normals near the modes",
};

/** Where a method of a comparison stands. @type {Record<string, string>} */
export const METHOD_STATES = {
  waiting: "Waiting",
  running: "At work",
  pass: "Pass",
  review: "Review",
  fail: "Fail",
  error: "No fit",
  interrupted: "No fit",
};

/** Messages name fields as the command line (`--spend`) or the API (`"spend"`) does; here they have titles. @param {string} message */
export const inFieldWords = (message) =>
  message.replace(/"([a-z]+)"|--([a-z]+)/g, (whole, quoted, option) => {
    const title = FIELDS[quoted ?? option];
    return title === undefined ? whole : `“${title}”`;
  });

/**
 * Where in a table, if anywhere: `row 4, column tv, “x”: `.
 *
 * @param {{ row?: number, column?: string, value?: string }} place
 */
export function placeOf({ row, column, value }) {
  const parts = [
    row === undefined ? "" : `row ${row}`,
    column === undefined ? "" : `column ${column}`,
    value === undefined ? "" : `“${value}”`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

/** @type {Record<string, string>} */
export const SEVERITIES = { FAIL: "Must mend", REVIEW: "Look at", INFO: "Note" };

/** @type {Record<string, string>} */
export const STATES = {
  queued: "Waiting",
  running: "Running",
  succeeded: "Finished",
  failed: "Failed",
  canceled: "Canceled",
  interrupted: "Interrupted",
};

/** @type {Record<string, string>} */
export const PHASES = {
  data: "Reading the data",
  compile: "Preparing the kernels",
  optimising: "Optimising",
  searching: "Searching for solutions",
  "warm-up": "Warming up",
  sampling: "Sampling",
  diagnostics: "Judging the draws",
};

/** What a verdict means to whoever is to use the numbers. @type {Record<string, { title: string, meaning: string }>} */
export const VERDICTS = {
  pass: { title: "Pass", meaning: "The draws agree with each other; the numbers below can be used." },
  review: { title: "Review", meaning: "Usable with care: read the reasons before you rely on the numbers." },
  fail: {
    title: "Fail",
    meaning: "Do not use these numbers: the reasons say what went wrong and what to do.",
  },
};

/** @type {Record<string, string>} */
const PARAMETERS = {
  alpha: "carry-over of spend to the next row",
  intercept: "response without spend, mid-series",
  slope: "trend, per sd of time",
  gamma: "effect of a control, per sd",
  sigma: "noise of a row",
  A: "most the curve can add",
  n: "steepness of the curve",
  kappa: "carried-over spend at half of it",
  pi: "share of rows on the curve",
  log_lik: "log likelihood of the data",
  mu_log_A: "mean of ln A over curves",
  sigma_log_A: "spread of ln A over curves",
  mu_log_n: "mean of ln n over curves",
  sigma_log_n: "spread of ln n over curves",
};

/** What a parameter is. @param {string} name */
export const meaningOf = (name) => PARAMETERS[name] ?? PARAMETERS[name.split(".")[0]] ?? "";
