/** Fits with everything at its default, and the data beside the checkout: for benchmarks and long tests. */
import type { Roles } from "../../lib/data/roles.ts";
import { selectSeries } from "../../lib/data/select.ts";
import type { Series } from "../../lib/data/series.ts";
import { readTable } from "../../lib/data/table.ts";
import { fit } from "../../lib/fit.ts";
import { type FitOutcome, type MethodName, METHODS } from "../../lib/fit_types.ts";
import { parseSpec } from "../../lib/model/spec.ts";

/** Data and reference posteriors that are not part of the project; absent in most checkouts. */
const SHARED = new URL("../../../shared/", import.meta.url);

/** What a fit is about; sizes are the method's own. */
export interface FitRequest {
  readonly series: Series;
  readonly components: number;
  readonly seed: number;
  readonly engine: "webgpu" | "cpu";
  /** `chees` when left out. */
  readonly method?: MethodName;
}

/** Fits with the default preset and the method's own sizes. */
export function fitSeries(
  { series, components, seed, engine, method = "chees" }: FitRequest,
): Promise<FitOutcome> {
  const { warmup, draws } = METHODS[method];
  return fit({
    series,
    spec: parseSpec({ components }, "test"),
    method,
    warmup,
    draws,
    seed,
    holdout: 0,
    engine,
    inputs: {
      file: null,
      date: null,
      spend: [],
      target: null,
      controls: [],
      group: null,
      only: null,
      config: null,
      holdout: 0,
    },
  }, { onProgress: () => {} });
}

/** Path of a shared file such as `data/sim_single_T200.csv`, or undefined where it is not there. */
export async function sharedFile(name: string): Promise<string | undefined> {
  const path = decodeURIComponent(new URL(name, SHARED).pathname);
  try {
    await Deno.stat(path);
    return path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Reads one series of a CSV file. */
export function seriesOf(bytes: Uint8Array, name: string, roles: Roles = {}): Series {
  return selectSeries(readTable(bytes, name), roles).series;
}
