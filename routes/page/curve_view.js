/** The response curve with its band, and what it says of any spend that the visitor picks. */
import { askJson, pathOfFit } from "./api.js";
import { chart } from "./charts.js";
import { curveColumns, responseBand } from "./curve.js";
import { drawing, failedNotice, h, table } from "./dom.js";
import { formatNumber, interval } from "./format.js";

/** @typedef {import("./shapes.d.ts").Fit} Fit */
/** @typedef {import("./shapes.d.ts").Report} Report */
/** @typedef {import("./curve.js").DrawTable} DrawTable */

/** Draws that a curve is computed from: 1000 place a 5% quantile within 0.7%. */
const DRAWS = 1000;
const POINTS = 80, HEIGHT = 320;

/** @param {Fit} fit @param {Report} report @param {AbortSignal} signal */
export function curveSection({ id }, report, signal) {
  const place = h("div", {}, h("p", { class: "hint" }, "Reading the draws…"));
  void load();
  return h(
    "section",
    { class: "card", "aria-labelledby": "curve" },
    h("h2", { id: "curve" }, "Response curve"),
    h(
      "p",
      { class: "hint" },
      `What a steady spend per row adds to ${report.data.target} per row, carry-over included, once it has settled: ` +
        "the median and the 90% band.",
    ),
    failedNotice(report),
    place,
  );

  async function load() {
    const { sampling: { chains, draws }, model } = report;
    const thin = Math.ceil(chains * draws / DRAWS), columns = curveColumns(model.components).join(",");
    try {
      /** @type {DrawTable} */
      const drawn = await askJson(
        `${pathOfFit(id)}/draws?${new URLSearchParams({ columns, thin: String(thin) })}`,
        {
          headers: { Accept: "application/json" },
          signal,
        },
      );
      place.replaceChildren(...curveParts(drawn, report));
    } catch (error) {
      if (signal.aborted) return;
      place.replaceChildren(
        h("p", { class: "wrong" }, `The curve cannot be drawn: ${/** @type {Error} */ (error).message}`),
      );
    }
  }
}

/** @param {DrawTable} drawn @param {Report} report */
function curveParts(drawn, { model, data, business }) {
  const { mean_spend, max_spend, target } = data, end = Math.max(1.25 * max_spend, 2 * mean_spend);
  const bandAt = responseBand(drawn, model.components);
  const x = Array.from({ length: POINTS + 1 }, (_, i) => end * i / POINTS), bands = x.map(bandAt);
  const low = bands.map((band) => band.low), high = bands.map((band) => band.high);
  const reported = business?.curve.find(({ multiple }) => multiple === 1)?.response;
  // What the report says of more draws than are read here stands.
  const now = reported === undefined
    ? bandAt(mean_spend)
    : { low: reported.q5, middle: reported.q50, high: reported.q95 };
  let picked = mean_spend;
  const figure = drawing((width) =>
    chart({
      title: `Response to a steady spend, from 0 to ${formatNumber(end)} per row; the numbers are below`,
      width,
      height: HEIGHT,
      x: { label: "steady spend per row", domain: [0, end] },
      y: { label: `${target} added per row`, domain: [Math.min(0, ...low), 1.05 * Math.max(...high)] },
      band: { x, low, high },
      lines: [{ x, y: bands.map(({ middle }) => middle), kind: "curve" }],
      marker: { x: mean_spend, label: "current average spend" },
      beyond: { from: max_spend, label: "not seen in the data" },
      ...(picked === mean_spend ? {} : { cursor: picked }),
    })
  );
  const reading = h("output", { for: "spend" });
  const slider = h("input", {
    type: "range",
    id: "spend",
    min: 0,
    max: end,
    step: end / 400,
    value: mean_spend,
    oninput: () => read(Number(slider.value)),
  });
  read(mean_spend);

  /** @param {number} spend */
  function read(spend) {
    picked = Math.abs(spend - mean_spend) <= end / 400 ? mean_spend : spend;
    const { low, middle, high } = picked === mean_spend ? now : bandAt(picked);
    const text =
      `${formatNumber(picked)} per row${picked === mean_spend ? ", the current average," : ""} adds ` +
      `${formatNumber(middle)} (90% interval ${formatNumber(low)} to ${formatNumber(high)})`;
    reading.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    figure.redraw();
  }

  return [
    figure.element,
    h("p", { class: "pick" }, h("label", { for: "spend" }, "Pick a spend"), slider, reading),
    ...(business === undefined ? [] : [
      table(
        "Response per row to a steady spend",
        [
          { title: "Spend" },
          { title: "Per row", numeric: true },
          { title: "Response", numeric: true },
          { title: "90% interval", numeric: true },
        ],
        business.curve.map(({ multiple, spend, response }) => [
          multiple === 1 ? "Now" : `${multiple}\u00a0×\u00a0now`,
          formatNumber(spend),
          formatNumber(response.q50),
          interval(response),
        ]),
      ),
    ]),
  ];
}
