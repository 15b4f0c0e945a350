/** A run on one screen: what was fitted, the parameters, the response curve, the checks, the verdict. */
import type { Draws } from "../diagnostics/draws.ts";
import type { ApproximationReport, FitReport, SearchReport, TwoStageReport } from "../runs/schema.ts";
import { type Curve, curvePlot, responseCurve } from "./curve.ts";
import {
  formatCount,
  formatFixed,
  formatInterval,
  formatLarge,
  formatNumber,
  formatSeconds,
  formatShare,
  plural,
} from "./format.ts";
import { type Column, hang, tableLines, wrap } from "./layout.ts";
import type { Paint, Style } from "./terminal.ts";

/** How to lay a summary out. */
export interface SummaryStyle {
  readonly width: number;
  readonly paint: Paint;
}

// Below this a label column leaves too little for the text beside it.
const NARROW = 50;
/** Weight under which a solution that a search found is not worth a mention. */
const SMALLEST_WEIGHT = 0.001;
const PLOT_WIDTH = 60, PLOT_HEIGHT = 10, PLOT_MARGIN = 16;

/**
 * The whole summary, no line longer than `width`.
 *
 * @param files where the run was written, one per line; empty when nothing was written
 */
export function summaryText(
  report: FitReport,
  draws: Draws,
  files: readonly string[],
  style: SummaryStyle,
): string {
  const blocks = [
    headerLines(report, style),
    stepLines(report, style),
    parameterLines(report, style),
    curveLines(report, draws, style),
    businessLines(report, style),
    checkLines(report, style),
    verdictLines(report, style),
    labelled([["Files", files.join(" ")]], style),
  ];
  return blocks.filter((block) => block.length > 0).map((block) => block.join("\n") + "\n").join("\n");
}

/** The verdict and what it rests on: both thresholds, then one sentence per reason. */
export function verdictLines(report: FitReport, { width, paint }: SummaryStyle): string[] {
  const { status, handover, strict, reasons } = report.verdict, { approximation } = report;
  const colour = ({ pass: "green", review: "yellow", fail: "red" } as const)[status];
  const met = (passed: boolean) => passed ? "met" : "not met";
  return [
    paint("bold", "Verdict: ") + paint(colour, status.toUpperCase()),
    ...(approximation === undefined
      ? [
        `handover (R-hat <= 1.05, bulk ESS >= 100): ${met(handover)}`,
        `strict (R-hat <= 1.01, bulk and tail ESS >= 400): ${met(strict)}`,
      ]
      : [`approximation, judged by Pareto k-hat alone: ${approximation.status}`])
      .flatMap((line) => hang("  ", line, width)),
    ...[...reasons, ...report.warnings].flatMap((reason) => hang("  - ", reason, width)),
  ];
}

function headerLines(report: FitReport, style: SummaryStyle): string[] {
  const { data, model, timing } = report,
    found = report.approximation === undefined ? "warm-up" : "optimising";
  const dates = data.first_date !== null && data.last_date !== null
    ? `, ${data.first_date} to ${data.last_date}`
    : "";
  const held = data.holdout_rows > 0 ? ` (last ${formatCount(data.holdout_rows)} held out)` : "";
  const leftOut = data.left_out.length > 0
    ? `; left out, spent on under 10% of rows: ${data.left_out.join(", ")}`
    : "";
  const controls = data.controls.length > 0 ? `; controls: ${data.controls.join(", ")}` : "";
  const rate = timing.total_s > 0 ? timing.gradients / timing.total_s : NaN;
  return [
    ...wrap(`hillmix ${report.hillmix}: ${data.name}${report.partial ? ", interrupted" : ""}`, style.width)
      .map((line) => style.paint("bold", line)),
    ...labelled([
      ["Data", `${plural(data.rows, "row")}${held}${dates}`],
      ["Columns", `${data.target} by ${data.spend.join(" + ")}${leftOut}${controls}`],
      ["Model", `${plural(model.components, "curve")}, preset ${model.preset}`],
      [
        "Method",
        `${report.method}${report.auto === undefined ? "" : `, answered by ${report.auto.answer}`}, ${
          sizesText(report)
        }, seed ${report.seed}`,
      ],
      ["Engine", `${report.engine} on ${report.adapter}${report.software ? " (software adapter)" : ""}`],
      [
        "Time",
        Number.isNaN(timing.total_s)
          ? ""
          : `${formatSeconds(timing.total_s)}: ${found} ${formatSeconds(timing.warmup_s)}, sampling ` +
            `${formatSeconds(timing.sampling_s)}; ${formatLarge(timing.gradients)} gradients, ` +
            `${formatLarge(rate)} per second`,
      ],
    ], style),
  ];
}

