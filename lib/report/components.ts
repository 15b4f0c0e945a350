/** Several numbers of curves side by side: what speaks for each, what each predicts, and which one to use. */
import type { ComparedFit, ComponentsReport } from "../runs/components.ts";
import { formatFixed, formatNumber, formatSeconds, formatShare, plural } from "./format.ts";
import { type Column, hang, tableLines, wrap } from "./layout.ts";
import { labelled, type SummaryStyle } from "./summary.ts";

/**
 * The whole comparison, no line longer than `width`.
 *
 * @param files where the runs were written; empty when nothing was written
 */
export function componentsText(
  report: ComponentsReport,
  files: readonly string[],
  style: SummaryStyle,
): string {
  const blocks = [
    headerLines(report, style),
    tableBlock(report, evidenceColumns(report), style),
    tableBlock(report, predictionColumns(report), style),
    wrap(legend(report), style.width).map((line) => style.paint("dim", line)),
    choiceLines(report, style),
    labelled([["Files", files.join(" ")]], style),
  ];
  return blocks.filter((block) => block.length > 0).map((block) => block.join("\n") + "\n").join("\n");
}

function headerLines(report: ComponentsReport, style: SummaryStyle): string[] {
  const { data, components } = report;
  const held = data.holdout_rows > 0 ? ` (last ${data.holdout_rows} held out)` : "";
  const seconds = components.reduce((sum, { fit }) => sum + (fit?.time_s ?? 0), 0);
  const interrupted = report.partial ? " (interrupted)" : "";
  const title = `hillmix ${report.hillmix}: ${data.name}, how many curves?${interrupted}`;
  return [
    ...wrap(title, style.width).map((line) => style.paint("bold", line)),
    ...labelled([
      ["Data", `${plural(data.rows, "row")}${held}, ${data.target} by ${data.spend.join(" + ")}`],
      ["Method", `${report.method}, preset ${report.preset}, seed ${report.seed}`],
      ["Engine", `${report.engine} on ${report.adapter}${report.software ? " (software adapter)" : ""}`],
      ["Time", `${formatSeconds(seconds)} over ${plural(components.length, "fit")}`],
    ], style),
  ];
}

/** A column from what it says of each fit; `-` where there is none. */
type MakeColumn = (title: string, rank: number, cell: (fit: ComparedFit) => string) => Column;

function columnMaker({ components }: ComponentsReport): MakeColumn {
  return (title, rank, cell) => ({
    title,
    rank,
    cells: components.map(({ fit }) => fit === null ? "-" : cell(fit)),
  });
}

/** What cannot be trusted stands in brackets. */
function bracketed(text: string, { verdict }: ComparedFit): string {
  return verdict === "fail" && text !== "-" ? `(${text})` : text;
}

function evidenceColumns(report: ComponentsReport): Column[] {
  const column = columnMaker(report);
  return [
    column(
      "verdict",
      0,
      ({ verdict, partial }) => (verdict === "fail" ? "FAIL" : verdict) + (partial ? "*" : ""),
    ),
    column("log evidence", 1, (fit) => bracketed(formatFixed(fit.log_evidence, 2), fit)),
    column("se", 4, (fit) => formatFixed(fit.log_evidence_error, 2)),
    column("P(K)", 0, ({ posterior }) => formatShare(posterior?.probability ?? NaN)),
    column("90% range", 5, ({ posterior }) => posterior === null ? "-" : rangeText(posterior)),
    column("eff. K", 2, ({ effective_components }) => formatFixed(effective_components.mean, 2)),
    column("time", 3, ({ time_s }) => formatSeconds(time_s)),
  ];
}

function rangeText({ low, high }: NonNullable<ComparedFit["posterior"]>): string {
  const bounds = [formatShare(low), formatShare(high)];
  return bounds[0] === bounds[1] ? bounds[0] : bounds.join(" - ");
}

function predictionColumns(report: ComponentsReport): Column[] {
  const column = columnMaker(report);
  const heldOut = (
    title: string,
    rank: number,
    cell: (scores: NonNullable<ComparedFit["holdout"]>) => string,
  ) => column(title, rank, ({ holdout }) => holdout === null ? "-" : cell(holdout));
  return [
    column("LOO elpd", 3, (fit) => bracketed(formatFixed(fit.elpd.loo, 1), fit)),
    column("difference", 0, ({ elpd }) => formatFixed(elpd.difference, 1)),
    column("se", 1, ({ elpd }) => formatFixed(elpd.difference_se, 1)),
    ...report.data.holdout_rows === 0 ? [] : [
      heldOut("RMSE", 2, ({ rmse }) => formatNumber(rmse)),
      heldOut("CRPS", 1, ({ crps }) => formatNumber(crps)),
      heldOut("in 90%", 4, ({ coverage_90 }) => formatShare(coverage_90)),
    ],
  ];
}

/** The recommended row is bold. */
function tableBlock(
  { components, choice }: ComponentsReport,
  columns: readonly Column[],
  { width, paint }: SummaryStyle,
): string[] {
  const names: Column = { title: "K", rank: 0, cells: components.map(({ components: K }) => String(K)) };
  const [title, ...body] = tableLines([names, ...columns], width);
  return [
    paint("bold", title),
    ...body.map((line, i) => components[i].components === choice.components ? paint("bold", line) : line),
  ];
}

function legend({ components, data }: ComponentsReport): string {
  return [
    components.every(({ fit }) => fit === null || Number.isNaN(fit.log_evidence))
      ? "Log evidence: only method tempered estimates it."
      : "",
    "P(K): probability of K after the data, all K equally likely before.",
    "eff. K: how many curves the rows are spread over (exp of the entropy of their weights).",
    "Difference: LOO elpd below the best, with its standard error.",
    data.holdout_rows === 0 ? "" : "RMSE, CRPS, in 90%: of the held-out rows.",
    components.some(({ fit }) => fit?.verdict === "fail") ? "In brackets: of a fit that failed." : "",
    components.some(({ fit }) => fit?.partial) ? "*: interrupted." : "",
  ].filter((part) => part !== "").join(" ");
}

function choiceLines({ choice }: ComponentsReport, { width, paint }: SummaryStyle): string[] {
  const [first, ...rest] = choice.sentences;
  const colour = choice.components === null ? "red" : "green";
  return [
    ...wrap(first, width).map((line) => paint(colour, line)),
    ...rest.flatMap((sentence) => hang("  - ", sentence, width)),
  ];
}
