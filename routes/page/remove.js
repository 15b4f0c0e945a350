/** A button that deletes something for good, once the visitor has said so twice. */
import { ask } from "./api.js";
import { h } from "./dom.js";

/**
 * @param {string} what as in "this fit and its result"
 * @param {string} path of the API
 */
export function deleteButton(what, path) {
  const refused = h("span", { class: "wrong", role: "alert" });
  const remove = async () => {
    if (!confirm(`Delete ${what}? This cannot be undone.`)) return;
    try {
      await ask(path, { method: "DELETE" });
      location.hash = "#/";
    } catch (error) {
      refused.textContent = /** @type {Error} */ (error).message;
    }
  };
  return [
    h("button", { type: "button", class: "danger", onclick: () => void remove() }, `Delete ${what}`),
    refused,
  ];
}
