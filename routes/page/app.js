/** Shows the view that the address asks for: `#/`, `#/data/ID`, `#/fits/ID`, `#/compare/ID`. */
import { askJson, hasToken, Problem } from "./api.js";
import { showComparison } from "./compare.js";
import { h } from "./dom.js";
import { showFit } from "./fit.js";
import { showSetup } from "./setup.js";
import { showStart } from "./start.js";
import { showToken } from "./token.js";

/** @typedef {import("./shapes.d.ts").Options} Options */
/**
 * What every view is given.
 *
 * @typedef {object} Context
 * @property {HTMLElement} main where to show itself; empty
 * @property {Options} options
 * @property {AbortSignal} signal aborted when another view takes over
 * @property {(error: unknown) => void} fail for what goes wrong after the view has been shown
 */
/** @typedef {(context: Context, id: string, query: URLSearchParams) => Promise<void>} View */

/** @type {readonly (readonly [RegExp, View])[]} */
const VIEWS = [
  [/^#\/data\/(\w+)$/, showSetup],
  [/^#\/fits\/(\w+)$/, showFit],
  [/^#\/compare\/(\w+)$/, showComparison],
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {Options | undefined} */
let options;
let leave = new AbortController();

/** @param {boolean} moved whether the visitor came here by a link of this page */
async function show(moved) {
  leave.abort();
  const { signal } = leave = new AbortController();
  const [path, query = ""] = location.hash.split("?", 2);
  const [pattern, view] = VIEWS.find(([pattern]) => pattern.test(path)) ?? [/()/, showStart];
  const fail = (/** @type {unknown} */ error) => {
    if (!signal.aborted) showError(error);
  };
  main.replaceChildren(h("p", { class: "waiting" }, "One moment…"));
  document.title = "hillmix";
  try {
    options ??= /** @type {Options} */ (await askJson("/page/options.json"));
    const place = h("div", { class: "view" });
    const id = pattern.exec(path)?.[1] ?? "";
    await view({ main: place, options, signal, fail }, id, new URLSearchParams(query));
    if (signal.aborted) return;
    main.replaceChildren(place);
    scrollTo(0, 0);
    if (moved) main.focus();
  } catch (error) {
    fail(error);
  }
}

/** @param {unknown} error */
function showError(error) {
  if (error instanceof Problem && error.status === 401) return showToken(main, hasToken(), () => show(false));
  const { title, message } = error instanceof Problem
    ? error
    : { title: "A fault of this page", message: String(error) };
  if (!(error instanceof Problem)) console.error(error);
  main.replaceChildren(
    h(
      "section",
      { class: "card narrow" },
      h("h1", {}, title),
      h("p", { role: "alert" }, message),
      h(
        "p",
        { class: "actions" },
        h("button", { class: "primary", onclick: () => show(false) }, "Try again"),
        h("a", { class: "button", href: "#/" }, "Data and fits"),
      ),
    ),
  );
}

addEventListener("hashchange", () => show(true));
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault(); // the address says which view is shown
  main.focus();
});
void show(false);
