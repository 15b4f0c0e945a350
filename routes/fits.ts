/** Fits: one series by one method. */
import { z } from "zod";
import { METHODS } from "../lib/fit_types.ts";
import { listFields, type Resource } from "./jobs.ts";
import { fitDetail, fitView } from "./views.ts";

/** Query of the list. */
export const fitsQuery = z.strictObject({
  ...listFields("fit"),
  method: z.enum(Object.keys(METHODS) as [string, ...string[]]).optional().describe(
    "Only fits asked for by this method.",
  ),
});

export const FITS: Resource<"fit"> = { kind: "fit", query: fitsQuery, view: fitView, detail: fitDetail };
