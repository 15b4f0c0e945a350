/**
 * What a fit can be asked for, by name, and how a wish becomes fits ready to run. The command line and the service
 * read the same table and go through the same checks, so that one wish means one fit wherever it comes from.
 */
import { COLUMN_OPTIONS, refuseColumnsWithoutFile, rolesOf } from "./data_source.ts";
import { gather, type OptionTable, type Values } from "./options.ts";
import { type Selection, selectSeries } from "../data/select.ts";
import { exampleSeries } from "../data/simulate.ts";
import type { Table } from "../data/table.ts";
import { InputError, type Problem } from "../errors.ts";
import {
  CARRIES,
  DEFAULT_CARRY,
  DEFAULT_METHOD,
  type EngineChoice,
  type FitOptions,
  type MethodInfo,
  type MethodName,
  METHODS,
  POOLINGS,
  UNPOOLED,
} from "../fit_types.ts";
import { PRESETS } from "../model/presets.ts";
import { parseSpec, type Spec } from "../model/spec.ts";
import { plural } from "../report/format.ts";

const LARGEST_SEED = Number.MAX_SAFE_INTEGER;
/** Draws of all chains together: at 30 columns of doubles this is 1 GB, and no diagnostic gains from more. */
const MOST_DRAWS = 4_000_000;
/** The built-in example has two curves. */
export const EXAMPLE_COMPONENTS = 2;
/** Numbers of curves compare by their evidence, which no other method estimates. */
const COMPARING_METHOD: MethodName = "tempered";
const { chains, warmup, draws } = METHODS[DEFAULT_METHOD];

/** Everything about a fit but its data, its config and where it runs. */
export const FIT_OPTIONS = {
  ...COLUMN_OPTIONS,
  components: {
    kind: "integers",
    min: 1,
    max: 8,
    help: "number of response curves (default 3; example 2); several, as 1..5, are fitted and compared",
  },
  preset: {
    kind: "choice",
    choices: Object.keys(PRESETS),
    help: `priors: ${Object.keys(PRESETS).join(", ")} (default baseline)`,
  },
  method: {
    kind: "choice",
    choices: Object.keys(METHODS) as (keyof typeof METHODS)[],
    help:
      `${
        Object.keys(METHODS).join(", ")
      } (default ${DEFAULT_METHOD}: chees, then tempered, whose sizes follow ` +
      `those below in proportion; ${COMPARING_METHOD} for several --components)`,
  },
  chains: {
    kind: "integer",
    min: 4,
    max: 16384,
    help: `chains, or starts (default ${chains.webgpu}; cpu ${chains.cpu})`,
  },
  warmup: { kind: "integer", min: 20, max: 100_000, help: `warm-up per chain (default ${warmup})` },
  draws: { kind: "integer", min: 10, max: 100_000, help: `draws kept per chain (default ${draws})` },
  pooling: { kind: "choice", choices: POOLINGS, help: "nuts: what adapts together (default all chains)" },
  carry: {
    kind: "choice",
    choices: CARRIES,
    help: `two-stage: how the second takes over the baseline of the first (default ${DEFAULT_CARRY})`,
  },
  seed: {
    kind: "integer",
    min: 0,
    max: LARGEST_SEED,
    fallback: 1,
    help: "same seed, same machine, same draws",
  },
  holdout: { kind: "number", min: 0, max: 0.5, fallback: 0, help: "share of the last rows to test on" },
} as const satisfies OptionTable;

/** A wish, each value within its limits. */
export type FitValues = Values<typeof FIT_OPTIONS>;

/** Something to be read when it is needed, and what to call it in messages. */
export interface Source<T> {
  readonly name: string;
  /** @throws InputError if it cannot be read */
  read(): T | Promise<T>;
}

/** What a wish is about. */
export interface FitSources {
  /** Left out: the built-in example. Undefined when read: something else is wrong that casts doubt on the columns. */
  readonly data?: Source<Table | undefined>;
  /** Parsed JSON of model settings; what the wish names goes before it. */
  readonly config?: Source<unknown>;
  readonly engine: EngineChoice;
}

