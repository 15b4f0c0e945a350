/** Intervals one below the other, each with a name and a mark inside: how far answers agree. */
import { domainOf, labelsOf, scale, ticksOf } from "./charts.js";
import { svg } from "./dom.js";

/**
 * @typedef {object} Interval
 * @property {string} name
 * @property {number | null} low
 * @property {number | null} middle
 * @property {number | null} high
 * @property {string} kind a class
 */

const ROW = 30, TOP = 8, BOTTOM = 44, RIGHT = 14, LETTER = 7.2, DOT = 4.5;

/**
 * @param {object} chart
 * @param {string} chart.title for those who do not see it
 * @param {number} chart.width
 * @param {string} chart.label of the axis
 * @param {readonly Interval[]} chart.rows
 * @param {{ value: number, label: string }} [chart.marker] a place on the axis
 * @param {Interval} [chart.band] one of the rows, whose interval is shaded behind all others
 * @returns {SVGSVGElement}
 */
export function intervals({ title, width, label, rows, marker, band }) {
  const bottom = TOP + ROW * rows.length, height = bottom + BOTTOM;
  const left = 8 + LETTER * Math.max(...rows.map(({ name }) => name.length)), right = width - RIGHT;
  const domain = domainOf([
    ...rows.flatMap(({ low, middle, high }) => [low, middle, high]),
    marker?.value ?? null,
  ]);
  const toX = scale(domain, left, right), ticks = ticksOf(domain, (right - left) / 75);
  const labels = labelsOf(ticks);
  return svg(
    "svg",
    { class: "chart", role: "img", "aria-label": title, viewBox: `0 0 ${width} ${height}`, width, height },
    band !== undefined && band.low !== null && band.high !== null &&
      svg("rect", {
        class: "band",
        x: toX(band.low),
        y: TOP,
        width: toX(band.high) - toX(band.low),
        height: bottom - TOP,
      }),
    ticks.map((tick, i) => [
      svg("line", { class: "grid", x1: toX(tick), x2: toX(tick), y1: TOP, y2: bottom }),
      svg(
        "text",
        { x: toX(tick), y: bottom + 17, "text-anchor": toX(tick) > right - 20 ? "end" : "middle" },
        labels[i],
      ),
    ]).flat(),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    marker &&
      svg("line", { class: "marker", x1: toX(marker.value), x2: toX(marker.value), y1: TOP, y2: bottom }),
    rows.map(({ name, low, middle, high, kind }, i) => {
      const y = TOP + ROW * (i + 0.5);
      return [
        svg("text", { x: left - 8, y: y + 4, "text-anchor": "end", class: "markerLabel" }, name),
        ...low === null || middle === null || high === null
          ? [svg("text", { x: left + 4, y: y + 4 }, "no fit")]
          : [
            svg("line", { class: `whisker ${kind}`, x1: toX(low), x2: toX(high), y1: y, y2: y }),
            svg("circle", { class: `dot ${kind}`, cx: toX(middle), cy: y, r: DOT }),
          ],
      ];
    }).flat(),
    svg("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, label),
  );
}
