/** What came of a fit: how far to trust it, what spend brought, the response curve, the parameters, the files. */
import { pathOfFit } from "./api.js";
import { curveSection } from "./curve_view.js";
import { facts, failedNotice, h, table } from "./dom.js";
import { csvLink, jsonLink } from "./files.js";
import {
  formatCount,
  formatFixed,
  formatLarge,
  formatNumber,
  formatSeconds,
  formatShare,
  interval,
  plural,
} from "./format.js";
import { tile } from "./live.js";
import { inFieldWords, meaningOf, VERDICTS } from "./words.js";

/** @typedef {import("./shapes.d.ts").Fit} Fit */
/** @typedef {import("./shapes.d.ts").Report} Report */
/** @typedef {import("./shapes.d.ts").Business} Business */

/** @param {Fit} fit @param {Report} report @param {AbortSignal} signal */
export function resultSection(fit, report, signal) {
  return h(
    "div",
    {},
    verdictCard(report),
    report.business && businessCard(report, report.business),
    curveSection(fit, report, signal),
    parametersCard(report),
    checksCard(report),
    downloads(fit, report),
  );
}

/** @param {Report} report */
function verdictCard({ verdict, warnings, approximation, partial, diagnostics }) {
  const { title, meaning } = VERDICTS[verdict.status];
  const met = (/** @type {boolean} */ passed) => passed ? "met" : "not met";
  const sentences = [...verdict.reasons, ...warnings];
  return h(
    "section",
    { class: `card verdictCard ${verdict.status}`, "aria-labelledby": "verdict" },
    h("h2", { id: "verdict" }, "Verdict: ", h("span", { class: `verdict ${verdict.status}` }, title)),
    h("p", {}, meaning, partial && " The fit was stopped early: there are fewer draws than asked for."),
    sentences.length > 0 && h("ul", {}, sentences.map((sentence) => h("li", {}, inFieldWords(sentence)))),
    approximation === undefined
      ? h(
        "p",
        { class: "hint" },
        `R-hat ${formatFixed(diagnostics.max_rhat, 3)} at most, ESS ${
          formatCount(rounded(diagnostics.min_ess_bulk))
        } at ` +
          `least, ${
            plural(diagnostics.divergences ?? 0, "divergence")
          }. Handover (R-hat ≤ 1.05, bulk ESS ≥ 100): ` +
          `${met(verdict.handover)}. Strict (R-hat ≤ 1.01, bulk and tail ESS ≥ 400): ${met(verdict.strict)}.`,
      )
      : h(
        "p",
        { class: "hint" },
        `An approximation, judged by Pareto k-hat alone (${
          formatFixed(approximation.k_hat, 2)
        }): ${approximation.status}.`,
      ),
  );
}

const rounded = (/** @type {number | null} */ value) => value === null ? null : Math.round(value);

/** @param {Report} report @param {Business} business */
function businessCard(report, { contribution, contribution_share, roas, marginal_roas, spend, response }) {
  const { data } = report, range = "90% interval ";
  return h(
    "section",
    { class: "card", "aria-labelledby": "business" },
    h("h2", { id: "business" }, "What spend brought"),
    failedNotice(report),
    h(
      "div",
      { class: "tiles wide" },
      [
        tile(
          "Total contribution",
          `${range}${interval(contribution)} ${data.target}`,
          formatNumber(contribution.q50),
        ),
        tile(
          "Share of response",
          `${range}${interval(contribution_share, formatShare)}`,
          formatShare(contribution_share.q50),
        ),
        tile("ROAS", `${range}${interval(roas)}`, formatNumber(roas.q50)),
        tile(
          "Marginal ROAS",
          `of the next 10% of spend; ${range}${interval(marginal_roas)}`,
          formatNumber(marginal_roas.q50),
        ),
      ].map(({ element }) => element),
    ),
    h(
      "p",
      { class: "hint" },
      `Medians over the draws. Contribution is the response above the baseline over the rows fitted: of ` +
        `${formatNumber(response)} ${data.target} in all, at a spend of ${
          formatNumber(spend)
        }. ROAS is ${data.target} per ` +
        "unit of spend; what the last rows carry over to later ones is not counted.",
    ),
  );
}

/** @param {Report} report */
function parametersCard({ summary, approximation }) {
  const exact = approximation === undefined;
  const rows = summary.filter(({ name }) => !/^(fitted\.|lp__)/.test(name));
  return h(
    "section",
    { class: "card", "aria-labelledby": "parameters" },
    h("h2", { id: "parameters" }, "Parameters"),
    table(
      "In the data's own units; half of all probability lies on either side of 50%, 90% between 5% and 95%",
      [
        { title: "Parameter" },
        { title: "Mean", numeric: true },
        { title: "Sd", numeric: true },
        { title: "5%", numeric: true },
        { title: "50%", numeric: true },
        { title: "95%", numeric: true },
        ...exact
          ? [
            { title: "R-hat", numeric: true, hint: "1.01 or less is good" },
            { title: "ESS bulk", numeric: true, hint: "400 or more is good" },
            { title: "ESS tail", numeric: true, hint: "400 or more is good" },
          ]
          : [],
      ],
      rows.map(({ name, mean, sd, q5, q50, q95, rhat, ess_bulk, ess_tail }) => [
        [h("code", {}, name), h("small", {}, meaningOf(name))],
        ...[mean, sd, q5, q50, q95].map(formatNumber),
        ...exact
          ? [
            rhat !== null && rhat > 1.01
              ? h("strong", { class: rhat > 1.05 ? "bad" : "fair" }, formatFixed(rhat, 3))
              : formatFixed(rhat, 3),
            formatCount(rounded(ess_bulk)),
            formatCount(rounded(ess_tail)),
          ]
          : [],
      ]),
    ),
  );
}

