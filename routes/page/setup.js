/** A data set under review, and the fit or the comparison to make of it. */
import { askJson, send } from "./api.js";
import { columnFields, columnWish, PARTS } from "./columns.js";
import { announce, h } from "./dom.js";
import { clearProblems, messageBox, showProblem, showProblems } from "./form.js";
import { formatCount } from "./format.js";
import { deleteButton } from "./remove.js";
import { reviewSection } from "./review.js";
import { settingsFields } from "./settings.js";
import { uploaded } from "./start.js";

/** @typedef {import("./shapes.d.ts").Dataset} Dataset */
/** @typedef {import("./shapes.d.ts").Job} Job */
/** @typedef {import("./shapes.d.ts").Review} Review */

const EXAMPLE = "example", COMPARE = "compare";

/** @type {import("./app.js").View} */
export async function showSetup({ main, options, signal, fail }, id, query) {
  const isExample = id === EXAMPLE, path = `/v1/datasets/${id}`;
  const said = new URLSearchParams(
    PARTS.flatMap((part) => query.has(part) ? [[part, query.get(part) ?? ""]] : []),
  );
  /** @returns {Promise<Review>} */
  const review = () => askJson(`${path}/review?${said}`, { signal });
  /** @type {Dataset | undefined} */
  const sent = isExample ? undefined : uploaded.get(id) ?? await askJson(path, { signal });
  const first = isExample ? options.example : said.size === 0 && sent?.review || await review();
  uploaded.delete(id);

  const name = sent?.name ?? "Built-in example";
  document.title = `${name} – hillmix`;
  const columns = sent === undefined ? undefined : columnFields(sent.columns, said, () => void look());
  const settings = settingsFields(options, isExample, query.get("as") === COMPARE);
  const button = h("button", { class: "primary" });
  const place = h("div", {});
  const form = h(
    "form",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => void start(event),
      oninput: () => {
        key = newKey();
        nameButton();
      },
      novalidate: true,
    },
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        {},
        h(
          "section",
          { class: "card", "aria-labelledby": "review" },
          h("h2", { id: "review" }, "Review of the data"),
          place,
        ),
        columns && h(
          "section",
          { class: "card", "aria-labelledby": "columns" },
          h(
            "details",
            { open: !first.usable },
            h("summary", {}, h("h2", { id: "columns" }, "Columns")),
            columns.element,
          ),
        ),
      ),
      h(
        "section",
        { class: "card sticky", "aria-labelledby": "work" },
        h("h2", { id: "work" }, "What to do"),
        settings.element,
        messageBox(),
        h("p", { class: "actions" }, button),
        h("p", { class: "hint", id: "ready" }),
      ),
    ),
  );
  main.append(
    h("h1", {}, name),
    h(
      "p",
      { class: "lead" },
      sent === undefined
        ? "156 simulated weeks of a shop's spend on television, search and social media, and its sales."
        : `${formatCount(sent.rows)} rows, ${formatCount(sent.columns.length)} columns`,
    ),
    form,
    h("p", { class: "actions" }, sent !== undefined && deleteButton("this data", path)),
  );
  let key = newKey(), looks = 0;
  nameButton();
  showReview(first);

  function nameButton() {
    button.textContent = settings.comparing ? "Start the comparison" : "Start the fit";
  }

  /** @param {Review} found */
  function showReview(found) {
    place.replaceChildren(reviewSection(found));
    clearProblems(form);
    columns?.recognised(found);
    for (const finding of found.findings) {
      const part = /^--([a-z]+)/.exec(finding.where ?? "")?.[1];
      if (finding.severity === "FAIL" && part !== undefined) showProblem(form, { ...finding, path: part });
    }
    settings.suggest(found);
    button.disabled = !found.usable;
    const ready = form.querySelector("#ready");
    if (ready !== null) {
      ready.textContent = found.usable ? "" : "Mend what the review names, or choose other columns, first.";
    }
  }

  async function look() {
    const asked = new URLSearchParams(said);
    if (settings.comparing) asked.set("as", COMPARE);
    history.replaceState(null, "", `#/data/${id}${asked.size > 0 ? `?${asked}` : ""}`);
    const mine = ++looks;
    try {
      const found = await review();
      if (mine !== looks) return;
      showReview(found);
      announce(found.usable ? "The data can be fitted." : "The data cannot be fitted yet; see the review.");
    } catch (error) {
      if (signal.aborted || mine !== looks) return;
      showProblems(form, error);
    }
  }

  /** @param {SubmitEvent} event */
  async function start(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      const data = isExample ? { example: true } : { dataset: id };
      const body = { data, ...columnWish(said), ...settings.wish() };
      const resource = settings.comparing ? "compare" : "fits";
      /** @type {Job} */
      const job = await send(`/v1/${resource}`, body, { "Idempotency-Key": key });
      if (!signal.aborted) location.hash = `#/${resource}/${job.id}`;
    } catch (error) {
      button.disabled = false;
      if (/** @type {{ status?: number }} */ (error).status === 401) fail(error);
      else showProblems(form, error);
    }
  }
}

/** Names a request, so that it is one fit even if it is sent twice. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
