/** Several methods side by side: what each cost, how far to trust it, what it says in money, and which one to use. */
import {
  type BusinessGap,
  type ComparedMethod,
  type CompareReport,
  type CompareRow,
  hasFit,
  type RecoveryReport,
} from "../runs/compare.ts";
import type { BusinessQuantity, BusinessReport } from "../runs/business.ts";
import {
  commonScale,
  formatCount,
  formatFixed,
  formatLarge,
  formatNumber,
  formatSeconds,
  formatShare,
  plural,
} from "./format.ts";
import { type Column, hang, stackedTables, tableLines, wrap } from "./layout.ts";
import { labelled, type SummaryStyle } from "./summary.ts";

/**
 * The whole comparison, no line longer than `width`.
 *
 * @param files where the runs were written; empty when nothing was written
 */
export function compareText(report: CompareReport, files: readonly string[], style: SummaryStyle): string {
  const blocks = [
    headerLines(report, style),
    costBlock(report, style),
    checkBlock(report, style),
    predictionBlock(report, style),
    agreementBlock(report, style),
    truthBlock(report, style),
    businessBlock(report, style),
    curveBlock(report, style),
    businessGapBlock(report, style),
    adviceLines(report, style),
    labelled([["Files", files.join(" ")]], style),
  ];
  return blocks.filter((block) => block.length > 0).map((block) => block.join("\n") + "\n").join("\n");
}

function headerLines(report: CompareReport, style: SummaryStyle): string[] {
  const { data, model, methods } = report, held = data.holdout_rows;
  const seconds = methods.reduce((sum, { timing }) => sum + (timing?.total_s ?? 0), 0);
  const interrupted = report.partial ? " (interrupted)" : "";
  const effort = report.effort === 1 ? "" : `, effort ${report.effort}`;
  return [
    ...wrap(`hillmix ${report.hillmix}: ${data.name}, which method?${interrupted}`, style.width)
      .map((line) => style.paint("bold", line)),
    ...labelled([
      [
        "Data",
        `${plural(data.rows, "row")}${held > 0 ? ` (last ${held} held out)` : ""}, ${data.target} by ` +
        data.spend.join(" + "),
      ],
      ["Model", `${plural(model.components, "curve")}, preset ${model.preset}, seed ${report.seed}${effort}`],
      ["Engine", `${report.engine} on ${report.adapter}${report.software ? " (software adapter)" : ""}`],
      ["Time", `${formatSeconds(seconds)} over ${plural(methods.length, "method")}`],
    ], style),
  ];
}

/** A column from what it says of each fit; `-` where there is none. */
type MakeColumn = (title: string, rank: number, cell: (fit: ComparedMethod) => string) => Column;

function columnMaker({ methods }: CompareReport): MakeColumn {
  return (title, rank, cell) => ({ title, rank, cells: methods.map((row) => hasFit(row) ? cell(row) : "-") });
}

const nameColumn = ({ methods }: CompareReport): Column => ({
  title: "",
  rank: 0,
  cells: methods.map(({ method }) => method),
});

/**
 * A caption and its tables; the row of the method to use is bold.
 *
 * @param rows of each table
 */
function block(
  caption: string,
  lines: readonly string[],
  { methods, advice }: CompareReport,
  { width, paint }: SummaryStyle,
  rows = methods.length,
): string[] {
  const chosen = methods.findIndex(({ method }) => method === advice.method);
  return [
    ...wrap(caption, width).map((line) => paint("bold", line)),
    ...lines.map((line, i) => {
      const row = i % (rows + 2) - 1; // after the title; stacked tables have a blank line between them
      if (row < 0) return paint("dim", line);
      return row === chosen ? paint("bold", line) : line;
    }),
  ];
}

/** What cannot be trusted stands in brackets. */
function bracketed(text: string, { status }: ComparedMethod): string {
  return status === "fail" && text !== "-" ? `(${text})` : text;
}

const STATUS_TEXT: Readonly<Record<CompareRow["status"], string>> = {
  pass: "pass",
  review: "review",
  fail: "FAIL",
  error: "no fit",
  interrupted: "no fit",
};

