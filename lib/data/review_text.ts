/** A data review as text for a terminal. */
import { formatNumber } from "../report/format.ts";
import { hang, tableLines, wrap } from "../report/layout.ts";
import { type Paint, plain } from "../report/terminal.ts";
import { formatProblem } from "../errors.ts";
import type { ChannelFacts, Finding, Review, Severity } from "./review.ts";

const COLOURS = { FAIL: "red", REVIEW: "yellow", INFO: "cyan" } as const;
const LABEL_WIDTH = "REVIEW  ".length;

/** The whole review, no line longer than `width`: the spend columns, the findings, what they come to. */
export function reviewText(review: Review, width: number, paint: Paint = plain): string {
  const { series, findings } = review;
  const head = series === null ? [] : [
    ...wrap(series.name, width).map((line) => paint("bold", line)),
    "",
    ...channelLines(series.channels, width),
    "",
  ];
  return [
    ...head,
    ...findings.flatMap((finding) => findingLines(finding, width, paint)),
    "",
    ...wrap(conclusion(review), width),
    "",
  ].join("\n");
}

function channelLines(channels: readonly ChannelFacts[], width: number): string[] {
  const column = (title: string, rank: number, cell: (channel: ChannelFacts) => string) => ({
    title,
    rank,
    cells: channels.map(cell),
  });
  return tableLines([
    column("spend column", 0, ({ name }) => name),
    column("of spend", 0, ({ kept, spend_share }) => kept ? percent(spend_share) : "left out"),
    column("rows used", 0, ({ active_share }) => percent(active_share)),
    column("mean", 2, ({ mean }) => formatNumber(mean)),
    column("max", 3, ({ max }) => formatNumber(max)),
    column("corr.", 1, ({ correlation }) => correlation === null ? "-" : correlation.toFixed(2)),
  ], width);
}

function findingLines(finding: Finding, width: number, paint: Paint): string[] {
  const { severity, message, where, column } = finding;
  const text = where === undefined
    ? `${column === undefined ? "" : `${column}: `}${message}`
    : formatProblem({ ...finding, where });
  const [first, ...rest] = hang(severity.padEnd(LABEL_WIDTH), text, width);
  return [paint(COLOURS[severity], first.slice(0, LABEL_WIDTH)) + first.slice(LABEL_WIDTH), ...rest];
}

function conclusion({ usable, findings }: Review): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const counts = `${count("FAIL")} FAIL, ${count("REVIEW")} REVIEW, ${count("INFO")} INFO`;
  if (!usable) return `${counts}: the data cannot be fitted until every FAIL is mended.`;
  return `${counts}: the data can be fitted.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
