/** A comparison at work: how all its methods stand, and the one at work as a fit of its own. */
import { h } from "./dom.js";
import { formatSeconds } from "./format.js";
import { liveSection } from "./live.js";
import { METHOD_STATES } from "./words.js";

/** @typedef {import("./shapes.d.ts").CompareProgress} CompareProgress */
/** @typedef {import("./shapes.d.ts").MethodState} MethodState */

/** @returns {{ element: HTMLElement, show(progress: CompareProgress): void, restart(): void }} */
export function compareLive() {
  const live = liveSection();
  const title = h("h2", { id: "methods" }, "Methods");
  const list = h("ol", { class: "methods" });
  let at = "", listed = "";

  return {
    element: h(
      "div",
      {},
      h("section", { class: "card", "aria-labelledby": "methods" }, title, list),
      live.element,
    ),
    show(progress) {
      const { method, methods, methods_done } = progress;
      if (method !== at) live.restart();
      at = method;
      title.textContent = `Method ${
        Math.min(methods_done + 1, methods.length)
      } of ${methods.length}: ${method}`;
      const states = JSON.stringify(methods);
      if (states !== listed) list.replaceChildren(...methods.map(item));
      listed = states;
      live.show(progress, `${method}: `);
    },
    restart: live.restart,
  };
}

/** @param {MethodState} state */
const item = ({ method, status, total_s }) =>
  h(
    "li",
    {},
    h("span", {}, method),
    " ",
    methodState(status),
    total_s !== null && [" ", h("small", {}, formatSeconds(total_s))],
  );

/** @param {MethodState["status"]} status */
export const methodState = (status) =>
  ["pass", "review", "fail"].includes(status)
    ? h("span", { class: `verdict ${status}` }, METHOD_STATES[status])
    : h("span", { class: `state ${status === "error" ? "failed" : status}` }, METHOD_STATES[status]);