/** Fits ready to run. */
export interface FitRequest {
  /** One for each number of curves. */
  readonly fits: readonly FitOptions[];
  /** Sentences about the data: all of them for people, those that want a look for the report. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads and checks everything before any work, so that every problem shows at once.
 *
 * @param found problems found before
 * @param alsoCheck one more thing to check
 * @throws InputError with every problem
 */
export async function readFitRequest(
  values: FitValues,
  sources: FitSources,
  found: readonly Problem[] = [],
  alsoCheck: () => void | Promise<void> = () => {},
): Promise<FitRequest> {
  const problems: Problem[] = [...found];
  const several = values.components !== undefined && values.components.length > 1;
  const method = values.method ?? (several ? COMPARING_METHOD : DEFAULT_METHOD);
  const sizes = sizesOf(method, values);
  await gather(problems, () => checkSizes(sizes));
  const specs = await gather(problems, () => readSpecs(values, sources));
  await gather(problems, () => checkComponents(method, specs ?? []));
  const selection = await gather(problems, () => readSelection(sources, values, specs?.[0].controls ?? []));
  await gather(problems, alsoCheck);
  if (specs === undefined || selection === undefined || problems.length > 0) throw new InputError(problems);

  const { date, spend, target, control, group, only, pooling, carry, seed, holdout } = values;
  return {
    fits: specs.map((spec) => ({
      series: selection.series,
      spec,
      method,
      ...sizes,
      ...(pooling === undefined ? {} : { pooling }),
      ...(carry === undefined ? {} : { carry }),
      seed,
      holdout,
      engine: sources.engine,
      inputs: {
        file: sources.data?.name ?? null,
        date: date ?? null,
        spend: [...spend],
        target: target ?? null,
        controls: [...control],
        group: group ?? null,
        only: only ?? null,
        config: sources.config?.name ?? null,
        holdout,
      },
    })),
    notes: selection.notes.map(({ column, message }) =>
      column === undefined ? message : `${column}: ${message}`
    ),
    warnings: selection.notes.filter(({ severity }) => severity === "REVIEW")
      .map(({ column, message }) => `Data: ${column === undefined ? "" : `${column}, `}${message}`),
  };
}

type Sizes = Pick<FitOptions, "chains" | "warmup" | "draws">;

function sizesOf(method: MethodName, values: FitValues): Sizes {
  const usual = method === "nuts" && values.pooling === "none" ? UNPOOLED : METHODS[method];
  return {
    ...(values.chains === undefined ? {} : { chains: values.chains }),
    warmup: values.warmup ?? usual.warmup,
    draws: values.draws ?? usual.draws,
  };
}

function checkSizes({ chains = 0, draws }: Sizes): void {
  if (chains * draws <= MOST_DRAWS) return;
  throw new InputError([{
    where: "--chains and --draws",
    message:
      `ask for ${plural(chains * draws, "draw")} in all, and at most ${plural(MOST_DRAWS, "draw")} fit in ` +
      "memory; lower one of them.",
  }]);
}

function checkComponents(method: MethodName, specs: readonly Spec[]): void {
  const { fewestComponents = 1 }: MethodInfo = METHODS[method];
  if (specs.every(({ components }) => components >= fewestComponents)) return;
  throw new InputError([{
    where: "--components",
    message: `must be ${fewestComponents} or more with --method ${method}; raise it, or use another method.`,
  }]);
}

async function readSelection(
  { data }: FitSources,
  values: FitValues,
  moreControls: readonly string[],
): Promise<Pick<Selection, "series" | "notes"> | undefined> {
  const control = [...new Set([...values.control, ...moreControls])];
  if (data === undefined) {
    refuseColumnsWithoutFile({ ...values, control });
    return { series: exampleSeries(), notes: [] };
  }
  const table = await data.read();
  return table === undefined ? undefined : selectSeries(table, rolesOf({ ...values, control }));
}

/** The models: the config's settings, with what the wish names put in their place; one for each number of curves. */
async function readSpecs(
  { components, preset }: FitValues,
  { data, config }: FitSources,
): Promise<Spec[]> {
  const example = data === undefined;
  if (example && config === undefined && preset === undefined) components ??= [EXAMPLE_COMPONENTS];
  const settings = config === undefined ? {} : await config.read();
  // Settings that are no object are parseSpec's to refuse.
  const isRecord = typeof settings === "object" && settings !== null && !Array.isArray(settings);
  const models = components === undefined ? [{}] : components.map((each) => ({ components: each }));
  return models.map((model) => {
    const named = { ...model, ...(preset === undefined ? {} : { preset }) };
    return parseSpec(isRecord ? { ...settings, ...named } : settings, config?.name ?? "the model");
  });
}
