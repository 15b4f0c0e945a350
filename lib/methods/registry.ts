/** Every method by name; their descriptions and sizes are in fit_types.ts. */
import type { MethodName } from "../fit_types.ts";
import { chees } from "./chees.ts";
import type { Method } from "./method.ts";
import { tempered } from "./tempered.ts";

export const METHOD_RUNS: Readonly<Record<MethodName, Method>> = { chees, tempered };
