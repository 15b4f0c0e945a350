/** A look at the data before any fit: what makes it unusable, what deserves a second look, what to know. */
import type { InputError, Problem } from "../errors.ts";
import { layoutOf } from "../model/problem.ts";
import { meanAndSd, timeIndex } from "../model/standardise.ts";
import { formatCount, formatNumber, plural } from "../report/format.ts";
import { describeCadence } from "./cadence.ts";
import { limitProblems } from "./problems.ts";
import type { Roles } from "./roles.ts";
import { examineTable, type Selection } from "./select.ts";
import { correlation, fitLine, robustScores, varianceInflation } from "./statistics.ts";
import type { Table } from "./table.ts";

/** `FAIL` stops a fit; `REVIEW` deserves a second look; `INFO` is good to know. */
export type Severity = "FAIL" | "REVIEW" | "INFO";

/** One thing found. */
export interface Finding {
  readonly severity: Severity;
  /** Where a FAIL is; absent for what concerns the series as a whole. */
  readonly where?: string;
  /** 1-based line in the file, counting the header. */
  readonly row?: number;
  readonly column?: string;
  readonly value?: string;
  readonly message: string;
}

/** A spend column in numbers. */
export interface ChannelFacts {
  readonly name: string;
  readonly kept: boolean;
  /** Of all kept spend; 0 when left out. */
  readonly spend_share: number;
  /** Share of rows with spend. */
  readonly active_share: number;
  /** Mean over all rows. */
  readonly mean: number;
  readonly max: number;
  /** With the response of the same row; null when the column is constant. */
  readonly correlation: number | null;
}

/** The series in numbers. */
export interface SeriesFacts {
  readonly name: string;
  readonly rows: number;
  readonly cadence: string | null;
  readonly first_date: string | null;
  readonly last_date: string | null;
  readonly spend: readonly string[];
  readonly target: string;
  readonly controls: readonly string[];
  readonly channels: readonly ChannelFacts[];
  /** Response curves that the rows can carry, 0 when they are few even for one. */
  readonly curves: number;
}

/** What a look at the data comes to; `check --json` prints it. */
export interface Review {
  readonly usable: boolean;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Null when the data is unusable. */
  readonly series: SeriesFacts | null;
}

/** Modified z-scores beyond 3.5 are usually called outliers (Iglewicz & Hoaglin 1993); promotions make 5 ours. */
const OUTLIER = 5;
/** Outliers named one by one. */
const MOST_OUTLIERS = 5;
/** Correlation of two channels from which their effects cannot be told apart in practice. */
const ALIKE = 0.9;
/** Customary limit for variance inflation (Marquardt 1970). */
const MOST_INFLATION = 10;
/** Rows per parameter below which posteriors lean on their priors. */
const ROWS_PER_PARAMETER = 10;
const MOST_COMPONENTS = 5;
/** Coefficient of variation of spend below which only a short piece of the curve is seen. */
const LEAST_VARIATION = 0.2;
/** Shares of rows without spend, and of zero responses, that deserve a look. */
const MANY_IDLE_ROWS = 0.5;
const MANY_ZEROS = 0.1;

/** Looks at one series of a table. Never throws for what is wrong with the data: it is a finding. */
export function reviewTable(table: Table, roles: Roles): Review {
  const { problems, notes, selection } = examineTable(table, roles);
  const noted = notes.map((note): Finding => ({ ...note }));
  if (selection === undefined) return unusable(problems, noted);
  const findings = [...noted, ...reviewSelection(selection)];
  return { usable: true, findings: bySeverity(findings), series: factsOf(selection) };
}

/** The review of a table that could not even be read. */
export function reviewProblems(error: InputError): Review {
  return unusable(error.problems, []);
}

function unusable(problems: readonly Problem[], noted: readonly Finding[]): Review {
  const failed = limitProblems(problems).map((problem): Finding => ({ severity: "FAIL", ...problem }));
  return { usable: false, findings: bySeverity([...failed, ...noted]), series: null };
}

