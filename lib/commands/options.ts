/**
 * Command lines as tables: each command lists its options once, and parsing, checking, defaults and `--help`
 * all follow from the list. Every problem on a line is reported at once.
 */
import { parseArgs } from "node:util";
import { InputError, type Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";

interface Described {
  /** What it does, a short phrase for `--help`. */
  readonly help: string;
}
/** A string; `hint` stands for the value in `--help`, such as `FILE`. */
interface TextOption extends Described {
  readonly kind: "text";
  readonly hint: string;
}
/** Strings, by commas or by repeating the option. */
interface ListOption extends Described {
  readonly kind: "list";
  readonly hint: string;
}
interface NumberOption extends Described {
  readonly kind: "integer" | "number";
  readonly min: number;
  readonly max: number;
  readonly fallback?: number;
}
/** Whole numbers, ascending, each once: `3`, `1..5` or `1,2,4`. */
interface IntegersOption extends Described {
  readonly kind: "integers";
  readonly min: number;
  readonly max: number;
}
interface ChoiceOption<C extends string = string> extends Described {
  readonly kind: "choice";
  readonly choices: readonly C[];
  readonly fallback?: C;
}
interface FlagOption extends Described {
  readonly kind: "flag";
}
export type Option = TextOption | ListOption | NumberOption | IntegersOption | ChoiceOption | FlagOption;

/** Options of one command by name, without the dashes. */
export type OptionTable = Readonly<Record<string, Option>>;

type Present<O extends Option> = O extends { kind: "flag" } ? boolean
  : O extends { kind: "list" } ? readonly string[]
  : O extends { kind: "integer" | "number" } ? number
  : O extends { kind: "integers" } ? readonly number[]
  : O extends ChoiceOption<infer C> ? C
  : string;
type AlwaysPresent = { kind: "flag" | "list" } | { fallback: unknown };

/** Values of a table's options; those without a default are undefined when not given. */
export type Values<T extends OptionTable> = {
  readonly [N in keyof T]: T[N] extends AlwaysPresent ? Present<T[N]> : Present<T[N]> | undefined;
};

/** A word without dashes that a command takes. */
export interface Positional {
  /** As shown in `--help`: `DATA.csv`. */
  readonly name: string;
  readonly required: boolean;
  readonly help: string;
}

/** A command's grammar. */
export interface Grammar<T extends OptionTable> {
  readonly name: string;
  readonly positionals: readonly Positional[];
  readonly options: T;
}

/** A line read by a grammar. */
export interface Line<T extends OptionTable> {
  readonly values: Values<T>;
  readonly positionals: readonly string[];
  /** Everything wrong with the line; the values of options that are wrong are their defaults. */
  readonly problems: readonly Problem[];
}

/** Whether help is asked for anywhere on the line, which goes before anything else on it. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === "--help" || arg === "-h");
}

/** Reads a command line. Never throws: what is wrong is in `problems`. */
export function readLine<T extends OptionTable>(grammar: Grammar<T>, args: readonly string[]): Line<T> {
  const { options } = grammar;
  const { tokens } = parseArgs({
    args: markMissingValues(args, options),
    options: Object.fromEntries(
      Object.entries(options).map(([name, { kind }]) => [
        name,
        { type: kind === "flag" ? "boolean" as const : "string" as const },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const problems: Problem[] = [];
  const written = new Map<string, (string | undefined)[]>();
  const positionals: string[] = [];
  let unknownAt = -1; // index of the last unknown option; the word after it may be its value
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (token.index !== unknownAt + 1 || unknownAt < 0) positionals.push(token.value);
    } else if (token.kind === "option" && Object.hasOwn(options, token.name)) {
      written.set(token.name, [...written.get(token.name) ?? [], token.value]);
    } else if (token.kind === "option" && token.index !== unknownAt) { // `-abc` is three tokens of one index
      problems.push(
        unknownOption(token.rawName.startsWith("--") ? token.rawName : args[token.index], grammar),
      );
      unknownAt = token.inlineValue ? -1 : token.index;
    }
  }

  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const result = readOption(`--${name}`, option, written.get(name) ?? []);
      if ("problem" in result) problems.push(result.problem);
      return [name, "problem" in result ? absent(option) : result.value];
    }),
  ) as Values<T>;
  problems.push(...positionalProblems(grammar, positionals));
  return { values, positionals, problems };
}

/** Adds the problems of a piece of checking to `problems`; returns its value, or undefined if it had any. */
export async function gather<T>(problems: Problem[], check: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** parseArgs takes `--draws` for the value in `--chains --draws 9`; an empty value marks what is missing. */
function markMissingValues(args: readonly string[], options: OptionTable): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    const isOption = arg.startsWith("--") && (end < 0 || i < end);
    const option = isOption ? options[arg.slice(2)] : undefined;
    const takesValue = option !== undefined && option.kind !== "flag";
    const next = args[i + 1];
    return takesValue && (next === undefined || /^--|^-[a-z]/i.test(next)) ? `${arg}=` : arg;
  });
}

