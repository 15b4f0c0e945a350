/**
 * What the service takes for a fit or a comparison, as zod schemas made from the tables that the command line reads, so
 * that names, limits and words are the same. What is wrong with the data or the model itself is for `readFitRequest` and
 * `readCompareRequest` to say.
 */
import { z } from "zod";
import { COMPARE_OPTIONS, type CompareValues } from "../commands/compare_request.ts";
import { COLUMN_OPTIONS } from "../commands/data_source.ts";
import { FIT_OPTIONS, type FitSources, type FitValues } from "../commands/fit_request.ts";
import type { Option, OptionTable } from "../commands/options.ts";
import { CONTENDERS } from "../compare/contenders.ts";
import type { Table } from "../data/table.ts";
import { InputError } from "../errors.ts";
import type { EngineChoice } from "../fit_types.ts";
import { schemaProblems } from "../model/schema_problems.ts";
import { idPattern } from "./ids.ts";
import type { Reach } from "./webhooks/addresses.ts";
import { type Asked, type Kind, NOUNS, PRIORITIES } from "./job.ts";
import { urlProblem, type Webhook, webhookSchema } from "./webhooks/webhook.ts";

const NAME = z.string().min(1).max(120);
const LONGEST_COLUMN_NAME = 1000;
const MOST_COLUMNS_NAMED = 1000;

/** The JSON form of an option: what a line says in words, as a value. */
function fieldOf(option: Option): z.ZodType {
  switch (option.kind) {
    case "flag":
      return z.boolean();
    case "text":
      return z.string().min(1).max(LONGEST_COLUMN_NAME);
    case "list":
      return z.array(z.string().min(1).max(LONGEST_COLUMN_NAME)).max(MOST_COLUMNS_NAMED);
    case "choice":
      return z.enum(option.choices as [string, ...string[]]);
    case "number":
      return z.number().min(option.min).max(option.max);
    case "integer":
    case "integers": // one number of curves a job
      return z.int().min(option.min).max(option.max);
  }
}

function fieldsOf(table: OptionTable): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => {
      const fallback = "fallback" in option ? option.fallback : undefined;
      const field = fieldOf(option).optional().describe(option.help);
      return [name, fallback === undefined ? field : field.meta({ default: fallback })];
    }),
  );
}

const ROWS = z.unknown().meta({
  description: "Rows as objects of column and value; null, missing and empty texts are empty cells.",
  type: "array",
  items: { type: "object", additionalProperties: { type: ["number", "string", "boolean", "null"] } },
});
const CSV = z.string().describe(
  "A CSV file's text: a header line, then comma, semicolon or tab between cells.",
);
const DATA_NAME = NAME.optional().describe("What to call the data in messages and in the result.");

const tableSchema = z.strictObject({ rows: ROWS.optional(), csv: CSV.optional(), name: DATA_NAME });

const dataSchema = z.strictObject({
  ...tableSchema.shape,
  dataset: z.string().regex(new RegExp(idPattern("data"))).optional().describe("A data set sent before."),
  example: z.literal(true).optional().describe("The built-in example."),
}).meta({
  description: "Exactly one of rows, csv, dataset and example.",
  oneOf: ["rows", "csv", "dataset", "example"].map((name) => ({ required: [name] })),
});

/** What every job can be told beside its own options. */
const jobFields = (kind: Kind) => ({
  config: z.record(z.string(), z.unknown()).optional().describe(
    "Model settings as in a --config file; components and preset beside it go before it.",
  ),
  priority: z.enum(PRIORITIES).optional().describe("Which jobs go first.").meta({ default: "normal" }),
  deadline_s: z.number().min(1).max(30 * 24 * 3600).optional().describe(
    `Seconds from now after which the ${
      NOUNS[kind]
    } is canceled, waiting or running; finished draws are kept.`,
  ),
  label: NAME.optional().describe("A name for people."),
  webhook: webhookSchema.optional().describe(
    `Whom to tell when the ${
      NOUNS[kind]
    } has ended, if the service sends webhooks; see the shape WebhookMessage.`,
  ),
});

/** The body of `POST /v1/fits`. */
export const fitBodySchema = z.strictObject({
  data: dataSchema,
  ...fieldsOf(FIT_OPTIONS),
  components: z.int().min(FIT_OPTIONS.components.min).max(FIT_OPTIONS.components.max).optional()
    .describe("Number of response curves (default 3; example 2)."),
  ...jobFields("fit"),
});

const NAMES = CONTENDERS.map(({ name }) => name) as [string, ...string[]];

/** The body of `POST /v1/compare`. */
export const compareBodySchema = z.strictObject({
  data: dataSchema,
  ...fieldsOf(COMPARE_OPTIONS),
  methods: z.array(z.enum(NAMES)).max(NAMES.length)
    .refine(({ length }) => length > 0, "names none; name some, or leave it out for all that make sense")
    .optional().describe(COMPARE_OPTIONS.methods.help),
  ...jobFields("compare"),
});

