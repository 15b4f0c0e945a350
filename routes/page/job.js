/** A job, fit or comparison: how it fares while it waits and runs, and what came of it. */
import { ask, askJson, follow, hasEnded } from "./api.js";
import { PARTS } from "./columns.js";
import { announce, h } from "./dom.js";
import { plural } from "./format.js";
import { deleteButton } from "./remove.js";
import { nameOf } from "./start.js";
import { PHASES, STATES } from "./words.js";

/** @typedef {import("./shapes.d.ts").Job} Job */
/** @typedef {import("./shapes.d.ts").StateEvent} StateEvent */
/**
 * How a kind of job is shown.
 *
 * @template {Job} J
 * @typedef {object} Look
 * @property {string} noun
 * @property {string} path of the job in the API
 * @property {(job: J) => string} headline what was asked for, but the data and the time
 * @property {() => { element: HTMLElement, show(progress: any): void, restart(): void }} live
 * @property {string} kept what cancel keeps, a sentence
 * @property {string} partial said above the result of a job that was stopped
 * @property {(job: J) => string} outcome the result in a sentence
 * @property {(job: J) => HTMLElement | null} result null where there is none
 * @property {(again: string) => HTMLElement[]} more links to what else can be done with the data at that address
 */

/** How often a waiting job's place in the queue is asked for, in ms. */
const QUEUE_MS = 5000;

/**
 * @template {Job} J
 * @param {import("./app.js").Context} context
 * @param {Look<J>} look
 */
export async function showJob({ main, signal, fail }, look) {
  const { noun, path } = look;
  /** @returns {Promise<J>} */
  const load = () => askJson(path, { signal });
  const state = h("span", { class: "state" }), facts = h("p", { class: "lead" });
  const place = h("div", {});
  const first = await load(), name = nameOf(first);
  main.append(h("h1", {}, name, " ", state), facts, place);
  showHead(first);
  if (hasEnded(first)) place.append(endedSection(first));
  else void watch(first);

  /** @param {J} job */
  function showHead(job) {
    state.className = `state ${job.state}`;
    state.textContent = STATES[job.state];
    const label = job.label === null ? "" : `${job.data.name ?? EXAMPLE}: `;
    facts.textContent = `${label}${look.headline(job)}; sent ${new Date(job.created_at).toLocaleString()}`;
    document.title = `${STATES[job.state]}: ${name} – hillmix`;
  }

  /** @param {J} job */
  async function watch(job) {
    const live = look.live(),
      waiting = h("p", { class: "notice" }),
      lost = h("p", { class: "notice fair", hidden: true });
    lost.textContent = `The connection to the service is lost; trying again. The ${noun} goes on meanwhile.`;
    const cancelText = `Cancel the ${noun}`;
    const cancel = h("button", { type: "button", class: "danger", onclick: () => void stop() }, cancelText);
    const refused = h("p", { class: "wrong", role: "alert" });
    place.append(
      lost,
      waiting,
      live.element,
      h("p", { class: "actions" }, cancel, h("span", { class: "hint" }, look.kept)),
      refused,
    );
    showQueue(job);
    void queue();
    try {
      await follow(path, {
        onConnection: (connected) => lost.hidden = connected,
        onEvent(type, data) {
          if (type === "progress") live.show(data);
          if (type === "state") {
            job = { ...job, ...data };
            if (!hasEnded(job)) {
              live.restart();
              showHead(job);
            }
            showQueue(job);
          }
        },
      }, signal);
      const ended = await load();
      showHead(ended);
      announce(
        `${STATES[ended.state]}. ${ended.verdict === null ? ended.error ?? "" : look.outcome(ended)}`,
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
        await ask(`${path}/cancel`, { method: "POST" });
      } catch (error) {
        cancel.disabled = false;
        cancel.textContent = cancelText;
        refused.textContent = /** @type {Error} */ (error).message;
      }
    }

    /** @param {Pick<Job, "state" | "ahead" | "resumed" | "resumed_at">} job */
    function showQueue({ state, ahead, resumed, resumed_at: at }) {
      const text = state === "queued"
        ? ahead === null || ahead === 0 ? "It is next." : `${plural(ahead, "job")} before it.`
        : resumed
        ? `This ${noun} was cut off, and ${at ? `goes on ${placeOf(at)}` : "began again with its seed"}.`
        : "";
      waiting.textContent = text;
      waiting.hidden = text === "";
      live.element.hidden = state === "queued";
    }

    async function queue() {
      while (!signal.aborted && job.state === "queued") {
        await new Promise((resolve) => setTimeout(resolve, QUEUE_MS));
        if (job.state !== "queued" || signal.aborted) return;
        // What goes wrong here shows in the stream of events as well.
        const { ahead } = await load().catch(() => job);
        if (job.state === "queued") showQueue({ ...job, ahead });
      }
    }
  }

  /** @param {J} job */
  function endedSection(job) {
    const { error, partial } = job, result = look.result(job), again = againPath(job);
    return h(
      "div",
      {},
      error !== null && h(
        "p",
        { class: `notice ${job.state === "canceled" ? "fair" : "bad"}` },
        error,
        partial && ` ${look.partial}`,
      ),
      result,
      h(
        "p",
        { class: "actions" },
        again !== undefined && look.more(again),
        deleteButton(`this ${noun}`, path),
      ),
    );
  }
}

const EXAMPLE = "Built-in example";

/** Where the same data can be looked at anew, if it was kept. @param {Job} job */
function againPath({ data, request }) {
  if (data.name === null) return "#/data/example";
  if (data.dataset === null) return undefined;
  const said = new URLSearchParams(
    PARTS.flatMap((part) => request[part] === undefined ? [] : [[part, String(request[part])]]),
  );
  return `#/data/${data.dataset}${said.size > 0 ? `?${said}` : ""}`;
}

/** The same address, asking for a comparison. @param {string} again */
export const toCompare = (again) => `${again}${again.includes("?") ? "&" : "?"}as=compare`;

/** @param {import("./shapes.d.ts").ResumePoint} at */
function placeOf({ method, step, phase, done, total }) {
  if (method !== undefined && done === 0) return `with ${method}`;
  const place = [method, step, PHASES[phase].toLowerCase()].filter((part) => part !== undefined).join(", ");
  return `from where it was (${place}: ${done} of ${total})`;
}