/** What `auto` or `two-stage` did and why, a sentence per step. */
function stepLines({ auto, two_stage, model }: FitReport, style: SummaryStyle): string[] {
  const steps = auto?.steps.map(({ method, why, found, ...work }) => ({
    done: `${method}, ${why}: ${found}`,
    ...work,
  })) ?? (two_stage === undefined ? [] : stagesOf(two_stage, model.components));
  const sentences = steps.map(({ done, total_s, gradients }, i) =>
    `${i + 1}. ${done} (${formatSeconds(total_s)}, ${formatLarge(gradients)} gradients).`
  );
  return labelled(sentences.map((sentence, i) => [i === 0 ? "Steps" : "", sentence] as const), style);
}

function stagesOf({ carry, fits, stage_one, stage_two }: TwoStageReport, components: number) {
  const baseline = {
    "plug-in": "fixed at its means",
    prior: "under priors of its means and sds",
    cut: `fixed at each of ${fits} draws, and R-hat only among chains of one draw`,
  }[carry];
  return [
    { done: `one curve, for the baseline: ${stage_one.found}`, ...stage_one },
    { done: `${plural(components, "curve")}, the baseline ${baseline}`, ...stage_two },
  ];
}

function sizesText({ sampling, approximation }: FitReport): string {
  return approximation === undefined
    ? `${plural(sampling.chains, "chain")} of ${formatCount(sampling.warmup)} warm-up + ` +
      plural(sampling.draws, "draw")
    : `${plural(approximation.starts, "start")}, ${plural(sampling.draws, "draw")}`;
}

function parameterLines(report: FitReport, { width, paint }: SummaryStyle): string[] {
  const rows = report.summary.filter(({ name }) => !name.startsWith("fitted.")); // watched, not parameters
  const column = (title: string, rank: number, cell: (row: typeof rows[number]) => string): Column => ({
    title,
    rank,
    cells: rows.map(cell),
  });
  const [title, ...body] = tableLines([
    column("", 0, (row) => row.name),
    column("mean", 0, (row) => formatNumber(row.mean)),
    column("sd", 4, (row) => formatNumber(row.sd)),
    column("5%", 1, (row) => formatNumber(row.q5)),
    column("50%", 6, (row) => formatNumber(row.q50)),
    column("95%", 1, (row) => formatNumber(row.q95)),
    ...(report.approximation !== undefined ? [] : [
      column("R-hat", 2, (row) => formatFixed(row.rhat, 3)),
      column("ESS bulk", 3, (row) => formatCount(Math.round(row.ess_bulk))),
      column("ESS tail", 5, (row) => formatCount(Math.round(row.ess_tail))),
    ]),
  ], width);
  return [paint("bold", title), ...body];
}

function curveLines(report: FitReport, draws: Draws, { width, paint }: SummaryStyle): string[] {
  const columns = Math.min(PLOT_WIDTH, width - PLOT_MARGIN);
  const { max_spend, mean_spend } = report.data;
  if (columns < 8 || !(max_spend > 0)) return [];
  const spend = Float64Array.from({ length: columns }, (_, i) => max_spend * i / (columns - 1));
  const curve: Curve = responseCurve(draws, report.model.components, spend);
  const plot = curvePlot(curve, mean_spend, PLOT_HEIGHT);
  const caption = "Response added by a steady spend per row, with carry-over: median and 90% band; " +
    `the mark is the average spend, ${formatNumber(mean_spend)}`;
  return [...wrap(caption, width).map((line) => paint("bold", line)), ...plot];
}

function businessLines({ business, data }: FitReport, style: SummaryStyle): string[] {
  if (business === undefined) return [];
  const { contribution, contribution_share: share, roas, marginal_roas } = business;
  return labelled([
    [
      "Media",
      `adds ${formatInterval(contribution)} of ${data.target} over ${plural(data.train_rows, "row")}, ` +
      `${formatInterval(share, formatShare)} of all`,
    ],
    [
      "ROAS",
      `${formatInterval(roas)} of ${data.target} per unit of spend; ${
        formatInterval(marginal_roas)
      } of the ` +
      "next 10% of spend",
    ],
  ], style);
}

function checkLines(report: FitReport, style: SummaryStyle): string[] {
  const { elpd, holdout, waic } = report;
  const badK = elpd.bad_k === 0
    ? "every Pareto k-hat is good"
    : `${plural(elpd.bad_k, "row")} with a Pareto k-hat too large to trust`;
  const plusMinus = (value: number, error: number) =>
    `${formatFixed(value, 1)} (se ${formatFixed(error, 1)})`;
  return labelled([
    ...(report.approximation === undefined
      ? chainEntries(report)
      : approximationEntries(report.approximation)),
    [
      "LOO",
      Number.isNaN(elpd.loo)
        ? ""
        : `elpd ${plusMinus(elpd.loo, elpd.se)}, p_loo ${formatFixed(elpd.p_loo, 1)}; ${badK}`,
    ],
    [
      "WAIC",
      Number.isNaN(waic.elpd)
        ? ""
        : `elpd ${plusMinus(waic.elpd, waic.se)}, p_waic ${formatFixed(waic.p_waic, 1)}`,
    ],
    [
      "Hold-out",
      holdout === null ? "" : `RMSE ${formatNumber(holdout.rmse)}, CRPS ${formatNumber(holdout.crps)}; ` +
        `the 90% band covers ${formatFixed(100 * holdout.coverage_90, 0)}% of the held-out rows`,
    ],
    ["Evidence", evidenceText(report)],
    ["Ladders", report.tempering === undefined ? "" : laddersText(report.tempering)],
    ["Search", report.tempering?.search === undefined ? "" : searchText(report.tempering.search)],
  ], style);
}

