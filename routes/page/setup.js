/** A data set under review, and the fit to make of it. */
import { askJson, send } from "./api.js";
import { columnFields, columnWish, PARTS } from "./columns.js";
import { announce, h } from "./dom.js";
import { clearProblems, field, messageBox, select, sentence, showProblem, showProblems } from "./form.js";
import { formatCount } from "./format.js";
import { deleteButton } from "./remove.js";
import { reviewSection } from "./review.js";
import { uploaded } from "./start.js";
import { FIELDS } from "./words.js";

/** @typedef {import("./shapes.d.ts").Dataset} Dataset */
/** @typedef {import("./shapes.d.ts").Fit} Fit */
/** @typedef {import("./shapes.d.ts").Options} Options */
/** @typedef {import("./shapes.d.ts").Review} Review */

const EXAMPLE = "example";

/** @type {import("./app.js").View} */
export async function showSetup({ main, options, signal, fail }, id, query) {
  const isExample = id === EXAMPLE, path = `/v1/datasets/${id}`;
  const said = new URLSearchParams(
    PARTS.flatMap((part) => query.has(part) ? [[part, query.get(part) ?? ""]] : []),
  );
  /** @returns {Promise<Review>} */
  const review = () => askJson(`${path}/review?${said}`, { signal });
  /** @type {Dataset | undefined} */
  const sent = isExample ? undefined : uploaded.get(id) ?? await askJson(path, { signal });
  const first = isExample ? options.example : said.size === 0 && sent?.review || await review();
  uploaded.delete(id);

  const name = sent?.name ?? "Built-in example";
  document.title = `${name} – hillmix`;
  const columns = sent === undefined ? undefined : columnFields(sent.columns, said, () => void look());
  const settings = settingsFields(options, isExample);
  const button = h("button", { class: "primary" }, "Start the fit");
  const place = h("div", {});
  const form = h(
    "form",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => void start(event),
      oninput: () => key = newKey(),
      novalidate: true,
    },
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        {},
        h(
          "section",
          { class: "card", "aria-labelledby": "review" },
          h("h2", { id: "review" }, "Review of the data"),
          place,
        ),
        columns && h(
          "section",
          { class: "card", "aria-labelledby": "columns" },
          h(
            "details",
            { open: !first.usable },
            h("summary", {}, h("h2", { id: "columns" }, "Columns")),
            columns.element,
          ),
        ),
      ),
      h(
        "section",
        { class: "card sticky", "aria-labelledby": "fit" },
        h("h2", { id: "fit" }, "Fit"),
        settings.element,
        messageBox(),
        h("p", { class: "actions" }, button),
        h("p", { class: "hint", id: "ready" }),
      ),
    ),
  );
  main.append(
    h("h1", {}, name),
    h(
      "p",
      { class: "lead" },
      sent === undefined
        ? "156 simulated weeks of a shop's spend on television, search and social media, and its sales."
        : `${formatCount(sent.rows)} rows, ${formatCount(sent.columns.length)} columns`,
    ),
    form,
    h("p", { class: "actions" }, sent !== undefined && deleteButton("this data", path)),
  );
  let key = newKey(), looks = 0;
  showReview(first);

  /** @param {Review} found */
  function showReview(found) {
    place.replaceChildren(reviewSection(found));
    clearProblems(form);
    columns?.recognised(found);
    for (const finding of found.findings) {
      const part = /^--([a-z]+)/.exec(finding.where ?? "")?.[1];
      if (finding.severity === "FAIL" && part !== undefined) showProblem(form, { ...finding, path: part });
    }
    settings.suggest(found);
    button.disabled = !found.usable;
    const ready = form.querySelector("#ready");
    if (ready !== null) {
      ready.textContent = found.usable ? "" : "Mend what the review names, or choose other columns, first.";
    }
  }

  async function look() {
    history.replaceState(null, "", `#/data/${id}${said.size > 0 ? `?${said}` : ""}`);
    const mine = ++looks;
    try {
      const found = await review();
      if (mine !== looks) return;
      showReview(found);
      announce(found.usable ? "The data can be fitted." : "The data cannot be fitted yet; see the review.");
    } catch (error) {
      if (signal.aborted || mine !== looks) return;
      showProblems(form, error);
    }
  }

  /** @param {SubmitEvent} event */
  async function start(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      const data = isExample ? { example: true } : { dataset: id };
      const body = { data, ...columnWish(said), ...settings.wish() };
      /** @type {Fit} */
      const fit = await send("/v1/fits", body, { "Idempotency-Key": key });
      if (!signal.aborted) location.hash = `#/fits/${fit.id}`;
    } catch (error) {
      button.disabled = false;
      if (/** @type {{ status?: number }} */ (error).status === 401) fail(error);
      else showProblems(form, error);
    }
  }
}

