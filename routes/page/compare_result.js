/** What came of a comparison: which method to use, what each costs and says, the files. */
import { methodState } from "./compare_live.js";
import { drawing, facts, h, table } from "./dom.js";
import { csvLink, jsonLink } from "./files.js";
import { sentence } from "./form.js";
import {
  formatCount,
  formatFixed,
  formatLarge,
  formatNumber,
  formatSeconds,
  interval,
  plural,
} from "./format.js";
import { intervals } from "./intervals.js";
import { inFieldWords } from "./words.js";

/** @typedef {import("./shapes.d.ts").Comparison} Comparison */
/** @typedef {import("./shapes.d.ts").CompareReport} CompareReport */
/** @typedef {import("./shapes.d.ts").ComparedMethod} ComparedMethod */
/** @typedef {import("./shapes.d.ts").Quantity} Quantity */
/** @typedef {import("./dom.js").Child} Child */

/** @param {Comparison} comparison @param {CompareReport} report */
export function compareResult(comparison, report) {
  return h(
    "div",
    {},
    adviceCard(comparison, report),
    contributionCard(report),
    methodsCard(report),
    findingsCard(report),
    makingCard(report),
    downloads(comparison, report),
  );
}

/** @param {Comparison} comparison @param {CompareReport} report */
function adviceCard({ verdict }, { advice, reference_reason }) {
  const [first, ...rest] = advice.sentences.map(inFieldWords);
  return h(
    "section",
    { class: `card verdictCard ${verdict}`, "aria-labelledby": "advice" },
    h("h2", { id: "advice" }, "Which method to use"),
    h("p", {}, h("strong", {}, first)),
    rest.length > 0 && h("ul", {}, rest.map((sentence) => h("li", {}, sentence))),
    h("p", { class: "hint" }, reference_reason),
  );
}

/** @param {CompareReport} report */
function contributionCard({ methods, reference, truth, data }) {
  const rows = methods.map((row) => ({
    name: row.method,
    low: row.business?.contribution.q5 ?? null,
    middle: row.business?.contribution.mean ?? null,
    high: row.business?.contribution.q95 ?? null,
    kind: row.status === "fail" ? "failed" : row.exact ? "sampler" : "approximation",
  }));
  const held = rows.find(({ name }) => name === reference), right = truth?.contribution.mean ?? null;
  const chart = drawing((width) =>
    intervals({
      title: "Total contribution by each method, with 90% intervals; the numbers are in the table below",
      width,
      label: `total contribution, ${data.target}`,
      rows,
      ...(held === undefined ? {} : { band: held }),
      ...(right === null ? {} : { marker: { value: right, label: "true" } }),
    })
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "contribution" },
    h("h2", { id: "contribution" }, "What each says spend brought"),
    chart.element,
    h(
      "p",
      { class: "hint legend" },
      KINDS.filter(([kind]) => rows.some((row) => row.kind === kind && row.low !== null)).map((
        [kind, text],
      ) => key(kind, text)),
      held && key("shade", `90% interval of ${held.name}, the reference`),
      right !== null && key("true", `the truth, ${formatNumber(right)}`),
    ),
  );
}

/** Of intervals, and what they mean. */
const KINDS = [["sampler", "sampler"], ["approximation", "approximation"], [
  "failed",
  "failed: not to be used",
]];

/** @param {string} kind @param {string} text */
const key = (kind, text) => h("span", {}, h("span", { class: `key ${kind}`, "aria-hidden": "true" }), text);

/** @typedef {{ title: string, hint?: string, cell(row: ComparedMethod): Child | Child[], truth?: Child }} Column */

/** @param {CompareReport} report */
function methodsCard(report) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "compared" },
    h("h2", { id: "compared" }, "The methods side by side"),
    methodsTable(
      `Each fitted alone, with seed ${report.seed}${report.partial ? "; not all methods finished" : ""}`,
      report,
      mainColumns(report),
    ),
    methodsTable("What else each says", report, moreColumns(report)),
  );
}

/**
 * A row for each method, and below them the truth where it is known and a column has something to say of it.
 *
 * @param {string} caption
 * @param {CompareReport} report
 * @param {Column[]} columns
 */
function methodsTable(caption, { methods, advice, truth }, columns) {
  const rows = methods.map((row) => [
    [
      h("span", { class: "name" }, row.method),
      row.method === advice.method && h("small", {}, "use this one"),
      row.run !== null && row.partial && h("small", {}, "stopped early"),
    ],
    methodState(row.status),
    ...columns.map(({ cell }) => row.run === null ? "-" : cell(row)),
  ]);
  const known = truth === null ? [] : [["(truth)", "", ...columns.map(({ truth }) => truth ?? "")]];
  return table(
    caption,
    [
      { title: "Method" },
      { title: "Verdict" },
      ...columns.map(({ title, hint = "" }) => ({ title, numeric: true, hint })),
    ],
    [...rows, ...known],
  );
}

