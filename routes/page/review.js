/** What a look at the data says. */
import { facts, h, table } from "./dom.js";
import { problemText } from "./form.js";
import { formatCount, formatFixed, formatNumber, formatShare, plural } from "./format.js";
import { SEVERITIES } from "./words.js";

/** @typedef {import("./shapes.d.ts").Review} Review */

/** @param {Review} review */
export function reviewSection({ usable, findings, series }) {
  const fails = findings.filter(({ severity }) => severity === "FAIL");
  const looks = findings.filter(({ severity }) => severity === "REVIEW");
  const notes = findings.filter(({ severity }) => severity === "INFO");
  const summary = usable
    ? looks.length === 0
      ? "The data can be fitted."
      : `The data can be fitted; ${plural(looks.length, "thing")} to look at.`
    : `The data cannot be fitted yet: ${plural(fails.length, "thing")} to mend.`;
  return h(
    "div",
    { class: "review" },
    h("p", { class: `notice ${usable ? looks.length === 0 ? "good" : "fair" : "bad"}` }, summary),
    list([...fails, ...looks]),
    series && facts([
      ["Rows", `${formatCount(series.rows)}${series.cadence === null ? "" : `, ${series.cadence}`}`],
      ["Dates", series.first_date === null ? "" : `${series.first_date} to ${series.last_date}`],
      ["Response", series.target],
      ["Controls", series.controls.join(", ")],
    ]),
    series && table(
      "Spend by channel",
      [
        { title: "Channel" },
        { title: "Share", numeric: true, hint: "Of all spend that is fitted" },
        { title: "Active", numeric: true, hint: "Share of rows with spend" },
        { title: "Mean", numeric: true, hint: "Per row" },
        { title: "Largest", numeric: true, hint: "In a row" },
        { title: "With response", numeric: true, hint: "Correlation with the response of the same row" },
      ],
      series.channels.map(({ name, kept, spend_share, active_share, mean, max, correlation }) => [
        name,
        kept ? shareText(spend_share) : "left out",
        shareText(active_share),
        formatNumber(mean),
        formatNumber(max),
        formatFixed(correlation, 2),
      ]),
    ),
    notes.length > 0 &&
      h("details", {}, h("summary", {}, plural(notes.length, "note")), list(notes)),
  );
}

/** Of channels, none and all are exact. @param {number} share */
const shareText = (share) => share === 0 || share === 1 ? `${100 * share}%` : formatShare(share);

/** @param {Review["findings"]} findings */
const list = (findings) =>
  findings.length > 0 && h(
    "ul",
    { class: "findings" },
    findings.map((finding) =>
      h(
        "li",
        { class: finding.severity.toLowerCase() },
        finding.severity !== "INFO" && h("strong", {}, `${SEVERITIES[finding.severity]}: `),
        problemText(finding),
      )
    ),
  );