type Entry = readonly [label: string, text: string];

function chainEntries({ diagnostics, sampling }: FitReport): Entry[] {
  const hits = sampling.tree_depth_hits;
  const cut = hits === undefined ? "" : `${plural(hits, "tree")} cut at the largest depth, `;
  return [
    [
      "Chains",
      `largest R-hat ${formatFixed(diagnostics.max_rhat, 3)}, smallest ESS ` +
      `${formatCount(Math.round(diagnostics.min_ess_bulk))} bulk and ` +
      `${formatCount(Math.round(diagnostics.min_ess_tail))} tail, ${
        plural(diagnostics.divergences, "divergence")
      }, ${cut}` +
      `smallest E-BFMI ${formatFixed(diagnostics.ebfmi_min, 2)}`,
    ],
    [
      "Labels",
      `R-hat ${formatFixed(diagnostics.label_invariant.max_rhat, 3)} of what no labelling changes, ` +
      `${formatFixed(diagnostics.relabelled.max_rhat, 3)} of relabelled curves`,
    ],
  ];
}

/** Solutions named one by one. */
const NAMED_OPTIMA = 4;

function approximationEntries(approximation: ApproximationReport): Entry[] {
  const { k_hat, proposals, effective_size, importance_weighted, elbo, elbo_error, optima } = approximation;
  const weights = optima.slice(0, NAMED_OPTIMA).map(({ weight }) => `${formatFixed(100 * weight, 1)}%`);
  if (optima.length > NAMED_OPTIMA) weights.push("…");
  return [
    [
      "k-hat",
      `${formatFixed(k_hat, 2)} over ${plural(proposals, "proposal")}, worth ` +
      `${plural(Math.round(effective_size), "weighted draw")}; the draws kept are ` +
      (importance_weighted ? "picked by importance weights" : "the approximation's own"),
    ],
    [
      "ELBO",
      `${formatFixed(elbo, 2)} (se ${formatFixed(elbo_error, 2)}), ${
        plural(approximation.iterations, "iteration")
      }; ` +
      (optima.length === 1 ? "one solution" : `${optima.length} solutions, of weight ${weights.join(", ")}`),
    ],
  ];
}

function evidenceText({ log_evidence, tempering }: FitReport): string {
  if (log_evidence === undefined) return "";
  const error = tempering === undefined ? "" : ` (se ${formatFixed(tempering.log_evidence_error, 2)})`;
  return `log ${formatFixed(log_evidence, 2)}${error}`;
}

function laddersText({ rungs, barrier, round_trips, modes }: NonNullable<FitReport["tempering"]>): string {
  const weights = modes.map(({ weight }) => `${formatFixed(100 * weight, 1)}%`).join(", ");
  return `${plural(rungs, "rung")} over a barrier of ${formatFixed(barrier, 1)}, ` +
    `${Math.min(...round_trips)} to ${Math.max(...round_trips)} round trips each; ` +
    (modes.length === 1 ? "one mode" : `${modes.length} modes, of weight ${weights}`);
}

/** Modes that the search found, of those that count; the others are where ladders pass through. */
function searchText(
  { ascents, log_evidence, log_evidence_error, modes, jumps_accepted }: SearchReport,
): string {
  const found = modes.filter(({ weight }) => weight >= SMALLEST_WEIGHT)
    .map((mode) => `${formatFixed(100 * mode.weight, 1)}% (by ${formatCount(mode.ascents)})`);
  const solutions = found.length === 1 ? "one solution, of weight" : `${found.length} solutions, of weight`;
  return `${formatCount(ascents)} ascents found ${solutions} ${found.join(", ")}; log evidence ` +
    `${formatFixed(log_evidence, 2)} (se ${formatFixed(log_evidence_error, 2)}); ${
      plural(jumps_accepted, "jump")
    } made`;
}

/** `Label     text`, wrapped; lines without text are left out. */
export function labelled(
  entries: readonly (readonly [string, string])[],
  { width, paint }: SummaryStyle,
): string[] {
  const labelStyle: Style = "dim";
  return entries.filter(([, text]) => text !== "").flatMap(([label, text]) => {
    if (width < NARROW) return wrap(label === "" ? text : `${label}: ${text}`, width);
    const [first, ...rest] = hang(label.padEnd(10), text, width);
    return [paint(labelStyle, first.slice(0, 10)) + first.slice(10), ...rest];
  });
}
