/**
 * What a comparison can be asked for, by name, and how a wish becomes a comparison ready to run; the command line and
 * the service share it, as they share {@link "./fit_request.ts"}.
 */
import type { Comparison } from "../compare/compare.ts";
import {
  type Contender,
  CONTENDERS,
  contendersOf,
  fewestComponents,
  USUAL_CONTENDERS,
  usualContenders,
} from "../compare/contenders.ts";
import { builtInExample } from "../data/simulate.ts";
import { InputError, type Problem } from "../errors.ts";
import { COLUMN_OPTIONS } from "./data_source.ts";
import { FIT_OPTIONS, type FitRequest, type FitSources, readFitRequest } from "./fit_request.ts";
import { gather, type OptionTable, type Values } from "./options.ts";

const usual = new Set(USUAL_CONTENDERS);
const onRequest = CONTENDERS.filter((each) => !usual.has(each));
const namesOf = (contenders: readonly Contender[]) => contenders.map(({ name }) => name).join(", ");

/** Everything about a comparison but its data, its config and where it runs. */
export const COMPARE_OPTIONS = {
  ...COLUMN_OPTIONS,
  components: { kind: "integer", min: 1, max: 8, help: "number of response curves (default 3; example 2)" },
  preset: FIT_OPTIONS.preset,
  methods: {
    kind: "list",
    hint: "NAME",
    help: `what to compare (default ${namesOf(USUAL_CONTENDERS)}; on request ${namesOf(onRequest)})`,
  },
  effort: {
    kind: "number",
    min: 0.01,
    max: 100,
    fallback: 1,
    help: "what the usual warm-up and draws of every method are multiplied by",
  },
  seed: FIT_OPTIONS.seed,
  holdout: FIT_OPTIONS.holdout,
} as const satisfies OptionTable;

/** A wish, each value within its limits. */
export type CompareValues = Values<typeof COMPARE_OPTIONS>;

/** A comparison ready to run, and sentences about its data as of a fit's. */
export interface CompareRequest extends Pick<FitRequest, "notes" | "warnings"> {
  /** With the truth where the data is the built-in example, whose truth is known. */
  readonly comparison: Comparison;
}

/**
 * Reads and checks everything before any work, so that every problem shows at once.
 *
 * @param found problems found before
 * @param alsoCheck one more thing to check
 * @throws InputError with every problem
 */
export async function readCompareRequest(
  { methods, effort, components, ...rest }: CompareValues,
  sources: FitSources,
  found: readonly Problem[] = [],
  alsoCheck?: () => void | Promise<void>,
): Promise<CompareRequest> {
  const problems: Problem[] = [...found];
  const named = await gather(problems, () => contendersOf(methods)) ?? [];
  const values = {
    ...rest,
    components: components === undefined ? undefined : [components],
    method: undefined,
    chains: undefined,
    warmup: undefined,
    draws: undefined,
    pooling: undefined,
    carry: undefined,
  };
  const { fits: [base], notes, warnings } = await readFitRequest(values, sources, problems, alsoCheck);
  refuseFewCurves(named, base.spec.components);
  const contenders = named.length > 0 ? named : usualContenders(base.spec.components);
  const truth = sources.data === undefined ? { truth: builtInExample().truth } : {};
  return { comparison: { contenders, base, effort, ...truth }, notes, warnings };
}

function refuseFewCurves(named: readonly Contender[], components: number): void {
  const problems = named.filter((each) => components < fewestComponents(each)).map((each) => ({
    where: "--methods",
    value: each.name,
    message: `needs ${fewestComponents(each)} curves or more; raise --components, or leave this method out.`,
  }));
  if (problems.length > 0) throw new InputError(problems);
}
