/** One fit: how it fares while it waits and runs, and what came of it. */
import { ask, askJson, follow, hasEnded, pathOfFit } from "./api.js";
import { PARTS } from "./columns.js";
import { announce, h } from "./dom.js";
import { plural } from "./format.js";
import { liveSection } from "./live.js";
import { deleteButton } from "./remove.js";
import { resultSection } from "./result.js";
import { nameOf } from "./start.js";
import { PHASES, STATES } from "./words.js";

/** @typedef {import("./shapes.d.ts").Fit} Fit */

/** How often a waiting fit's place in the queue is asked for, in ms. */
const QUEUE_MS = 5000;

/** @type {import("./app.js").View} */
export async function showFit({ main, signal, fail }, id) {
  /** @returns {Promise<Fit>} */
  const load = () => askJson(pathOfFit(id), { signal });
  const state = h("span", { class: "state" }), facts = h("p", { class: "lead" });
  const place = h("div", {});
  const first = await load(), name = nameOf(first);
  main.append(h("h1", {}, name, " ", state), facts, place);
  showHead(first);
  if (hasEnded(first)) place.append(endedSection(first));
  else void watch(first);

  /** @param {Fit} fit */
  function showHead(fit) {
    state.className = `state ${fit.state}`;
    state.textContent = STATES[fit.state];
    facts.textContent = headline(fit);
    document.title = `${STATES[fit.state]}: ${name} – hillmix`;
  }

  /** @param {Fit} fit */
  async function watch(fit) {
    const live = liveSection(),
      waiting = h("p", { class: "notice" }),
      lost = h("p", { class: "notice fair", hidden: true });
    lost.textContent = "The connection to the service is lost; trying again. The fit goes on meanwhile.";
    const cancel = h(
      "button",
      { type: "button", class: "danger", onclick: () => void stop() },
      "Cancel the fit",
    );
    const refused = h("p", { class: "wrong", role: "alert" });
    place.append(
      lost,
      waiting,
      live.element,
      h("p", { class: "actions" }, cancel, h("span", { class: "hint" }, "Draws that are finished are kept.")),
      refused,
    );
    showQueue(fit);
    void queue();
    try {
      await follow(id, {
        onConnection: (connected) => lost.hidden = connected,
        onEvent(type, data) {
          if (type === "progress") live.show(data);
          if (type === "state") {
            fit = { ...fit, ...data };
            if (!hasEnded(fit)) {
              live.restart();
              showHead(fit);
            }
            showQueue(fit);
          }
        },
      }, signal);
      const ended = await load();
      showHead(ended);
      announce(
        `${STATES[ended.state]}. ${
          ended.verdict === null ? ended.error ?? "" : `The verdict is ${ended.verdict}.`
        }`,
      );
      const hadFocus = place.contains(document.activeElement);
      place.replaceChildren(endedSection(ended));
      if (hadFocus) main.closest("main")?.focus();
    } catch (error) {
      fail(error);
    }

    async function stop() {
      cancel.disabled = true;
      cancel.textContent = "Canceling…";
      try {
        await ask(`${pathOfFit(id)}/cancel`, { method: "POST" });
      } catch (error) {
        cancel.disabled = false;
        cancel.textContent = "Cancel the fit";
        refused.textContent = /** @type {Error} */ (error).message;
      }
    }

    /** @param {Pick<Fit, "state" | "ahead" | "resumed" | "resumed_at">} fit */
    function showQueue({ state, ahead, resumed, resumed_at: at }) {
      const text = state === "queued"
        ? ahead === null || ahead === 0 ? "It is next." : `${plural(ahead, "fit")} before it.`
        : resumed
        ? `This fit was cut off, and ${at ? `goes on from ${placeOf(at)}` : "began again with its seed"}.`
        : "";
      waiting.textContent = text;
      waiting.hidden = text === "";
      live.element.hidden = state === "queued";
    }

    async function queue() {
      while (!signal.aborted && fit.state === "queued") {
        await new Promise((resolve) => setTimeout(resolve, QUEUE_MS));
        if (fit.state !== "queued" || signal.aborted) return;
        // What goes wrong here shows in the stream of events as well.
        const { ahead } = await load().catch(() => fit);
        if (fit.state === "queued") showQueue({ ...fit, ahead });
      }
    }
  }

  /** @param {Fit} fit */
  function endedSection(fit) {
    const { error, result } = fit, canceled = fit.state === "canceled";
    return h(
      "div",
      {},
      error !== null && h(
        "p",
        { class: `notice ${canceled ? "fair" : "bad"}` },
        error,
        result !== null && result.partial && " The result below is of the draws that were finished.",
      ),
      result !== null && resultSection(fit, result, signal),
      actions(fit),
    );
  }

  /** @param {Fit} fit */
  function actions(fit) {
    const again = againPath(fit);
    return h(
      "p",
      { class: "actions" },
      again !== undefined && h("a", { class: "button", href: again }, "Fit this data again"),
      deleteButton("this fit", pathOfFit(id)),
    );
  }
}

/** @param {Fit} fit */
function headline({ method, components, label, data, created_at, request }) {
  const curves = components === null ? "" : `${plural(components, "response curve")}, `;
  const seed = typeof request.seed === "number" ? `, seed ${request.seed}` : "";
  const name = label === null ? "" : `${data.name ?? "Built-in example"}: `;
  return `${name}${curves}method ${method}${seed}; sent ${new Date(created_at).toLocaleString()}`;
}

/** @param {import("./shapes.d.ts").ResumePoint} at */
const placeOf = ({ phase, step, done, total }) =>
  `where it was (${step === undefined ? "" : `${step}, `}${
    PHASES[phase].toLowerCase()
  }: ${done} of ${total})`;

/** Where the same data can be fitted anew, if it was kept. @param {Fit} fit */
function againPath({ data, request }) {
  if (data.name === null) return "#/data/example";
  if (data.dataset === null) return undefined;
  const said = new URLSearchParams(
    PARTS.flatMap((part) => request[part] === undefined ? [] : [[part, String(request[part])]]),
  );
  return `#/data/${data.dataset}${said.size > 0 ? `?${said}` : ""}`;
}
