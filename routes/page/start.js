/** Where a visit begins: data to send or to take up again, and the fits and comparisons there are. */
import { ask, askJson, hasEnded } from "./api.js";
import { h, table } from "./dom.js";
import { field, messageBox, showProblems } from "./form.js";
import { formatCount } from "./format.js";
import { STATES, VERDICTS } from "./words.js";

/** @typedef {import("./shapes.d.ts").Dataset} Dataset */
/** @typedef {import("./shapes.d.ts").Comparison} Comparison */
/** @typedef {import("./shapes.d.ts").Fit} Fit */
/** @typedef {import("./shapes.d.ts").Job} Job */
/** @template T @typedef {{ items: T[], next_cursor: string | null }} Page */

const SHOWN = 20;
/** How often a list is looked at anew while a job in it has not ended, in ms. */
const REFRESH_MS = 3000;

/** Reviews that came with the answer to an upload, so that the next view need not ask. @type {Map<string, Dataset>} */
export const uploaded = new Map();

/** @type {import("./app.js").View} */
export async function showStart({ main, options, signal, fail }) {
  const [datasets, fits, comparisons] = await Promise.all([
    /** @type {Promise<Page<Dataset>>} */ (askJson(`/v1/datasets?limit=${SHOWN}`, { signal })),
    /** @type {Promise<Page<Fit>>} */ (askJson(`/v1/fits?limit=${SHOWN}`, { signal })),
    /** @type {Promise<Page<Comparison>>} */ (askJson(`/v1/compare?limit=${SHOWN}`, { signal })),
  ]);
  main.append(
    h("h1", {}, "How does spend turn into response?"),
    h(
      "p",
      { class: "lead" },
      "Send weekly or daily spend and sales; get response curves, contribution and return on spend, with an honest " +
        "word on how far to trust them.",
    ),
    h("div", { class: "columns" }, uploadForm(options.body_bytes), datasetList(datasets.items)),
    listSection("fits", "Fits", "/v1/fits", fits.items, fitsTable),
    comparisons.items.length > 0
      ? listSection("comparisons", "Comparisons", "/v1/compare", comparisons.items, comparisonsTable)
      : "",
  );

  /**
   * A table of jobs that is kept up to date.
   *
   * @template {Job} J
   * @param {string} id
   * @param {string} title
   * @param {string} path
   * @param {J[]} shown
   * @param {(jobs: J[]) => HTMLElement} tableOf
   */
  function listSection(id, title, path, shown, tableOf) {
    const list = h("div", {}, tableOf(shown));
    void refresh();
    return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), list);

    async function refresh() {
      try {
        while (!signal.aborted && shown.some((job) => !hasEnded(job))) {
          await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
          shown = (/** @type {Page<J>} */ (await askJson(`${path}?limit=${SHOWN}`, { signal }))).items;
          // A table that is being read by keyboard is left alone.
          if (!list.contains(document.activeElement)) list.replaceChildren(tableOf(shown));
        }
      } catch (error) {
        fail(error);
      }
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
    fits.map((fit) => [...standing(fit, "fits"), fit.method, when(fit.created_at)]),
  );
}

/** @param {Comparison[]} comparisons */
const comparisonsTable = (comparisons) =>
  table(
    "The newest first; the verdict is that on the method to use",
    [{ title: "Comparison" }, { title: "State" }, { title: "Verdict" }, { title: "Methods" }, {
      title: "Sent",
    }],
    comparisons.map((comparison) => [
      ...standing(comparison, "compare"),
      methodsText(comparison.methods),
      when(comparison.created_at),
    ]),
  );

/** @param {string[] | null} methods */
function methodsText(methods) {
  if (methods === null) return "all";
  return methods.length > 3 ? `${methods.length} of them` : methods.join(", ");
}

/** Cells of every job. @param {Job} job @param {string} place */
const standing = (job, place) => [
  h("a", { href: `#/${place}/${job.id}` }, nameOf(job)),
  h("span", { class: `state ${job.state}` }, STATES[job.state]),
  job.verdict === null ? "" : h("span", { class: `verdict ${job.verdict}` }, VERDICTS[job.verdict].title),
];

/** What a job is called. @param {Pick<Job, "label" | "data">} job */
export const nameOf = ({ label, data }) => label ?? data.name ?? "Built-in example";

/** A time in the visitor's own words: `22 Nov, 15:04`. @param {string} time */
const when = (time) =>
  new Date(time).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