/** Names a request, so that it is one fit even if it is sent twice. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Method, number of curves, and what few visitors change.
 *
 * @param {Options} options
 * @param {boolean} isExample
 */
function settingsFields({ methods, method, presets, components, sizes, holdout }, isExample) {
  const titleOf = (/** @type {string} */ name) => methods.find((each) => each.name === name)?.title ?? "";
  const methodHint = h("span", {}, titleOf(method));
  /** @type {HTMLSelectElement} */
  const methodControl = select(
    methods.map(({ name }) => [name, name === method ? `${name} (recommended)` : name]),
    method,
    { onchange: () => methodHint.textContent = titleOf(methodControl.value) },
  );
  const curvesHint = h("span", {}, "");
  const { min, max } = components;
  const curves = h("input", {
    type: "number",
    min,
    max,
    step: 1,
    value: isExample ? components.example : components.usual,
  });
  let touched = false;
  curves.addEventListener("input", () => touched = true);
  const label = h("input", { type: "text", maxlength: 120 });
  const preset = select(presets.map((name) => [name, name]), presets[0]);
  const numbers = Object.entries(sizes).map(([name, { min, max, help }]) => ({
    name,
    control: h("input", { type: "number", min, max, step: 1 }),
    help,
  }));
  const held = h("input", { type: "number", min: 0, max: holdout.max, step: 0.05 });
  const element = h(
    "div",
    { class: "fields" },
    field("method", FIELDS.method, methodControl, methodHint),
    field("components", FIELDS.components, curves, curvesHint),
    field("label", FIELDS.label, label, "If you like."),
    h(
      "details",
      {},
      h("summary", {}, "More settings"),
      h(
        "div",
        { class: "fields" },
        field("preset", FIELDS.preset, preset),
        field("holdout", FIELDS.holdout, held, sentence(`${holdout.help}, 0 to ${holdout.max} (default 0).`)),
        numbers.map(({ name, control, help }) => field(name, FIELDS[name], control, sentence(`${help}.`))),
      ),
    ),
  );
  return {
    element,
    /** @param {Review} review */
    suggest({ series }) {
      if (series === null) return;
      const carried = series.curves;
      curvesHint.textContent = carried === 0
        ? "The rows are few even for one."
        : `The rows carry up to ${carried}. Curves that the data does not need take little weight.`;
      if (!touched && !isExample) curves.value = String(Math.max(1, Math.min(components.usual, carried)));
    },
    /** What differs from the defaults. */
    wish() {
      const wholes = numbers.filter(({ control }) => control.value !== "");
      return {
        method: methodControl.value,
        components: Number(curves.value),
        ...(label.value.trim() === "" ? {} : { label: label.value.trim() }),
        ...(preset.value === presets[0] ? {} : { preset: preset.value }),
        ...(held.value === "" ? {} : { holdout: Number(held.value) }),
        ...Object.fromEntries(wholes.map(({ name, control }) => [name, Number(control.value)])),
      };
    },
  };
}