function bySeverity(findings: readonly Finding[]): Finding[] {
  const order: readonly Severity[] = ["FAIL", "REVIEW", "INFO"];
  return order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

function factsOf(selection: Selection): SeriesFacts {
  const { series, channels, cadence } = selection;
  const all = series.spend.reduce((sum, value) => sum + value, 0);
  return {
    name: series.name,
    rows: series.spend.length,
    cadence: cadence === undefined ? null : describeCadence(cadence),
    first_date: series.dates?.[0] ?? null,
    last_date: series.dates?.at(-1) ?? null,
    spend: series.spendColumns,
    target: series.targetColumn,
    controls: series.controls.map(({ name }) => name),
    channels: channels.map(({ name, values, kept, active }) => {
      const { mean } = meanAndSd(values);
      const r = correlation(values, series.response);
      return {
        name,
        kept,
        spend_share: kept ? mean * values.length / all : 0,
        active_share: active,
        mean,
        max: values.reduce((most, value) => Math.max(most, value), 0),
        correlation: Number.isNaN(r) ? null : r,
      };
    }),
    curves: curvesCarried(selection),
  };
}

function reviewSelection(selection: Selection): Finding[] {
  return [
    reviewRows(selection),
    reviewSpend(selection),
    reviewResponse(selection),
    reviewOutliers(selection),
    reviewLikeness(selection),
  ].flat();
}

/** Time stands for trend among the columns; a trend that a control follows is the control's fault. */
const TIME = "time";

/** How many response curves the rows can carry. */
function curvesCarried({ series }: Selection): number {
  let components = 0;
  while (
    components < MOST_COMPONENTS &&
    series.spend.length >= ROWS_PER_PARAMETER * layoutOf(components + 1, series.controls.length).dim
  ) components++;
  return components;
}

function reviewRows(selection: Selection): Finding[] {
  const { series } = selection, rows = series.spend.length, components = curvesCarried(selection);
  const parameters = (components: number) => layoutOf(components, series.controls.length).dim;
  if (components === 0) {
    const message = `${plural(rows, "row")} for the ${parameters(1)} parameters of even one curve is under ` +
      `${ROWS_PER_PARAMETER} rows a parameter: expect wide intervals that lean on the priors.`;
    return [{ severity: "REVIEW", message }];
  }
  const message = `${plural(rows, "row")} carry up to ${plural(components, "curve")} ` +
    `(${parameters(components)} parameters) at ${ROWS_PER_PARAMETER} rows a parameter.`;
  return [{ severity: "INFO", message }];
}

function reviewSpend({ series }: Selection): Finding[] {
  const { spend } = series;
  const findings: Finding[] = [];
  const idle = spend.filter((value) => value === 0).length / spend.length;
  if (idle > 0) {
    const severity = idle > MANY_IDLE_ROWS ? "REVIEW" : "INFO";
    const meaning = idle > MANY_IDLE_ROWS ? ", so few rows show the curve" : "";
    findings.push({ severity, message: `spend is 0 on ${percent(idle)} of rows${meaning}.` });
  }
  const { mean, sd } = meanAndSd(spend);
  if (sd < LEAST_VARIATION * mean) {
    const message =
      `spend hardly varies (standard deviation ${percent(sd / mean)} of its mean), so the shape of ` +
      "the curve away from today's spend rests on the priors.";
    findings.push({ severity: "REVIEW", message });
  }
  return findings;
}

function reviewResponse({ series }: Selection): Finding[] {
  const { response, targetColumn: column } = series;
  const findings: Finding[] = [];
  const negative = response.filter((value) => value < 0).length;
  if (negative > 0) {
    const message = `below 0 on ${plural(negative, "row")}; check that returns are meant to be in it.`;
    findings.push({ severity: "REVIEW", column, message });
  }
  const zeros = response.filter((value) => value === 0).length / response.length;
  if (zeros > MANY_ZEROS) {
    const message = `0 on ${percent(zeros)} of rows; normal noise fits such a response badly.`;
    findings.push({ severity: "REVIEW", column, message });
  }
  const { slope, explained } = fitLine(response);
  const message = `a straight trend of ${slope < 0 ? "" : "+"}${formatNumber(slope)} a row explains ` +
    `${percent(explained)} of its variance.`;
  findings.push({ severity: "INFO", column, message });
  return findings;
}

/** Rows whose response, less a straight trend, or whose spend, in logarithms, stands far out. */
function reviewOutliers({ series }: Selection): Finding[] {
  const { spend, response } = series;
  const active = spend.filter((value) => value > 0).map(Math.log);
  const spendScores = robustScores(active);
  let next = 0;
  const aligned = spend.map((value) => value > 0 ? spendScores[next++] : 0);
  return [
    ...outliers(series, response, robustScores(fitLine(response).residuals), series.targetColumn),
    ...outliers(
      series,
      spend,
      aligned,
      series.spendColumns.length > 1 ? "total spend" : series.spendColumns[0],
    ),
  ];
}

function outliers(
  { dates }: Selection["series"],
  values: Float64Array,
  scores: Float64Array,
  column: string,
): Finding[] {
  const found = [...scores.keys()].filter((t) => Math.abs(scores[t]) > OUTLIER)
    .sort((a, b) => Math.abs(scores[b]) - Math.abs(scores[a]));
  if (found.length === 0) return [];
  const listed = found.slice(0, MOST_OUTLIERS).map((t) =>
    `${dates?.[t] ?? `data row ${t + 1}`} (${formatNumber(values[t])})`
  );
  const more = found.length - listed.length;
  const rest = more > 0 ? ` and ${formatCount(more)} more` : "";
  const message =
    `stands far out on ${plural(found.length, "row")}: ${listed.join(", ")}${rest}; check them for ` +
    "errors, or explain them with a --control column.";
  return [{ severity: "REVIEW", column, message }];
}

/** Channels that move together, and a total that the trend and the controls already tell. */
function reviewLikeness({ series, channels }: Selection): Finding[] {
  const kept = channels.filter((channel) => channel.kept);
  const findings: Finding[] = [];
  for (const [i, first] of kept.entries()) {
    for (const second of kept.slice(i + 1)) {
      const r = correlation(first.values, second.values);
      if (!(Math.abs(r) > ALIKE)) continue;
      const message =
        `moves with ${second.name} (correlation ${r.toFixed(2)}): what either does cannot be told ` +
        "apart, though their sum can be fitted.";
      findings.push({ severity: "REVIEW", column: first.name, message });
    }
  }
  const rows = series.spend.length;
  const columns = [
    { name: "total spend", values: series.spend },
    { name: TIME, values: timeIndex(rows, 0, rows) },
    ...series.controls,
  ];
  varianceInflation(columns.map(({ values }) => values)).forEach((factor, k) => {
    const { name } = columns[k];
    if (factor <= MOST_INFLATION || name === TIME) return;
    const size = factor === Infinity ? "exactly" : `nearly, variance inflation ${formatNumber(factor)}`;
    const message = `follows from ${k === 0 ? "" : "spend, "}time and ${
      k === 0 ? "the" : "other"
    } controls (${size}), so its effect cannot be told from theirs.`;
    findings.push({ severity: "REVIEW", column: name, message });
  });
  return findings;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
}