function costBlock(report: CompareReport, style: SummaryStyle): string[] {
  const column = columnMaker(report);
  const columns = [
    nameColumn(report),
    {
      title: "verdict",
      rank: 0,
      cells: report.methods.map(({ status, partial }) => STATUS_TEXT[status] + (partial ? "*" : "")),
    },
    column("time", 0, ({ timing }) => formatSeconds(timing.total_s)),
    column("gradients", 2, ({ timing }) => formatLarge(timing.gradients)),
    column("ESS", 3, (fit) => bracketed(formatCount(Math.round(fit.diagnostics.min_ess_bulk)), fit)),
    column("ESS/s", 1, (fit) => bracketed(formatNumberShort(fit.timing.ess_per_s), fit)),
    column(
      "ESS/1000 gradients",
      4,
      (fit) => bracketed(formatNumberShort(fit.timing.ess_per_1000_gradients), fit),
    ),
  ];
  const caption = "Cost: effective draws (ESS) of the parameter that has fewest; approximations have none" +
    (report.methods.some(({ partial }) => partial) ? "; * interrupted" : "");
  return block(caption, tableLines(columns, style.width), report, style);
}

function checkBlock(report: CompareReport, style: SummaryStyle): string[] {
  const column = columnMaker(report);
  const columns = [
    nameColumn(report),
    column("R-hat", 0, ({ diagnostics }) => formatFixed(diagnostics.max_rhat, 3)),
    column("unlabelled", 3, ({ diagnostics }) => formatFixed(diagnostics.label_invariant.max_rhat, 3)),
    column("relabelled", 3, ({ diagnostics }) => formatFixed(diagnostics.relabelled.max_rhat, 3)),
    column("divergences", 2, ({ diagnostics }) => formatCount(diagnostics.divergences)),
    column("E-BFMI", 4, ({ diagnostics }) => formatFixed(diagnostics.ebfmi_min, 2)),
    column("k-hat", 0, ({ diagnostics }) => formatFixed(diagnostics.k_hat, 2)),
  ];
  const caption =
    "Trust: largest R-hat of parameters, of what no labelling changes, and of relabelled curves; " +
    "Pareto k-hat of approximations";
  return [...block(caption, tableLines(columns, style.width), report, style), ...findingLines(report, style)];
}

/** The first finding on every method with chains that did not pass, without its causes and remedies. */
function findingLines({ methods }: CompareReport, { width, paint }: SummaryStyle): string[] {
  return methods.filter(hasFit).filter(({ diagnostics, reasons }) =>
    diagnostics.approximation === null && reasons.length > 0
  )
    .flatMap(({ method, run, reasons }) => {
      const [finding] = reasons[0].split(": "), more = reasons.length - 1;
      const rest = more === 0 ? "" : ` (${plural(more, "more finding")}: deno task diagnose …/${run})`;
      return hang("  ", `${method}: ${finding}${rest}`, width);
    }).map((line) => paint("dim", line));
}

function predictionBlock(report: CompareReport, style: SummaryStyle): string[] {
  const column = columnMaker(report), { reference, data } = report;
  const heldOut = (
    title: string,
    rank: number,
    cell: (scores: NonNullable<ComparedMethod["holdout"]>) => string,
  ) => column(title, rank, ({ holdout }) => holdout === null ? "-" : cell(holdout));
  const columns = [
    nameColumn(report),
    column("LOO elpd", 3, (fit) => bracketed(formatFixed(fit.elpd.loo, 1), fit)),
    ...(reference === null ? [] : [
      column(
        "difference",
        0,
        ({ method, elpd }) => method === reference ? "." : formatFixed(elpd.difference, 1),
      ),
      column("se", 1, ({ method, elpd }) => method === reference ? "." : formatFixed(elpd.difference_se, 1)),
    ]),
    ...(data.holdout_rows === 0 ? [] : [
      heldOut("RMSE", 2, ({ rmse }) => formatNumber(rmse)),
      heldOut("CRPS", 1, ({ crps }) => formatNumber(crps)),
      heldOut("in 90%", 4, ({ coverage_90 }) => formatShare(coverage_90)),
    ]),
  ];
  const caption = "Prediction: leave-one-out elpd" +
    (reference === null ? "" : `, its difference to ${reference} with standard error`) +
    (data.holdout_rows === 0 ? "" : `; errors on the ${plural(data.holdout_rows, "held-out row")}`);
  return block(caption, tableLines(columns, style.width), report, style);
}

