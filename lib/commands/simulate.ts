/** `simulate`: writes a series with known truth, and the truth beside it. */
import {
  builtInExample,
  DEFAULT_LENGTH,
  MOST_ROWS,
  PROCESS_NAMES,
  simulateSeries,
  simulationCsv,
  type Truth,
} from "../data/simulate.ts";
import { FEWEST_ROWS } from "../data/select.ts";
import { InputError, type Problem } from "../errors.ts";
import type { Terminal } from "../report/terminal.ts";
import { defineCommand, Exit } from "./command.ts";
import type { Line, OptionTable, Values } from "./options.ts";

/** The name under which the data that `fit` runs without a file can be written out. */
const EXAMPLE = "example";
const DEFAULT_SEED = 1;

const OPTIONS = {
  dgp: {
    kind: "choice",
    choices: [...PROCESS_NAMES, EXAMPLE],
    fallback: "mixture_k2",
    help: "what makes the data: one to five response curves, or the built-in example",
  },
  seed: {
    kind: "integer",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    help: `random seed (default ${DEFAULT_SEED})`,
  },
  length: { kind: "integer", min: FEWEST_ROWS, max: MOST_ROWS, help: `rows (default ${DEFAULT_LENGTH})` },
  out: {
    kind: "text",
    hint: "FILE.csv",
    help: "where to write (default: named after process, length and seed)",
  },
  force: { kind: "flag", help: "overwrite files that exist" },
} as const satisfies OptionTable;

export const simulate = defineCommand({
  name: "simulate",
  summary: "Write simulated data, and the truth behind it as JSON beside it.",
  positionals: [],
  options: OPTIONS,
  example: "simulate --dgp mixture_k3 --seed 7 --length 200 --out sim.csv",
  run: runCommand,
});

async function runCommand(line: Line<typeof OPTIONS>, terminal: Terminal): Promise<Exit> {
  const { values } = line;
  const { csv, truth, name } = simulateData(values);
  const paths = outputPaths(values.out ?? name);
  const problems = [
    ...line.problems,
    ...fixedExample(values),
    ...("problem" in paths ? [paths.problem] : await pathProblems([paths.data, paths.truth], values.force)),
  ];
  if (problems.length > 0 || "problem" in paths) throw new InputError(problems);
  await writeFile(paths.data, csv);
  await writeFile(paths.truth, truthJson(truth));
  terminal.out.write(`Wrote ${paths.data} (${truth.rows} rows) and ${paths.truth}.\n`);
  return Exit.done;
}

function simulateData(values: Values<typeof OPTIONS>): { csv: string; truth: Truth; name: string } {
  const { dgp, seed = DEFAULT_SEED, length = DEFAULT_LENGTH } = values;
  const process = PROCESS_NAMES.find((each) => each === dgp);
  if (process === undefined) return { ...builtInExample(), name: `${EXAMPLE}.csv` };
  const simulation = simulateSeries(process, seed, length);
  return {
    csv: simulationCsv(simulation),
    truth: simulation.truth,
    name: `${process}_T${length}_seed${seed}.csv`,
  };
}

/** JSON with one line for each list of numbers. */
function truthJson(truth: Truth): string {
  const text = JSON.stringify(truth, null, 2);
  return text.replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, " ")) + "\n";
}

function fixedExample({ dgp, seed, length }: Values<typeof OPTIONS>): Problem[] {
  if (dgp !== EXAMPLE) return [];
  return Object.entries({ seed, length }).filter(([, value]) => value !== undefined).map(([name]) => ({
    where: `--${name}`,
    message: `the built-in example has a ${name} of its own; leave this option out.`,
  }));
}

type OutputPaths = { readonly data: string; readonly truth: string } | { readonly problem: Problem };

/** `x.csv` and `x.truth.json`; a path without an ending gets one. */
function outputPaths(out: string): OutputPaths {
  const ending = /\.[^./\\]*$/.exec(out)?.[0];
  if (/[/\\]$/.test(out)) {
    return { problem: { where: "--out", value: out, message: "names a directory; add a file name." } };
  }
  if (ending !== undefined && ending.toLowerCase() !== ".csv") {
    return {
      problem: { where: "--out", value: out, message: "the data is written as CSV; end the name with .csv." },
    };
  }
  const stem = ending === undefined ? out : out.slice(0, -ending.length);
  return { data: `${stem}${ending ?? ".csv"}`, truth: `${stem}.truth.json` };
}

async function pathProblems(paths: readonly string[], force: boolean): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const path of paths) {
    const found = await stat(path);
    if (found?.isDirectory) {
      problems.push({ where: "--out", value: path, message: "is a directory; name a file." });
    } else if (found !== undefined && !force) {
      problems.push({
        where: "--out",
        value: path,
        message: "exists already; choose another name or add --force.",
      });
    }
  }
  return problems;
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

async function writeFile(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw new InputError([{ where: "--out", value: path, message: writeAdvice(error) }]);
  }
}

function writeAdvice(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its directory does not exist; make it first.";
  if (error instanceof Deno.errors.NotADirectory) return "part of the path is a file, not a directory.";
  if (error instanceof Deno.errors.PermissionDenied) return "may not be written: permission denied.";
  throw error;
}
