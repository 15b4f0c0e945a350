/** Fields with a title, a hint and room for what is wrong with them. */
import { h } from "./dom.js";
import { inFieldWords, placeOf } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./shapes.d.ts").FieldProblem} FieldProblem */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

/**
 * A control under its title. What the service says about `name` shows below it.
 *
 * @param {string} name the field's name in the API
 * @param {string} title
 * @param {Control} control
 * @param {Child | Child[]} [hint]
 */
export function field(name, title, control, hint = null) {
  control.id = `field-${name}`;
  control.setAttribute("aria-describedby", `hint-${name} wrong-${name}`);
  return h(
    "div",
    { class: "field", "data-field": name },
    h("label", { for: control.id }, title),
    control,
    h("p", { class: "hint", id: `hint-${name}` }, hint),
    h("p", { class: "wrong", id: `wrong-${name}` }),
  );
}

/**
 * A list of things to choose from.
 *
 * @param {readonly (readonly [value: string, text: string])[]} choices
 * @param {string} chosen
 * @param {Record<string, unknown>} [properties]
 */
export const select = (choices, chosen, properties = {}) =>
  h(
    "select",
    properties,
    choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );

/** Where to put what belongs to no field. */
export const messageBox = () => h("div", { class: "messages", role: "alert" });

/** Takes away what was said about a form's fields. @param {HTMLElement} form */
export function clearProblems(form) {
  for (const wrong of form.querySelectorAll(".wrong, .messages")) wrong.replaceChildren();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/**
 * Shows what is wrong: beside the field it is about, the rest in the form's {@link messageBox}. The first field in
 * question takes the focus.
 *
 * @param {HTMLElement} form
 * @param {unknown} error a `Problem`
 */
export function showProblems(form, error) {
  clearProblems(form);
  const { message, errors } = /** @type {Error & { errors?: FieldProblem[] }} */ (error);
  const elsewhere = (errors ?? []).filter((each) => !showProblem(form, each));
  const box = form.querySelector(".messages");
  if (errors === undefined || errors.length === 0) box?.append(h("p", {}, inFieldWords(message)));
  else if (elsewhere.length > 0) {
    box?.append(h("ul", {}, elsewhere.map((each) => h("li", {}, problemText(each)))));
  }
  const first = form.querySelector("[aria-invalid]") ?? (box?.hasChildNodes() ? box : null);
  first?.closest("details")?.setAttribute("open", "");
  if (first instanceof HTMLElement && first !== box) first.focus();
  first?.scrollIntoView({ block: "nearest" });
}

/** Marks a field as wrong. @param {HTMLElement} form @param {FieldProblem} problem @returns {boolean} whether there is one */
export function showProblem(form, problem) {
  const path = problem.path.split(".");
  if (path[0] === "query") path.shift();
  const place = form.querySelector(`[data-field="${CSS.escape(path[0])}"]`);
  if (place === null) return false;
  const control = /** @type {Control | null} */ (place.querySelector("input, select"));
  const { value, ...rest } = problem, isInSight = value === undefined || value === control?.value;
  place.querySelector(".wrong")?.append(h("span", {}, problemText(isInSight ? rest : problem)));
  control?.setAttribute("aria-invalid", "true");
  return true;
}

/** @param {Omit<FieldProblem, "path">} problem */
export const problemText = (problem) => sentence(placeOf(problem) + inFieldWords(problem.message));

/** With a capital. @param {string} text */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