/** @param {CompareReport} report @returns {Column[]} */
function mainColumns({ reference, truth, data }) {
  return [
    { title: "Time", cell: ({ timing }) => formatSeconds(timing.total_s) },
    {
      title: "ESS/s",
      hint:
        "Effective draws a second, of the parameter that has fewest; in brackets where they are not to be trusted",
      cell: ({ timing, status }) => {
        const text = formatLarge(timing.ess_per_s);
        return status === "fail" && text !== "-" ? `(${text})` : text;
      },
    },
    {
      title: "R-hat, k-hat",
      hint: "The largest R-hat, 1.01 or less is good; of approximations Pareto k-hat, 0.7 or less is usable",
      cell: ({ diagnostics: { k_hat, max_rhat } }) =>
        k_hat === null ? formatFixed(max_rhat, 3) : `k ${formatFixed(k_hat, 2)}`,
    },
    ...reference === null ? [] : [
      {
        title: "LOO",
        hint: "Difference of elpd to the reference, with its standard error; below zero predicts worse",
        /** @param {ComparedMethod} row */
        cell: ({ method, elpd }) =>
          method === reference
            ? "reference"
            : [formatFixed(elpd.difference, 1), h("small", {}, `se ${formatFixed(elpd.difference_se, 1)}`)],
      },
      {
        title: "Gap",
        hint: "Largest distance of a mean to the reference's, in its standard deviations",
        /** @param {ComparedMethod} row */
        cell: ({ gap }) =>
          gap === null ? "reference" : [signed(gap.mean.value), h("small", {}, gap.mean.name)],
      },
    ],
    {
      title: `Contribution, ${data.target}`,
      hint: "Mean and 90% interval of the response above the baseline over the rows fitted",
      cell: ({ business }) => quantity(business.contribution),
      truth: formatShort(truth?.contribution.mean),
    },
    {
      title: "ROAS",
      hint: "Mean and 90% interval",
      cell: ({ business }) => quantity(business.roas),
      truth: formatShort(truth?.roas.mean),
    },
  ];
}

/** @param {CompareReport} report @returns {Column[]} */
function moreColumns({ truth, data }) {
  return [
    {
      title: "ROAS of the next 10%",
      hint: "Mean and 90% interval",
      cell: ({ business }) => quantity(business.marginal_roas),
      truth: formatShort(truth?.marginal_roas.mean),
    },
    ...data.holdout_rows === 0 ? [] : [{
      title: "CRPS",
      hint: `Error on the ${plural(data.holdout_rows, "held-out row")}, the smaller the better`,
      /** @param {ComparedMethod} row */
      cell: ({ holdout }) => formatNumber(holdout?.crps),
    }],
    ...truth === null ? [] : [{
      title: "Truth covered",
      hint: "Parameters and business numbers whose true value lies in the 90% interval",
      /** @param {ComparedMethod} row */
      cell: ({ recovery }) =>
        recovery === null ? "-" : `${recovery.covered} of ${recovery.quantities.length}`,
    }],
  ];
}

/** A mean with its interval below. @param {Quantity} quantity */
const quantity = (quantity) => [formatShort(quantity.mean), h("small", {}, interval(quantity, formatShort))];

/** Large numbers in three digits. @param {number | null | undefined} value */
const formatShort = (value) => Math.abs(value ?? 0) < 1e4 ? formatNumber(value) : formatLarge(value);

/** @param {number | null} value */
const signed = (value) => `${value !== null && value >= 0 ? "+" : ""}${formatFixed(value, 2)}`;

/** Why a method did not pass, or gave no fit. @param {CompareReport} report */
function findingsCard({ methods }) {
  const found = methods.filter(({ reasons }) => reasons.length > 0);
  return found.length > 0 && h(
    "section",
    { class: "card", "aria-labelledby": "findings" },
    h("h2", { id: "findings" }, "What the checks found"),
    found.map(({ method, status, reasons }) =>
      h(
        "details",
        { open: status === "error" },
        h("summary", {}, method, " ", methodState(status)),
        h("ul", {}, reasons.map((reason) => h("li", {}, sentence(inFieldWords(reason))))),
      )
    ),
  );
}

/** @param {CompareReport} report */
function makingCard({ methods, data, model, seed, effort, engine, adapter }) {
  const seconds = methods.reduce((sum, { timing }) => sum + (timing?.total_s ?? 0), 0);
  return h(
    "section",
    { class: "card", "aria-labelledby": "making" },
    h("h2", { id: "making" }, "How it was made"),
    facts([
      [
        "Data",
        `${formatCount(data.rows)} rows${
          data.holdout_rows > 0 ? `, the last ${formatCount(data.holdout_rows)} held out` : ""
        }` + (data.first_date === null ? "" : `, ${data.first_date} to ${data.last_date}`),
      ],
      [
        "Columns",
        `${data.target} by ${data.spend.join(" + ")}${
          data.controls.length > 0 ? `; controls ${data.controls.join(", ")}` : ""
        }`,
      ],
      ["Model", `${plural(model.components, "curve")}, priors ${model.preset}, seed ${seed}`],
      ["Effort", effort === 1 ? "" : `${effort} times the usual warm-up and draws`],
      [
        "Time",
        `${formatSeconds(seconds)} over ${plural(methods.length, "method")}, on ${engine} (${adapter})`,
      ],
    ]),
  );
}

/** @param {Comparison} comparison @param {CompareReport} report */
function downloads({ id, runs }, report) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "files" },
    h("h2", { id: "files" }, "Files"),
    h("p", { class: "actions" }, jsonLink("Comparison as JSON (compare.json)", `${id}-compare.json`, report)),
    runs.length > 0 && h("p", { class: "hint" }, "Draws as CSV, by method:"),
    h(
      "p",
      { class: "actions" },
      runs.map(({ method, draws }) => csvLink(method, `${id}-${method.replace(":", "-")}-draws.csv`, draws)),
    ),
  );
}
