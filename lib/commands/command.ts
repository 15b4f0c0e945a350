/** What a command is, and how its `--help` is written from its own tables. */
import { hang, wrap } from "../report/layout.ts";
import type { Terminal } from "../report/terminal.ts";
import {
  type Grammar,
  type Line,
  type Option,
  type OptionTable,
  positionalUsage,
  readLine,
} from "./options.ts";
import { valueHint } from "./options.ts";

/** Exit codes of every command. */
export const Exit = {
  done: 0,
  internal: 1,
  badInput: 2,
  /** Finished with verdict `fail` under `--strict`. */
  failedVerdict: 3,
  /** 128 + SIGINT: interrupted, what was drawn is kept. */
  interrupted: 130,
} as const;
export type Exit = typeof Exit[keyof typeof Exit];

/** A command ready to be listed and run. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  help(width: number): string;
  /** @throws InputError for anything the user can mend; nothing was written then */
  run(args: readonly string[], terminal: Terminal): Promise<Exit>;
}

/** What a command's file says of it. */
export interface Definition<T extends OptionTable> extends Grammar<T> {
  readonly summary: string;
  /** A line to copy, without `deno task`. */
  readonly example: string;
  run(line: Line<T>, terminal: Terminal): Promise<Exit>;
}

/** Makes a command of its definition. */
export function defineCommand<T extends OptionTable>(definition: Definition<T>): Command {
  return {
    name: definition.name,
    summary: definition.summary,
    help: (width) => commandHelp(definition, width),
    run: (args, terminal) => definition.run(readLine(definition, args), terminal),
  };
}

function commandHelp<T extends OptionTable>(definition: Definition<T>, width: number): string {
  const usage = ["Usage: deno task", definition.name, positionalUsage(definition), "[options]"];
  const entries = [
    ...definition.positionals.map(({ name, help }) => [name, help]),
    ...Object.entries(definition.options).map(([name, option]) => [
      `--${name} ${valueHint(option)}`.trim(),
      option.help + fallbackNote(option),
    ]),
    ["--help", "show this"],
  ];
  const indent = Math.min(26, Math.floor(width / 2));
  const lines = entries.flatMap(([term, help]) =>
    term.length + 4 <= indent
      ? hang(`  ${term}`.padEnd(indent), help, width)
      : [`  ${term}`, ...hang(" ".repeat(indent), help, width)]
  );
  return [
    ...wrap(usage.filter((part) => part !== "").join(" "), width),
    "",
    ...wrap(definition.summary, width),
    "",
    ...lines,
    "",
    `Example: deno task ${definition.example}`,
    "",
  ].join("\n");
}

function fallbackNote(option: Option): string {
  return "fallback" in option && option.fallback !== undefined ? ` (default ${option.fallback})` : "";
}