function unknownOption(written: string, grammar: Grammar<OptionTable>): Problem {
  const names = [...Object.keys(grammar.options), "help"].map((name) => `--${name}`);
  const guess = didYouMean(written, names);
  return {
    where: written,
    message: `${grammar.name} has no such option.${
      guess || ` "deno task ${grammar.name} --help" lists them.`
    }`,
  };
}

type Reading = { readonly value: unknown } | { readonly problem: Problem };

function readOption(where: string, option: Option, written: readonly (string | undefined)[]): Reading {
  if (written.length === 0) return { value: absent(option) };
  if (option.kind === "flag") {
    const value = written.find((each) => each !== undefined);
    return value === undefined
      ? { value: true }
      : { problem: { where, value, message: "this option is a switch and takes no value." } };
  }
  if (written.includes("")) {
    return { problem: { where, message: `needs a value: ${where} ${valueHint(option)}.` } };
  }
  if (option.kind === "list") {
    const items = written.flatMap((each) => each!.split(",")).map((item) => item.trim());
    return items.includes("")
      ? { problem: { where, value: written.join(","), message: "has an empty name between commas." } }
      : { value: items };
  }
  if (written.length > 1) {
    return { problem: { where, message: `is given ${written.length} times; give it once.` } };
  }
  const value = written[0]!;
  if (option.kind === "text") return { value };
  if (option.kind === "choice") {
    if (option.choices.includes(value)) return { value };
    const guess = didYouMean(value, option.choices);
    const message = `is not one of ${option.choices.join(", ")}.${guess}`;
    return { problem: { where, value, message } };
  }
  return option.kind === "integers" ? readIntegers(where, option, value) : readNumber(where, option, value);
}

function readIntegers(where: string, { min, max }: IntegersOption, value: string): Reading {
  const fail = (message: string): Reading => ({ problem: { where, value, message } });
  const chosen = new Set<number>();
  for (const piece of value.split(",")) {
    const [, from, to = from] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(piece) ?? [];
    if (from === undefined) {
      return fail(
        `is not a whole number; give one from ${min} to ${max}, or several: ${min}..${max} or ${min},${max}.`,
      );
    }
    const first = Number(from), last = Number(to);
    if (first > last) return fail(`runs backwards; write ${to}..${from}.`);
    if (first < min || last > max) return fail(`is out of range; give a whole number from ${min} to ${max}.`);
    for (let number = first; number <= last; number++) chosen.add(number);
  }
  return { value: [...chosen].sort((a, b) => a - b) };
}

function readNumber(where: string, option: NumberOption, value: string): Reading {
  const whole = option.kind === "integer";
  const kind = whole ? "a whole number" : "a number";
  const pattern = whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const range = `from ${option.min} to ${option.max}`;
  if (!pattern.test(value)) {
    return { problem: { where, value, message: `is not ${kind}; give one ${range}.` } };
  }
  const number = Number(value);
  return number >= option.min && number <= option.max
    ? { value: number }
    : { problem: { where, value, message: `is out of range; give ${kind} ${range}.` } };
}

function absent(option: Option): unknown {
  if (option.kind === "flag") return false;
  if (option.kind === "list") return [];
  return "fallback" in option ? option.fallback : undefined;
}

function positionalProblems(grammar: Grammar<OptionTable>, given: readonly string[]): Problem[] {
  const missing = grammar.positionals.slice(given.length).filter((each) => each.required);
  const surplus = given.slice(grammar.positionals.length);
  return [
    ...missing.map(({ name, help }) => ({
      where: grammar.name,
      message: `needs ${name}, ${help}.`,
    })),
    ...surplus.map((value) => ({
      where: grammar.name,
      value,
      message: `one word too many; ${
        grammar.positionals.length === 0 ? "it takes options only" : `it takes ${positionalUsage(grammar)}`
      }. Quote names that hold spaces.`,
    })),
  ];
}

/** `[DATA.csv]`, `RUN`. */
export function positionalUsage(grammar: Pick<Grammar<OptionTable>, "positionals">): string {
  return grammar.positionals.map(({ name, required }) => required ? name : `[${name}]`).join(" ");
}

/** What stands for an option's value in help: `N`, `FILE`, `auto|cpu`. */
export function valueHint(option: Option): string {
  switch (option.kind) {
    case "flag":
      return "";
    case "text":
      return option.hint;
    case "list":
      return `${option.hint}[,${option.hint}]`;
    case "choice":
      return option.choices.join("|").length <= 24 ? option.choices.join("|") : "NAME";
    case "integers":
      return "N|A..B";
    default:
      return option.kind === "integer" ? "N" : "X";
  }
}
