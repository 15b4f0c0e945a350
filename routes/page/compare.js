/** One comparison of methods: how it fares while it waits and runs, and what came of it. */
import { pathOfComparison } from "./api.js";
import { compareLive } from "./compare_live.js";
import { compareResult } from "./compare_result.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { showJob, toCompare } from "./job.js";
import { inFieldWords } from "./words.js";

/** @typedef {import("./shapes.d.ts").Comparison} Comparison */

/** @type {import("./app.js").View} */
export const showComparison = (context, id) =>
  showJob(
    context,
    /** @type {import("./job.js").Look<Comparison>} */ ({
      noun: "comparison",
      path: pathOfComparison(id),
      headline({ methods, components, effort, request }) {
        const parts = [
          `Comparison of ${methods === null ? "all methods" : plural(methods.length, "method")}`,
          components === null ? "" : plural(components, "response curve"),
          effort === 1 ? "" : `effort ${effort}`,
          typeof request.seed === "number" ? `seed ${request.seed}` : "",
        ];
        return parts.filter((part) => part !== "").join(", ");
      },
      live: compareLive,
      kept: "Methods that are done are kept.",
      partial: "The result below is of the methods that were done.",
      outcome: ({ result }) => inFieldWords(result?.advice.sentences[0] ?? ""),
      result: (comparison) =>
        comparison.result === null ? null : compareResult(comparison, comparison.result),
      more: (again) => [
        h("a", { class: "button", href: toCompare(again) }, "Compare on this data again"),
        h("a", { class: "button", href: again }, "Fit this data"),
      ],
    }),
  );
