/** Asks for the token that a service may want, once for as long as the tab is open. */
import { keepToken } from "./api.js";
import { h } from "./dom.js";
import { field } from "./form.js";

/**
 * @param {HTMLElement} main
 * @param {boolean} refused whether there was one, and the service did not take it
 * @param {() => void} onward called with the token in its place
 */
export function showToken(main, refused, onward) {
  const input = h("input", { type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const form = h(
    "form",
    {
      class: "card narrow",
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        keepToken(input.value.trim());
        onward();
      },
    },
    h("h1", {}, "This service asks for a token"),
    field("token", "Token", input, "From whoever runs the service. It is forgotten when this tab is closed."),
    refused &&
      h(
        "p",
        { class: "notice bad", role: "alert" },
        "The service does not know the token you gave; try again.",
      ),
    h("button", { class: "primary" }, "Go on"),
  );
  main.replaceChildren(form);
  input.focus();
}
