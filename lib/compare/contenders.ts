/** What a comparison can run: every method, and the ways of running one that are worth a row of their own. */
import { InputError } from "../errors.ts";
import {
  CARRIES,
  type Carry,
  type FitOptions,
  type MethodInfo,
  type MethodName,
  METHODS,
  UNPOOLED,
} from "../fit_types.ts";
import { didYouMean } from "../suggest.ts";

/** What a variant changes about its method's usual options. */
type Change = Partial<
  Omit<FitOptions, "series" | "spec" | "method" | "seed" | "holdout" | "engine" | "inputs">
>;

/** One row of a comparison. */
export interface Contender {
  /** The method's name, or `method:variant`. */
  readonly name: string;
  readonly method: MethodName;
  /**
   * Whether its draws are, in the limit, draws of the posterior itself. Anything else has an error that no check of
   * its own draws can see.
   */
  readonly exact: boolean;
  readonly change: Change;
}

/** Methods whose draws are, in the limit, draws of the posterior. */
const EXACT: ReadonlySet<string> = new Set<MethodName>(["auto", "chees", "nuts", "tempered"]);

/** A method's variants, named by the value of the option that makes them. */
const VARIANTS: { readonly [M in MethodName]?: Readonly<Record<string, Change>> } = {
  nuts: {
    none: { pooling: "none", chains: UNPOOLED.chains.cpu, warmup: UNPOOLED.warmup, draws: UNPOOLED.draws },
  },
  "two-stage": Object.fromEntries(CARRIES.map((carry: Carry) => [carry, { carry }])),
};

/** `auto` runs `chees` and `tempered`, which are there under their own names; `two-stage` is one of its carries. */
const ON_REQUEST: ReadonlySet<string> = new Set(["auto", "two-stage"]);

/** Everything that can be compared, variants after their method. */
export const CONTENDERS: readonly Contender[] = (Object.keys(METHODS) as MethodName[]).flatMap((method) => {
  const variants = Object.entries(VARIANTS[method] ?? {}), exact = EXACT.has(method);
  return [
    { name: method, method, exact, change: {} },
    ...variants.map(([variant, change]) => ({ name: `${method}:${variant}`, method, exact, change })),
  ];
});

/** What is compared unless some are named. */
export const USUAL_CONTENDERS: readonly Contender[] = CONTENDERS.filter(({ name }) => !ON_REQUEST.has(name));

/** Those of them that make sense for a model of K curves. */
export function usualContenders(components: number): readonly Contender[] {
  return USUAL_CONTENDERS.filter((contender) => components >= fewestComponents(contender));
}

/** Curves that a model needs for a contender to mean anything. */
export function fewestComponents({ method }: Contender): number {
  const { fewestComponents = 1 }: MethodInfo = METHODS[method];
  return fewestComponents;
}

/**
 * The contenders of these names, in their order, each once.
 *
 * @param where the option to blame
 * @throws InputError with every name that is none
 */
export function contendersOf(names: readonly string[], where = "--methods"): readonly Contender[] {
  const known = CONTENDERS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new InputError(unknown.map((value) => ({
      where,
      value,
      message: `is not one of ${known.join(", ")}.${didYouMean(value, known)}`,
    })));
  }
  return [...new Set(names)].map((name) => CONTENDERS.find((each) => each.name === name)!);
}

/** Fewest warm-up transitions and draws that a fit may be asked for. */
const FEWEST = { warmup: 20, draws: 10 } as const;

/**
 * A contender's fit.
 *
 * @param base the data and the model; its method and sizes are put aside
 * @param effort what the usual warm-up and draws are multiplied by
 */
export function optionsOf({ method, change }: Contender, base: FitOptions, effort: number): FitOptions {
  const { chains: _chains, pooling: _pooling, carry: _carry, ...shared } = base, usual = METHODS[method];
  const sized = { warmup: usual.warmup, draws: usual.draws, ...change };
  return {
    ...shared,
    ...sized,
    method,
    warmup: Math.max(FEWEST.warmup, Math.round(effort * sized.warmup)),
    draws: Math.max(FEWEST.draws, Math.round(effort * sized.draws)),
  };
}

/** Name of a contender's run directory: `nuts-none`. */
export function runName({ name }: Pick<Contender, "name">): string {
  return name.replaceAll(":", "-");
}