function agreementBlock(report: CompareReport, style: SummaryStyle): string[] {
  const column = columnMaker(report), { reference } = report;
  if (reference === null) return [];
  const gap = (title: string, rank: number, cell: (gap: NonNullable<ComparedMethod["gap"]>) => string) =>
    column(title, rank, (fit) => fit.gap === null ? "." : cell(fit.gap));
  const range = ({ sd_low, sd_high }: NonNullable<ComparedMethod["gap"]>) =>
    `${formatFixed(sd_low.value, 2)}-${formatFixed(sd_high.value, 2)}`;
  const columns = [
    nameColumn(report),
    gap("gap", 0, ({ mean }) => signed(mean.value)),
    gap("of", 2, ({ mean }) => mean.name),
    gap("sd ratios", 0, range),
    gap("most of", 3, ({ sd_low, sd_high }) => 1 / sd_low.value > sd_high.value ? sd_low.name : sd_high.name),
  ];
  const caption =
    `Agreement with ${reference}: largest gap of a mean, in its standard deviations, and smallest and ` +
    "largest ratio of standard deviations";
  const reason = hang("  ", report.reference_reason, style.width).map((line) => style.paint("dim", line));
  return [...block(caption, tableLines(columns, style.width), report, style), ...reason];
}

function truthBlock(report: CompareReport, style: SummaryStyle): string[] {
  if (report.methods.every(({ recovery }) => recovery === null)) return [];
  const column = columnMaker(report);
  const cell = (write: (recovery: RecoveryReport) => string) => ({ recovery }: ComparedMethod) =>
    recovery === null ? "-" : write(recovery);
  const columns = [
    nameColumn(report),
    column("in 90%", 0, cell(({ covered, quantities }) => `${covered} of ${quantities.length}`)),
    column("farthest", 2, cell(({ farthest }) => signed(farthest.value))),
    column("of", 2, cell(({ farthest }) => farthest.name)),
  ];
  const caption =
    "Truth: parameters and business numbers whose true value lies in the 90% interval, and the mean " +
    "farthest from it, in the method's standard deviations";
  return block(caption, tableLines(columns, style.width), report, style);
}

/** One number per method, and the truth where it is known. */
interface Quantities {
  /** Of each row; undefined without a fit. */
  readonly rows: readonly (BusinessQuantity | undefined)[];
  readonly truth: BusinessQuantity | undefined;
}

function quantitiesOf(
  { methods, truth }: CompareReport,
  pick: (business: BusinessReport) => BusinessQuantity,
): Quantities {
  return {
    rows: methods.map(({ business }) => business === null ? undefined : pick(business)),
    truth: truth === null ? undefined : pick(truth),
  };
}

const valuesOf = (all: readonly Quantities[]): number[] =>
  all.flatMap(({ rows, truth }) =>
    [...rows, truth].flatMap((each) => each === undefined ? [] : [each.mean, each.q5, each.q95])
  );

/** Names with the truth below them. */
function namesWithTruth(report: CompareReport): Column {
  const { title, rank, cells } = nameColumn(report);
  return { title, rank, cells: [...cells, ...(report.truth === null ? [] : ["(truth)"])] };
}

