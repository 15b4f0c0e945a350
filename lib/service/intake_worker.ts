/**
 * The Worker that reads what comes in: parsing and checking a body of 20 MB takes seconds, in which the service is to
 * answer others. Problems are results here, because an error loses its details on the way between threads.
 */
import { rolesOf } from "../commands/data_source.ts";
import { readCompareRequest } from "../commands/compare_request.ts";
import { readFitRequest } from "../commands/fit_request.ts";
import { type Review, reviewTable } from "../data/review.ts";
import { splitHoldout } from "../data/split.ts";
import { readTable, type Table, tableFromRows } from "../data/table.ts";
import { serveCalls } from "../engine/rpc.ts";
import { InputError, type Problem } from "../errors.ts";
import { buildProblem } from "../model/priors.ts";
import { formatCount } from "../report/format.ts";
import type { FitOptions } from "../fit_types.ts";
import type { Reach } from "./webhooks/addresses.ts";
import type { Asked, Kind } from "./job.ts";
import type { Limits } from "./limits.ts";
import { countCells, measureJson } from "./measure.ts";
import { Refusal, type RefusalKind } from "./refusal.ts";
import {
  type ColumnWish,
  compareValuesOf,
  type DataBody,
  fitValuesOf,
  parseDatasetBody,
  parseJobBody,
  sourcesOf,
} from "./request.ts";

/** What came of a call: its value, or why there is none. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly refusal: { kind: RefusalKind; detail: string; problems: readonly Problem[] } };

/** A table ready to be stored. */
export interface TablePackage {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly string[];
  /** The table as JSON. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/** A request for a job that is well-formed; checked as a whole unless its data is a stored set. */
export interface ReadJob {
  readonly asked: Asked;
  readonly data:
    | { readonly kind: "table"; readonly table: TablePackage }
    | { readonly kind: "dataset"; readonly id: string }
    | { readonly kind: "example" };
}

/** A data set that is well-formed, and what a look at it says. */
export interface ReadDataset {
  readonly table: TablePackage;
  readonly review: Review;
}

export type IntakeCalls = {
  readJob(kind: Kind, bytes: Uint8Array, limits: Limits, reach: Reach | null): Promise<Answer<ReadJob>>;
  checkJob(asked: Asked, path: string): Promise<Answer<null>>;
  readDataset(
    bytes: Uint8Array,
    csv: { readonly name: string; readonly columns: ColumnWish } | null,
    limits: Limits,
  ): Promise<Answer<ReadDataset>>;
  review(path: string, columns: ColumnWish): Promise<Answer<Review>>;
};

const handlers: IntakeCalls = {
  readJob: (kind, bytes, limits, reach) =>
    answer(async () => {
      const { data, asked } = parseJobBody(kind, parseJson(bytes, limits), reach);
      if (data.dataset !== undefined) return { asked, data: { kind: "dataset", id: data.dataset } };
      if (data.example) {
        await check(asked, undefined);
        return { asked, data: { kind: "example" } };
      }
      const table = tableOf(data, limits);
      await check(asked, table);
      return { asked, data: { kind: "table", table: pack(table) } };
    }),
  checkJob: (asked, path) =>
    answer(async () => {
      await check(asked, await unpack(path));
      return null;
    }),
  readDataset: (bytes, csv, limits) =>
    answer(() => {
      if (csv !== null) {
        const table = tableFromCsv(bytes, csv.name, limits);
        return { table: pack(table), review: review(table, csv.columns) };
      }
      const { data, columns } = parseDatasetBody(parseJson(bytes, limits));
      const table = tableOf(data, limits);
      return { table: pack(table), review: review(table, columns) };
    }),
  review: (path, columns) => answer(async () => review(await unpack(path), columns)),
};

serveCalls(handlers);

async function answer<T>(work: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof InputError) {
      const detail = "The request cannot be carried out as it is; see errors for what to mend.";
      return { refusal: { kind: "invalid", detail, problems: error.problems } };
    }
    if (error instanceof Refusal) {
      return { refusal: { kind: error.kind, detail: error.message, problems: error.problems } };
    }
    throw error;
  }
}

function parseJson(bytes: Uint8Array, limits: Limits): unknown {
  const { depth, values } = measureJson(bytes);
  if (depth > limits.depth) {
    throw new Refusal(
      "invalid",
      `The body nests ${formatCount(depth)} lists and objects; at most ${limits.depth} are read.`,
    );
  }
  refuseMany(values, limits);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal("malformed", "The body is not UTF-8 text; send JSON in UTF-8.");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser quotes the body in its words; a place in it is enough.
    const place = /at position \d+|Unexpected end/.exec((error as Error).message)?.[0];
    const detail = `The body is not valid JSON${place === undefined ? "" : ` (${place.toLowerCase()})`}.`;
    throw new Refusal("malformed", detail);
  }
}

function refuseMany(values: number, limits: Limits): void {
  if (values <= limits.values) return;
  const most = formatCount(limits.values);
  throw new Refusal("too-large", `The body holds ${formatCount(values)} values; at most ${most} are read.`);
}

function tableOf({ rows, csv, name = "data" }: DataBody, limits: Limits): Table {
  if (csv === undefined) return withinLimits(tableFromRows(rows, name), limits);
  return tableFromCsv(new TextEncoder().encode(csv), name, limits);
}

function tableFromCsv(bytes: Uint8Array, name: string, limits: Limits): Table {
  refuseMany(countCells(bytes), limits);
  return withinLimits(readTable(bytes, name), limits);
}

function withinLimits(table: Table, limits: Limits): Table {
  const rows = table.cells.length;
  refuseMany(rows * table.columns.length, limits);
  if (rows <= limits.rows) return table;
  throw new Refusal(
    "too-large",
    `The table has ${formatCount(rows)} rows; at most ${formatCount(limits.rows)} are read.`,
  );
}

/** All that can be wrong with a job before it runs. */
async function check(asked: Asked, table: Table | undefined): Promise<void> {
  const { series, holdout, spec } = await modelOf(asked, table);
  buildProblem(splitHoldout(series, holdout).train, spec);
}

/** What is to be fitted, by whichever methods. */
async function modelOf({ kind, request }: Asked, table: Table | undefined): Promise<FitOptions> {
  const sources = sourcesOf(request, table, "auto");
  return kind === "fit"
    ? (await readFitRequest(fitValuesOf(request), sources)).fits[0]
    : (await readCompareRequest(compareValuesOf(request), sources)).comparison.base;
}

function review(table: Table, columns: ColumnWish): Review {
  const { date, spend = [], target, control = [], group, only } = columns;
  return reviewTable(table, rolesOf({ date, spend, target, control, group, only }));
}

function pack(table: Table): TablePackage {
  const { name, columns, cells } = table;
  return { name, columns, rows: cells.length, text: new TextEncoder().encode(JSON.stringify(table)) };
}

async function unpack(path: string): Promise<Table> {
  return JSON.parse(await Deno.readTextFile(path)) as Table;
}
