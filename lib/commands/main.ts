/** The list of commands, and what becomes of their errors: sentences on stderr and an exit code. */
import { DeviceError, formatProblem, InputError, type Problem, WriteError } from "../errors.ts";
import { hang } from "../report/layout.ts";
import type { Terminal } from "../report/terminal.ts";
import { didYouMean } from "../suggest.ts";
import { VERSION } from "../version.ts";
import { bench } from "./bench.ts";
import { check } from "./check.ts";
import { type Command, Exit } from "./command.ts";
import { compare } from "./compare.ts";
import { diagnose } from "./diagnose.ts";
import { doctor } from "./doctor.ts";
import { fit } from "./fit.ts";
import { asksForHelp } from "./options.ts";
import { serve } from "./serve.ts";
import { simulate } from "./simulate.ts";

const COMMANDS: readonly Command[] = [fit, compare, check, simulate, diagnose, serve, doctor, bench];

/** Set to 1, it adds the stack trace to an internal error. */
const DEBUG_VARIABLE = "HILLMIX_DEBUG";

/**
 * Runs a command line to its end.
 *
 * @returns the exit code; never throws
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<Exit> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      const asked = name !== undefined;
      (asked ? terminal.out : terminal.err).write(overview(terminal.out.width()));
      return asked ? Exit.done : Exit.badInput;
    }
    if (name === "--version") {
      terminal.out.write(`${VERSION}\n`);
      return Exit.done;
    }
    const command = COMMANDS.find((each) => each.name === name);
    if (command === undefined) throw new InputError([unknownCommand(name)]);
    if (asksForHelp(rest)) {
      terminal.out.write(command.help(terminal.out.width()));
      return Exit.done;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    return explain(error, terminal);
  }
}

function overview(width: number): string {
  const longest = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    "Usage: deno task <command> [options]",
    "",
    ...COMMANDS.flatMap(({ name, summary }) => hang(`  ${name.padEnd(longest)}  `, summary, width)),
    "",
    ...hang("", `"deno task <command> --help" lists a command's options. hillmix ${VERSION}`, width),
    "",
  ].join("\n");
}

function unknownCommand(value: string): Problem {
  const names = COMMANDS.map(({ name }) => name);
  const message = `there is no such command; there are ${names.join(", ")}.${didYouMean(value, names)}`;
  return { where: "hillmix", value, message };
}

function explain(error: unknown, { err }: Terminal): Exit {
  const say = (text: string) => {
    // A log keeps one problem per line, so that it can be searched; a person gets it wrapped.
    const lines = err.interactive ? hang("", text, err.width()) : [text];
    err.write(lines.join("\n") + "\n");
  };
  if (error instanceof InputError) {
    for (const problem of error.problems) say(err.paint("red", "error: ") + formatProblem(problem));
    return Exit.badInput;
  }
  if (error instanceof DeviceError || error instanceof WriteError) {
    say(err.paint("red", "error: ") + error.message);
    return Exit.internal;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(
    `${
      err.paint("red", "internal error: ")
    }${message} This is a fault of hillmix, not of your input; please ` +
      `report it with the stack trace that ${DEBUG_VARIABLE}=1 adds.`,
  );
  if (wantsStack() && error instanceof Error) err.write(`${error.stack}\n`);
  return Exit.internal;
}

function wantsStack(): boolean {
  const permission = Deno.permissions.querySync({ name: "env", variable: DEBUG_VARIABLE });
  return permission.state === "granted" && Deno.env.get(DEBUG_VARIABLE) === "1";
}