function businessBlock(report: CompareReport, style: SummaryStyle): string[] {
  const column = (title: string, pick: (business: BusinessReport) => BusinessQuantity): Column => {
    const quantities = quantitiesOf(report, pick), scale = commonScale(valuesOf([quantities]));
    const write = ({ mean, q5, q95 }: BusinessQuantity) =>
      `${scale.format(mean)} (${scale.format(q5)}-${scale.format(q95)})`;
    return {
      title: scale.unit === "" ? title : `${title}, ${scale.unit}`,
      rank: 0,
      cells: [
        ...quantities.rows.map((each) => each === undefined ? "-" : write(each)),
        ...(quantities.truth === undefined ? [] : [scale.format(quantities.truth.mean)]),
      ],
    };
  };
  const { data } = report;
  const caption =
    `Business: total contribution of media to ${data.target} over ${plural(data.train_rows, "row")}, ROAS, ` +
    "and ROAS of the next 10% of spend; mean (90% interval)";
  const columns = [
    namesWithTruth(report),
    column("contribution", ({ contribution }) => contribution),
    column("ROAS", ({ roas }) => roas),
    column("next 10%", ({ marginal_roas }) => marginal_roas),
  ];
  return block(caption, stackedTables(columns, style.width), report, style, columns[0].cells.length);
}

function curveBlock(report: CompareReport, style: SummaryStyle): string[] {
  const levels = report.methods.find(hasFit)?.business.curve ?? [];
  const all = levels.map((_, i) => quantitiesOf(report, ({ curve }) => curve[i].response));
  const scale = commonScale(valuesOf(all));
  const columns = all.map(({ rows, truth }, i): Column => ({
    title: `${levels[i].multiple}x`,
    rank: 0,
    cells: [
      ...rows.map((each) => each === undefined ? "-" : `${scale.format(each.q5)}-${scale.format(each.q95)}`),
      ...(truth === undefined ? [] : [scale.format(truth.mean)]),
    ],
  }));
  const caption = `Response per row to a steady spend, in multiples of the average ${
    formatNumber(report.data.mean_spend)
  }; 90% interval${scale.unit === "" ? "" : `, ${scale.unit}`}`;
  const names = namesWithTruth(report);
  return block(caption, stackedTables([names, ...columns], style.width), report, style, names.cells.length);
}

function businessGapBlock(report: CompareReport, style: SummaryStyle): string[] {
  const { reference, methods } = report;
  if (reference === null || !methods.some(({ gap }) => gap !== null)) return [];
  const column = (
    title: string,
    pick: (business: NonNullable<ComparedMethod["gap"]>["business"]) => BusinessGap,
    write: (gap: BusinessGap) => string,
  ): Column => ({
    title,
    rank: 0,
    cells: methods.map(({ method, gap }) =>
      gap === null ? (method === reference ? "." : "-") : write(pick(gap.business))
    ),
  });
  const share = ({ missed }: BusinessGap) => formatShare(missed);
  const both = (gap: BusinessGap) => `${signed(gap.mean)} ${share(gap).padStart(4)}`;
  const levels = methods.find(hasFit)?.business.curve ?? [];
  const columns = [
    nameColumn(report),
    column("contribution", ({ contribution }) => contribution, both),
    column("next 10%", ({ marginal_roas }) => marginal_roas, both),
    ...levels.map(({ multiple }, i) => column(`${multiple}x`, ({ curve }) => curve[i], share)),
  ];
  const caption =
    `The same against ${reference}: gap of means in its standard deviations, and the share of its draws ` +
    "outside the method's 90% interval, which should be 10%; of the response to a steady spend the share alone";
  return block(caption, stackedTables(columns, style.width), report, style);
}

function adviceLines({ advice }: CompareReport, { width, paint }: SummaryStyle): string[] {
  const [first, ...rest] = advice.sentences;
  const colour = advice.method === null ? "red" : "green";
  return [
    ...wrap(first, width).map((line) => paint(colour, line)),
    ...rest.flatMap((sentence) => hang("  - ", sentence, width)),
  ];
}

function signed(value: number): string {
  const text = formatFixed(value, 2);
  return value >= 0 ? `+${text}` : text;
}

/** Three digits: `1,234`, `12.3`, `0.123`. */
function formatNumberShort(value: number): string {
  return commonScale([value]).unit === "" ? commonScale([value]).format(value) : formatLarge(value);
}
