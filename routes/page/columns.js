/** Which column of a data set plays which part: what was recognised by name, and what the visitor says instead. */
import { h } from "./dom.js";
import { field, select } from "./form.js";
import { FIELDS } from "./words.js";

/** @typedef {import("./shapes.d.ts").Review} Review */
/** @typedef {"date" | "target" | "spend" | "control" | "group" | "only"} Part */

export const PARTS = /** @type {const} */ (["date", "target", "spend", "control", "group", "only"]);
const LISTS = new Set(["spend", "control"]);

/** What was said about columns, as the API wants it in a body. @param {URLSearchParams} said */
export const columnWish = (said) =>
  Object.fromEntries(
    PARTS.filter((part) => said.has(part)).map((part) => {
      const text = said.get(part) ?? "";
      return [part, LISTS.has(part) ? text.split(",") : text];
    }),
  );

/**
 * The fields.
 *
 * @param {readonly string[]} columns of the table
 * @param {URLSearchParams} said parts that the visitor chose; changed in place
 * @param {() => void} onChange
 * @returns {{ element: HTMLElement, recognised(review: Review): void }}
 */
export function columnFields(columns, said, onChange) {
  /** @param {Part} part @param {string} value */
  const say = (part, value) => {
    if (value === "") said.delete(part);
    else said.set(part, value);
    onChange();
  };
  /** @param {Part} part @param {string} none */
  const oneColumn = (part, none) => {
    /** @type {HTMLSelectElement} */
    const control = select(
      [["", none], ...columns.map((name) => /** @type {const} */ ([name, name]))],
      said.get(part) ?? "",
      { onchange: () => say(part, control.value) },
    );
    return control;
  };
  const only = h("input", {
    type: "text",
    value: said.get("only") ?? "",
    onchange: () => say("only", only.value.trim()),
  });
  const target = oneColumn("target", "Found by name"), date = oneColumn("date", "Found by name");
  const group = oneColumn("group", "None: the file holds one series");
  const spend = checklist("spend", columns, said, say), control = checklist("control", columns, said, say);
  const onlyField = field("only", FIELDS.only, only, "Its value in the series column.");
  const element = h(
    "div",
    { class: "fields" },
    field("target", FIELDS.target, target),
    field("date", FIELDS.date, date),
    spend.element,
    control.element,
    field("group", FIELDS.group, group, "For files that hold several series."),
    onlyField,
  );
  return {
    element,
    recognised({ series }) {
      onlyField.hidden = !said.has("group") && !said.has("only");
      target.options[0].text = series === null ? "Found by name" : `Found by name: ${series.target}`;
      const found = series?.channels.map(({ name }) => name);
      if (!said.has("spend")) spend.tick(found ?? []);
    },
  };
}

/** Columns shown without being asked for more. */
const MANY = 8;

/**
 * Boxes to tick, with a filter where there are many.
 *
 * @param {"spend" | "control"} part
 * @param {readonly string[]} columns
 * @param {URLSearchParams} said
 * @param {(part: Part, value: string) => void} say
 */
function checklist(part, columns, said, say) {
  const ticked = new Set(said.get(part)?.split(","));
  const boxes = columns.map((value) =>
    h("input", { type: "checkbox", value, checked: ticked.has(value), onchange: tell })
  );
  const rows = boxes.map((box) => h("label", { class: "tick" }, box, box.value));
  const filter = h("input", {
    type: "search",
    placeholder: "Filter columns",
    "aria-label": `Filter columns for ${FIELDS[part].toLowerCase()}`,
    oninput: () => {
      const wanted = filter.value.toLowerCase();
      rows.forEach((row, i) => row.hidden = !boxes[i].value.toLowerCase().includes(wanted));
    },
  });
  const setShown = (/** @type {boolean} */ checked) => {
    boxes.forEach((box, i) => box.checked = rows[i].hidden ? box.checked : checked);
    tell();
  };
  function tell() {
    say(part, boxes.filter(({ checked }) => checked).map(({ value }) => value).join(","));
  }
  const list = h("div", { class: "ticks" }, rows);
  /** Brings those that are ticked to the top. */
  const showTicked = () => list.prepend(...rows.filter((_, i) => boxes[i].checked));
  showTicked();
  const element = h(
    "fieldset",
    { class: "field", "data-field": part, "aria-describedby": `hint-${part} wrong-${part}` },
    h("legend", {}, FIELDS[part]),
    columns.length > MANY && h(
      "div",
      { class: "filter" },
      filter,
      h("button", { type: "button", onclick: () => setShown(true) }, "Tick all shown"),
      h("button", { type: "button", onclick: () => setShown(false) }, "None"),
    ),
    list,
    h(
      "p",
      { class: "hint", id: `hint-${part}` },
      part === "spend"
        ? "Summed into one. None ticked: found by name."
        : "What else explains the response, such as price.",
    ),
    h("p", { class: "wrong", id: `wrong-${part}` }),
  );
  return {
    element,
    /** @param {readonly string[]} names */
    tick(names) {
      boxes.forEach((box) => box.checked = names.includes(box.value));
      showTicked();
    },
  };
}
