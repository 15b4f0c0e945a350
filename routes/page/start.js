/** Where a visit begins: data to send or to take up again, and the fits there are. */
import { ask, askJson, hasEnded } from "./api.js";
import { h, table } from "./dom.js";
import { field, messageBox, showProblems } from "./form.js";
import { formatCount } from "./format.js";
import { STATES, VERDICTS } from "./words.js";

/** @typedef {import("./shapes.d.ts").Dataset} Dataset */
/** @typedef {import("./shapes.d.ts").Fit} Fit */
/** @template T @typedef {{ items: T[], next_cursor: string | null }} Page */

const SHOWN = 20;
/** How often the list is looked at anew while a fit in it has not ended, in ms. */
const REFRESH_MS = 3000;

/** Reviews that came with the answer to an upload, so that the next view need not ask. @type {Map<string, Dataset>} */
export const uploaded = new Map();

/** @type {import("./app.js").View} */
export async function showStart({ main, options, signal, fail }) {
  const [datasets, fits] = await Promise.all([
    /** @type {Promise<Page<Dataset>>} */ (askJson(`/v1/datasets?limit=${SHOWN}`, { signal })),
    /** @type {Promise<Page<Fit>>} */ (askJson(`/v1/fits?limit=${SHOWN}`, { signal })),
  ]);
  const list = h("div", {}, fitsTable(fits.items));
  main.append(
    h("h1", {}, "How does spend turn into response?"),
    h(
      "p",
      { class: "lead" },
      "Send weekly or daily spend and sales; get response curves, contribution and return on spend, with an honest " +
        "word on how far to trust them.",
    ),
    h("div", { class: "columns" }, uploadForm(options.body_bytes), datasetList(datasets.items)),
    h("section", { class: "card", "aria-labelledby": "fits" }, h("h2", { id: "fits" }, "Fits"), list),
  );
  void refresh(fits.items);

  /** @param {Fit[]} shown */
  async function refresh(shown) {
    try {
      while (!signal.aborted && shown.some((fit) => !hasEnded(fit))) {
        await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
        shown = (/** @type {Page<Fit>} */ (await askJson(`/v1/fits?limit=${SHOWN}`, { signal }))).items;
        // A table that is being read by keyboard is left alone.
        if (!list.contains(document.activeElement)) list.replaceChildren(fitsTable(shown));
      }
    } catch (error) {
      fail(error);
    }
  }
}

/** @param {number} mostBytes */
function uploadForm(mostBytes) {
  const input = h("input", {
    type: "file",
    accept: ".csv,.tsv,.txt,text/csv",
    onchange: () => upload(input.files?.[0]),
  });
  const status = h("p", { class: "hint", role: "status" });
  const form = h(
    "section",
    {
      class: "card drop",
      "aria-labelledby": "upload",
      ondragover: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        form.classList.add("over");
      },
      ondragleave: () => form.classList.remove("over"),
      ondrop: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        form.classList.remove("over");
        void upload(event.dataTransfer?.files[0]);
      },
    },
    h("h2", { id: "upload" }, "Your data"),
    field(
      "data",
      "CSV file",
      input,
      "A row for each day, week or month: a date, spend by channel, the response. Or drop it here.",
    ),
    status,
    messageBox(),
    h(
      "p",
      { class: "or" },
      "No data at hand? ",
      h("a", { href: "#/data/example" }, "Try the built-in example"),
    ),
  );

  /** @param {File | undefined} file */
  async function upload(file) {
    if (file === undefined) return;
    status.textContent = `Reading ${file.name}…`;
    try {
      if (file.size > mostBytes) {
        throw new Error(
          `${file.name} has ${formatCount(file.size / 1e6)} MB; at most ${mostBytes / 1e6} MB are read.`,
        );
      }
      const query = new URLSearchParams({ name: file.name.slice(0, 120) });
      const response = await ask(`/v1/datasets?${query}`, {
        method: "POST",
        headers: { "Content-Type": "text/csv" },
        body: file,
      });
      /** @type {Dataset} */
      const dataset = await response.json();
      uploaded.set(dataset.id, dataset);
      location.hash = `#/data/${dataset.id}`;
    } catch (error) {
      status.textContent = "";
      input.value = ""; // so that the same file, mended, is a change again
      showProblems(form, error);
    }
  }
  return form;
}

/** @param {Dataset[]} datasets */
function datasetList(datasets) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "kept" },
    h("h2", { id: "kept" }, "Data sent before"),
    datasets.length === 0 && h("p", { class: "hint" }, "None yet."),
    h(
      "ul",
      { class: "plain" },
      datasets.map(({ id, name, rows, created_at }) =>
        h(
          "li",
          {},
          h("a", { href: `#/data/${id}` }, name),
          h("small", {}, `${formatCount(rows)} rows, ${when(created_at)}`),
        )
      ),
    ),
  );
}

/** @param {Fit[]} fits */
function fitsTable(fits) {
  if (fits.length === 0) return h("p", { class: "hint" }, "None yet.");
  return table(
    "The newest first",
    [{ title: "Fit" }, { title: "State" }, { title: "Verdict" }, { title: "Method" }, { title: "Sent" }],
    fits.map((fit) => [
      h("a", { href: `#/fits/${fit.id}` }, nameOf(fit)),
      h("span", { class: `state ${fit.state}` }, STATES[fit.state]),
      fit.verdict === null ? "" : h("span", { class: `verdict ${fit.verdict}` }, VERDICTS[fit.verdict].title),
      fit.method,
      when(fit.created_at),
    ]),
  );
}

/** What a fit is called. @param {Pick<Fit, "label" | "data">} fit */
export const nameOf = ({ label, data }) => label ?? data.name ?? "Built-in example";

/** A time in the visitor's own words: `22 Nov, 15:04`. @param {string} time */
const when = (time) =>
  new Date(time).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