/** @param {Report} report */
function checksCard(report) {
  const { data, model, sampling, timing, diagnostics, elpd, holdout, auto, tempering, approximation } =
    report;
  const sizes = approximation === undefined
    ? `${plural(sampling.chains, "chain")} of ${formatCount(sampling.warmup)} warm-up and ${
      plural(sampling.draws, "draw")
    }`
    : plural(sampling.draws, "draw");
  return h(
    "section",
    { class: "card", "aria-labelledby": "checks" },
    h("h2", { id: "checks" }, "How it was made"),
    facts([
      [
        "Data",
        `${formatCount(data.rows)} rows${
          data.holdout_rows > 0 ? `, the last ${formatCount(data.holdout_rows)} held out` : ""
        }` +
        (data.first_date === null ? "" : `, ${data.first_date} to ${data.last_date}`),
      ],
      [
        "Columns",
        `${data.target} by ${data.spend.join(" + ")}${
          data.controls.length > 0 ? `; controls ${data.controls.join(", ")}` : ""
        }`,
      ],
      ["Left out", data.left_out.length > 0 ? `${data.left_out.join(", ")}: spent on under 10% of rows` : ""],
      ["Model", `${plural(model.components, "curve")}, priors ${model.preset}`],
      [
        "Method",
        `${report.method}${
          auto === undefined ? "" : `, answered by ${auto.answer}`
        }, ${sizes}, seed ${report.seed}`,
      ],
      [
        "Steps",
        auto === undefined ? "" : h(
          "ol",
          {},
          auto.steps.map(({ method, why, found, total_s }) =>
            h("li", {}, `${method}, ${why}: ${found} (${formatSeconds(total_s)}).`)
          ),
        ),
      ],
      [
        "Time",
        `${formatSeconds(timing.total_s)}, ${
          formatLarge(timing.gradients)
        } gradients, on ${report.engine} (${report.adapter})`,
      ],
      [
        "Chains",
        approximation === undefined
          ? `smallest E-BFMI ${formatFixed(diagnostics.ebfmi_min, 2)}; R-hat ${
            formatFixed(diagnostics.label_invariant.max_rhat, 3)
          } ` +
            `of what no labelling changes, ${
              formatFixed(diagnostics.relabelled.max_rhat, 3)
            } of relabelled curves`
          : "",
      ],
      [
        "Approximation",
        approximation === undefined ? "" : `k-hat ${formatFixed(approximation.k_hat, 2)} over ` +
          `${plural(approximation.proposals, "proposal")}, worth ${
            plural(Math.round(approximation.effective_size ?? 0), "weighted draw")
          }; ` +
          `ELBO ${formatFixed(approximation.elbo, 2)} (se ${formatFixed(approximation.elbo_error, 2)})`,
      ],
      [
        "LOO",
        `elpd ${formatFixed(elpd.loo, 1)} (se ${formatFixed(elpd.se, 1)}), p_loo ${
          formatFixed(elpd.p_loo, 1)
        }; ` +
        (elpd.bad_k === 0
          ? "every Pareto k-hat is good"
          : `${plural(elpd.bad_k, "row")} with a Pareto k-hat too large to trust`),
      ],
      [
        "Hold-out",
        holdout === null
          ? ""
          : `RMSE ${formatNumber(holdout.rmse)}, CRPS ${formatNumber(holdout.crps)}; the 90% band ` +
            `covers ${formatShare(holdout.coverage_90)} of the held-out rows`,
      ],
      [
        "Evidence",
        typeof report.log_evidence !== "number" ? "" : `log ${formatFixed(report.log_evidence, 2)}` +
          (tempering === undefined ? "" : ` (se ${formatFixed(tempering.log_evidence_error, 2)})`),
      ],
      [
        "Ladders",
        tempering === undefined ? "" : `${plural(tempering.rungs, "rung")} over a barrier of ` +
          `${formatFixed(tempering.barrier, 1)}, ${Math.min(...tempering.round_trips)} to ${
            Math.max(...tempering.round_trips)
          } round trips each`,
      ],
      [
        "Modes",
        tempering === undefined || tempering.modes.length < 2 ? "" : h(
          "ul",
          {},
          tempering.modes.map(({ weight, alpha, sigma }) =>
            h(
              "li",
              {},
              `${formatShare(weight)} of the draws: carry-over ${formatNumber(alpha)}, noise ${
                formatNumber(sigma)
              }`,
            )
          ),
        ),
      ],
    ]),
  );
}

/** @param {Fit} fit @param {Report} report */
function downloads({ id, links }, report) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "files" },
    h("h2", { id: "files" }, "Files"),
    h(
      "p",
      { class: "actions" },
      jsonLink("Result as JSON (fit.json)", `${id}-fit.json`, report),
      csvLink("Draws as CSV", `${id}-draws.csv`, links.draws ?? `${pathOfFit(id)}/draws`),
    ),
  );
}
