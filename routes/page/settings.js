/** What is asked for beside the columns: one fit, or a comparison of methods. */
import { h } from "./dom.js";
import { field, select, sentence } from "./form.js";
import { FIELDS, METHOD_TITLES } from "./words.js";

/** @typedef {import("./shapes.d.ts").Options} Options */
/** @typedef {import("./shapes.d.ts").Review} Review */

/**
 * The fields. Those that the kind of job at hand has no use for are hidden, and not sent.
 *
 * @param {Options} options
 * @param {boolean} isExample
 * @param {boolean} compare whether to begin with a comparison
 */
export function settingsFields(options, isExample, compare) {
  const { presets, components, sizes, holdout, effort } = options;
  const kinds = kindChoice(compare);
  const method = methodField(options), methods = methodsField(options);
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
  curves.addEventListener("input", () => {
    touched = true;
    methods.suit(Number(curves.value));
  });
  const label = h("input", { type: "text", maxlength: 120 });
  const preset = select(presets.map((name) => [name, name]), presets[0]);
  const numbers = Object.entries(sizes).map(([name, { min, max, help }]) => {
    const control = h("input", { type: "number", min, max, step: 1 });
    return { name, control, element: field(name, FIELDS[name], control, sentence(`${help}.`)) };
  });
  const held = h("input", { type: "number", min: 0, max: holdout.max, step: 0.05 });
  const times = h("input", { type: "number", min: effort.min, max: effort.max, step: "any" });
  const timesField = field(
    "effort",
    FIELDS.effort,
    times,
    sentence(`${effort.help} (default ${effort.usual}).`),
  );
  const element = h(
    "div",
    { class: "fields" },
    kinds.element,
    method.element,
    methods.element,
    field("components", FIELDS.components, curves, curvesHint),
    timesField,
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
        numbers.map(({ element }) => element),
      ),
    ),
  );
  kinds.element.addEventListener("change", show);
  show();

  function show() {
    const comparing = kinds.comparing();
    method.element.hidden = comparing;
    methods.element.hidden = timesField.hidden = !comparing;
    for (const { name, element } of numbers) element.hidden = comparing && name !== "seed";
    methods.suit(Number(curves.value));
  }

  return {
    element,
    get comparing() {
      return kinds.comparing();
    },
    /** @param {Review} review */
    suggest({ series }) {
      if (series === null) return;
      const carried = series.curves;
      curvesHint.textContent = carried === 0
        ? "The rows are few even for one."
        : `The rows carry up to ${carried}. Curves that the data does not need take little weight.`;
      if (!touched && !isExample) curves.value = String(Math.max(1, Math.min(components.usual, carried)));
      methods.suit(Number(curves.value));
    },
    /** What differs from the defaults. */
    wish() {
      const comparing = kinds.comparing();
      const wholes = numbers.filter(({ control, element }) => control.value !== "" && !element.hidden);
      return {
        ...comparing ? methods.wish() : { method: method.control.value },
        ...(comparing && times.value !== "" ? { effort: Number(times.value) } : {}),
        components: Number(curves.value),
        ...(label.value.trim() === "" ? {} : { label: label.value.trim() }),
        ...(preset.value === presets[0] ? {} : { preset: preset.value }),
        ...(held.value === "" ? {} : { holdout: Number(held.value) }),
        ...Object.fromEntries(wholes.map(({ name, control }) => [name, Number(control.value)])),
      };
    },
  };
}

/** One fit, or a comparison. @param {boolean} compare */
function kindChoice(compare) {
  const radio = (/** @type {boolean} */ checked) => h("input", { type: "radio", name: "kind", checked });
  const one = radio(!compare), several = radio(compare);
  return {
    element: h(
      "fieldset",
      { class: "field" },
      h("legend", { class: "unseen" }, "What to do"),
      h(
        "div",
        {},
        h("label", { class: "tick" }, one, "Fit by one method"),
        h("label", { class: "tick" }, several, "Compare all methods"),
      ),
    ),
    comparing: () => several.checked,
  };
}

/** @param {Options} options */
function methodField({ methods, method }) {
  const titleOf = (/** @type {string} */ name) => methods.find((each) => each.name === name)?.title ?? "";
  const hint = h("span", {}, titleOf(method));
  /** @type {HTMLSelectElement} */
  const control = select(
    methods.map(({ name }) => [name, name === method ? `${name} (recommended)` : name]),
    method,
    { onchange: () => hint.textContent = titleOf(control.value) },
  );
  return { element: field("method", FIELDS.method, control, hint), control };
}

/** Methods to tick; the usual ones are. @param {Options} options */
function methodsField({ contenders }) {
  const boxes = contenders.map(({ name, usual }) =>
    h("input", { type: "checkbox", value: name, checked: usual })
  );
  return {
    element: h(
      "fieldset",
      { class: "field", "data-field": "methods", "aria-describedby": "hint-methods wrong-methods" },
      h("legend", {}, FIELDS.methods),
      h(
        "div",
        { class: "ticks whole" },
        contenders.map(({ name }, i) =>
          h(
            "label",
            { class: "tick" },
            boxes[i],
            h("span", {}, name, " ", h("small", {}, METHOD_TITLES[name])),
          )
        ),
      ),
      h(
        "p",
        { class: "hint", id: "hint-methods" },
        "Each fits the data by itself, one after another; the longest takes minutes.",
      ),
      h("p", { class: "wrong", id: "wrong-methods" }),
    ),
    /** Takes away what so many curves are too few for. @param {number} curves */
    suit(curves) {
      boxes.forEach((box, i) => box.disabled = curves < contenders[i].fewest_components);
    },
    /** Nothing where it is what the service takes by itself. */
    wish() {
      const free = boxes.map((_, i) => i).filter((i) => !boxes[i].disabled);
      const usual = free.every((i) => boxes[i].checked === contenders[i].usual);
      const ticked = free.filter((i) => boxes[i].checked).map((i) => contenders[i].name);
      return usual ? {} : { methods: ticked };
    },
  };
}
