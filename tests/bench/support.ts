/** Fits with everything at its default, and the data beside the checkout: for benchmarks and long tests. */
import { type Process, simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import type { Roles } from "../../lib/data/roles.ts";
import { selectSeries } from "../../lib/data/select.ts";
import type { Series } from "../../lib/data/series.ts";
import { readTable } from "../../lib/data/table.ts";
import { fit } from "../../lib/fit.ts";
import { type FitHooks, type FitOutcome, type MethodName, METHODS } from "../../lib/fit_types.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { NO_INPUTS } from "../inputs.ts";

/** Data and reference posteriors that are not part of the project; absent in most checkouts. */
const SHARED = new URL("../../../shared/", import.meta.url);
/** Of the simulated data that take their place; two curves have one mode with it, with others (1, 6) several. */
const SEED = 3;

/** What a fit is about; sizes are the method's own unless said otherwise. */
export interface FitRequest {
  readonly series: Series;
  readonly components: number;
  readonly seed: number;
  readonly engine: "webgpu" | "cpu";
  /** `chees` when left out. */
  readonly method?: MethodName;
  /** Draws kept per chain; the method's own number when left out. */
  readonly draws?: number;
}

/** Fits with the default preset. */
export function fitSeries(
  { series, components, seed, engine, method = "chees", draws = METHODS[method].draws }: FitRequest,
  onProgress: FitHooks["onProgress"] = () => {},
): Promise<FitOutcome> {
  return fit({
    series,
    spec: parseSpec({ components }, "test"),
    method,
    warmup: METHODS[method].warmup,
    draws,
    seed,
    holdout: 0,
    engine,
    inputs: NO_INPUTS,
  }, { onProgress });
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

/** The simulated series of 200 rows from the shared files, or one like it. */
export async function simulatedSeries(process: Process): Promise<Series> {
  const path = await sharedFile(`data/sim_${process}_T200.csv`);
  const bytes = path === undefined
    ? new TextEncoder().encode(simulationCsv(simulateSeries(process, SEED)))
    : await Deno.readFile(path);
  return seriesOf(bytes, process);
}
