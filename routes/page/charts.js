/** Charts drawn as SVG, at the size they are shown in, so that letters keep theirs. */
import { svg } from "./dom.js";
import { formatNumber } from "./format.js";

/** @typedef {readonly (number | null)[]} Values */
/**
 * @typedef {object} Chart
 * @property {string} title for those who do not see it
 * @property {number} width
 * @property {number} height
 * @property {{ label: string, domain: readonly [number, number], ticks?: boolean }} x
 * @property {{ label: string, domain: readonly [number, number] }} y
 * @property {{ x: Values, low: Values, high: Values }} [band]
 * @property {{ x: Values, y: Values, kind: string }[]} lines
 * @property {{ x: number, label: string }} [marker] a place on the x axis
 * @property {number} [cursor] another one
 * @property {{ from: number, label: string }} [beyond] from where on the data says nothing
 * @property {readonly number[]} [rules] places on the x axis where something changes
 */

const TOP = 24, RIGHT = 12, BOTTOM = 40, LETTER = 7;

/**
 * Steps of 1, 2 or 5 times a power of ten, about so many over a range.
 *
 * @param {readonly [number, number]} domain
 * @param {number} about
 * @returns {number[]}
 */
export function ticksOf([from, to], about) {
  const rough = (to - from) / Math.max(1, about);
  if (!(rough > 0) || !Number.isFinite(rough)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/**
 * A range around values, a little wider than they are.
 *
 * @param {Iterable<number | null>} values
 * @returns {[number, number]}
 */
export function domainOf(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = high > low ? 0.05 * (high - low) : Math.max(1, Math.abs(low)) * 0.05;
  return [low - room, high + room];
}

/** A number on an axis: no more digits than neighbouring ticks need. @param {number} value @param {number} step */
function tickText(value, step) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))} M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))} k`;
  if (size !== 0 && size < 1e-3) return formatNumber(value);
  const decimals = Math.min(4, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** What stands at ticks. @param {readonly number[]} ticks */
export const labelsOf = (ticks) => {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  return ticks.map((tick) => tickText(tick, step));
};

/** @param {Chart} chart @returns {SVGSVGElement} */
export function chart({ title, width, height, x, y, band, lines, marker, cursor, beyond, rules = [] }) {
  const yTicks = ticksOf(y.domain, (height - TOP - BOTTOM) / 40), yLabels = labelsOf(yTicks);
  const xTicks = x.ticks === false ? [] : ticksOf(x.domain, width / 75), xLabels = labelsOf(xTicks);
  const left = 10 + LETTER * Math.max(...yLabels.map(({ length }) => length));
  const right = width - RIGHT, bottom = height - BOTTOM;
  const toX = scale(x.domain, left, right), toY = scale(y.domain, bottom, TOP);
  const text = (
    /** @type {number} */ atX,
    /** @type {number} */ atY,
    /** @type {string} */ words,
    anchor = "middle",
  ) => svg("text", { x: atX, y: atY, "text-anchor": anchor }, words);
  const vertical = (/** @type {number} */ at, /** @type {string} */ kind) =>
    svg("line", { class: kind, x1: toX(at), x2: toX(at), y1: TOP, y2: bottom });

  const beyondAt = beyond === undefined ? right : Math.min(right, toX(beyond.from));
  return svg(
    "svg",
    { class: "chart", role: "img", "aria-label": title, viewBox: `0 0 ${width} ${height}`, width, height },
    beyondAt < right && [
      svg("rect", { class: "beyond", x: beyondAt, y: TOP, width: right - beyondAt, height: bottom - TOP }),
      right - beyondAt > LETTER * (beyond?.label.length ?? 0) &&
      text(beyondAt + 5, TOP + 12, beyond?.label ?? "", "start"),
    ],
    yTicks.map((tick, i) => [
      svg("line", { class: "grid", x1: left, x2: right, y1: toY(tick), y2: toY(tick) }),
      text(left - 6, toY(tick) + 4, yLabels[i], "end"),
    ]).flat(),
    xTicks.map((tick, i) => [
      svg("line", { class: "tick", x1: toX(tick), x2: toX(tick), y1: bottom, y2: bottom + 4 }),
      text(toX(tick), bottom + 17, xLabels[i], toX(tick) > right - 20 ? "end" : "middle"),
    ]).flat(),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    rules.map((at) => vertical(at, "rule")),
    band && svg("path", { class: "band", d: bandPath(band, toX, toY) }),
    lines.map((line) => svg("path", { class: `line ${line.kind}`, d: linePath(line, toX, toY) })),
    marker && [vertical(marker.x, "marker"), markerLabel(toX(marker.x), marker.label, left, right, bottom)],
    cursor !== undefined && vertical(cursor, "cursor"),
    text((left + right) / 2, height - 6, x.label),
    svg("text", { x: 2, y: 11 }, y.label),
  );
}

/**
 * Beside the foot of the line, where curves are low, on the side with room.
 *
 * @param {number} at
 * @param {string} label
 * @param {number} left
 * @param {number} right
 * @param {number} bottom
 */
function markerLabel(at, label, left, right, bottom) {
  const fits = at + 6 + LETTER * label.length < right || at - left < right - at;
  const x = fits ? at + 6 : at - 6, anchor = fits ? "start" : "end";
  return svg("text", { class: "markerLabel", x, y: bottom - 8, "text-anchor": anchor }, label);
}

/** @param {readonly [number, number]} domain @param {number} from @param {number} to @returns {(value: number) => number} */
export const scale = ([low, high], from, to) => (value) =>
  from + (to - from) * (value - low) / (high - low || 1);

/** @typedef {(value: number) => number} Scale */

/** A line with gaps where there is no number. @param {{ x: Values, y: Values }} line @param {Scale} toX @param {Scale} toY */
function linePath({ x, y }, toX, toY) {
  let path = "", pen = "M";
  y.forEach((value, i) => {
    const at = x[i];
    if (value === null || at === null || !Number.isFinite(value)) pen = "M";
    else {
      path += `${pen}${toX(at).toFixed(1)} ${toY(value).toFixed(1)}`;
      pen = "L";
    }
  });
  return path;
}

/** @param {{ x: Values, low: Values, high: Values }} band @param {Scale} toX @param {Scale} toY */
function bandPath({ x, low, high }, toX, toY) {
  const there = linePath({ x, y: high }, toX, toY);
  const back = linePath({ x: x.toReversed(), y: low.toReversed() }, toX, toY);
  return there === "" ? "" : `${there}${back.replace("M", "L")}Z`;
}