const BODIES: Readonly<Record<Kind, z.ZodType>> = { fit: fitBodySchema, compare: compareBodySchema };

/** The JSON body of `POST /v1/datasets`. */
export const datasetBodySchema = z.strictObject({
  ...tableSchema.shape,
  ...fieldsOf(COLUMN_OPTIONS),
}).meta({ oneOf: ["rows", "csv"].map((name) => ({ required: [name] })) });

/** Columns by part, as in the query of a review; lists by commas. */
export const columnFields: Record<string, z.ZodType> = Object.fromEntries(
  Object.entries(COLUMN_OPTIONS).map(([name, { help }]) => [
    name,
    z.string().max(LONGEST_COLUMN_NAME).optional().describe(help),
  ]),
);

interface JobWish {
  readonly config?: Record<string, unknown>;
  readonly priority?: typeof PRIORITIES[number];
  readonly deadline_s?: number;
  readonly label?: string;
  readonly webhook?: Webhook;
}

/** A request for a fit as it is stored: everything but the data. */
export type FitBody = Partial<Omit<FitValues, "components">> & { readonly components?: number } & JobWish;

/** The same for a comparison. */
export type CompareBody = Partial<CompareValues> & JobWish;

/** Where data comes from; exactly one of the first four. */
export interface DataBody {
  readonly rows?: unknown;
  readonly csv?: string;
  readonly dataset?: string;
  readonly example?: true;
  readonly name?: string;
}

/**
 * @param reach where webhooks may go; null: the service sends none
 * @throws InputError with every problem of the body's form
 */
export function parseJobBody(
  kind: Kind,
  json: unknown,
  reach: Reach | null,
): { readonly data: DataBody; readonly asked: Asked } {
  const { data, ...request } = parse(BODIES[kind], json) as { data: DataBody } & JobWish;
  refuseAmbiguous(data, ["rows", "csv", "dataset", "example"], "data");
  if (request.webhook !== undefined) refuseWebhook(request.webhook, reach);
  return { data, asked: { kind, request } as Asked };
}

/** @throws InputError with every problem of the body's form */
export function parseDatasetBody(json: unknown): { readonly data: DataBody; readonly columns: ColumnWish } {
  const { rows, csv, name, ...columns } = parse(datasetBodySchema, json) as DataBody & ColumnWish;
  const data = { ...(rows === undefined ? {} : { rows }), ...(csv === undefined ? {} : { csv }) };
  refuseAmbiguous(data, ["rows", "csv"], BODY);
  return { data: { ...data, ...(name === undefined ? {} : { name }) }, columns };
}

/** Which column plays which part, where that is said. */
export type ColumnWish = Partial<Pick<FitValues, keyof typeof COLUMN_OPTIONS>>;

/** A wish with every default in its place, as the command line's reader gives it. */
export function fitValuesOf({ components, ...wish }: FitBody): FitValues {
  const values = valuesOf(FIT_OPTIONS, wish);
  return { ...values, components: components === undefined ? undefined : [components] } as FitValues;
}

/** The same for a comparison. */
export function compareValuesOf(wish: CompareBody): CompareValues {
  return valuesOf(COMPARE_OPTIONS, wish) as CompareValues;
}

function valuesOf(table: OptionTable, wish: object): Record<string, unknown> {
  const given = wish as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => {
      const absent = option.kind === "list" ? [] : "fallback" in option ? option.fallback : undefined;
      return [name, given[name] ?? absent];
    }),
  );
}

/** What a job is about. @param table undefined for the built-in example */
export function sourcesOf(
  { config }: JobWish,
  table: Table | undefined,
  engine: EngineChoice,
): FitSources {
  return {
    ...(table === undefined ? {} : { data: { name: table.name, read: () => table } }),
    ...(config === undefined ? {} : { config: { name: `${BODY}, config`, read: () => config } }),
    engine,
  };
}

/** What the body as a whole is called in problems. */
export const BODY = "body";

function parse(schema: z.ZodType, json: unknown): unknown {
  const result = schema.safeParse(json, { reportInput: true });
  if (result.success) return result.data;
  throw new InputError(schemaProblems(result.error, schema, json, BODY));
}

function refuseWebhook({ url }: Webhook, reach: Reach | null): void {
  const message = reach === null ? NO_WEBHOOKS : urlProblem(url, reach);
  if (message === undefined) return;
  throw new InputError([{ where: `${BODY}, webhook.url`, value: url, message }]);
}

const NO_WEBHOOKS =
  "cannot be called, because this service sends no webhooks; leave webhook out and watch the job, " +
  "or have webhooks turned on where the service is started.";

function refuseAmbiguous(data: DataBody, names: readonly (keyof DataBody)[], where: string): void {
  const given = names.filter((name) => data[name] !== undefined);
  if (given.length === 1) return;
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const message = given.length === 0
    ? `holds no data; give one of ${list}.`
    : `holds ${given.join(" and ")}; give exactly one of ${list}.`;
  throw new InputError([{ where, message }]);
}
