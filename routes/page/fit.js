/** One fit: how it fares while it waits and runs, and what came of it. */
import { pathOfFit } from "./api.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { showJob, toCompare } from "./job.js";
import { liveSection } from "./live.js";
import { resultSection } from "./result.js";

/** @typedef {import("./shapes.d.ts").Fit} Fit */

/** @type {import("./app.js").View} */
export const showFit = (context, id) =>
  showJob(
    context,
    /** @type {import("./job.js").Look<Fit>} */ ({
      noun: "fit",
      path: pathOfFit(id),
      headline({ method, components, request }) {
        const curves = components === null ? "" : `${plural(components, "response curve")}, `;
        const seed = typeof request.seed === "number" ? `, seed ${request.seed}` : "";
        return `${curves}method ${method}${seed}`;
      },
      live: liveSection,
      kept: "Draws that are finished are kept.",
      partial: "The result below is of the draws that were finished.",
      outcome: ({ verdict }) => `The verdict is ${verdict}.`,
      result: (fit) => fit.result === null ? null : resultSection(fit, fit.result, context.signal),
      more: (again) => [
        h("a", { class: "button", href: again }, "Fit this data again"),
        h("a", { class: "button", href: toCompare(again) }, "Compare methods on it"),
      ],
    }),
  );
