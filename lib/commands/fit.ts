/** `fit`: from a CSV file to a run directory and a verdict. */
import { dirname } from "node:path";
import { type Selection, selectSeries } from "../data/select.ts";
import { exampleSeries } from "../data/simulate.ts";
import { InputError, type Problem, WriteError } from "../errors.ts";
import { fit as runFit } from "../fit.ts";
import {
  CARRIES,
  DEFAULT_CARRY,
  DEFAULT_METHOD,
  ENGINES,
  type FitOptions,
  type FitOutcome,
  type MethodInfo,
  type MethodName,
  METHODS,
  POOLINGS,
  UNPOOLED,
} from "../fit_types.ts";
import { PRESETS } from "../model/presets.ts";
import { parseSpec, type Spec } from "../model/spec.ts";
import { plural } from "../report/format.ts";
import { progressView } from "../report/progress.ts";
import { summaryText } from "../report/summary.ts";
import type { Terminal } from "../report/terminal.ts";
import { removeComponents } from "../runs/components.ts";
import { checkRunPath, reportJson } from "../runs/directory.ts";
import { reasonOf } from "../runs/files.ts";
import { keptSentence, RunJournal } from "../runs/journal.ts";
import { defineCommand, Exit } from "./command.ts";
import { compareFits, withWarnings } from "./fit_components.ts";
import {
  COLUMN_OPTIONS,
  readBytes,
  readTableFile,
  refuseColumnsWithoutFile,
  rolesOf,
} from "./data_source.ts";
import { watchInterrupt } from "./interrupt.ts";
import { gather, type Line, type OptionTable, type Values } from "./options.ts";

const LARGEST_SEED = Number.MAX_SAFE_INTEGER;
/** Draws of all chains together: at 30 columns of doubles this is 1 GB, and no diagnostic gains from more. */
const MOST_DRAWS = 4_000_000;
/** The built-in example has two curves. */
const EXAMPLE_COMPONENTS = 2;
/** Numbers of curves compare by their evidence, which no other method estimates. */
const COMPARING_METHOD: MethodName = "tempered";
const { chains, warmup, draws } = METHODS[DEFAULT_METHOD];

const OPTIONS = {
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
  config: { kind: "text", hint: "FILE.json", help: "model settings; --components and --preset go before it" },
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
  engine: { kind: "choice", choices: ENGINES, fallback: "auto", help: "where to compute" },
  out: { kind: "text", hint: "DIR", help: "run directory (default: a new one under runs/)" },
  force: { kind: "flag", help: "write into --out even if it holds files" },
  strict: { kind: "flag", help: "exit with 3 when the verdict is fail, or no K can be recommended" },
  json: { kind: "flag", help: "print the fit.json object alone; of several K, components.json" },
  quiet: { kind: "flag", help: "no progress and no notes" },
} as const satisfies OptionTable;

type FitValues = Values<typeof OPTIONS>;

export const fit = defineCommand({
  name: "fit",
  summary:
    "Fit the Hill-mixture model to a CSV file, or to the built-in example, and say whether to trust it.",
  positionals: [{
    name: "DATA.csv",
    required: false,
    help: "the data; without it the built-in example is fitted",
  }],
  options: OPTIONS,
  example: "fit sales.csv --date week --spend tv,radio --target revenue --components 2 --holdout 0.2",
  run: runCommand,
});

/** Fits ready to run. */
interface Request {
  /** One for each number of curves. */
  readonly fits: readonly FitOptions[];
  /** Sentences about the data: all of them for the terminal, those that want a look for the report. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

async function runCommand(line: Line<typeof OPTIONS>, terminal: Terminal): Promise<Exit> {
  const { values } = line;
  const request = await readRequest(line);
  if (!values.quiet) { for (const note of request.notes) terminal.err.write(`${note}\n`); }

  if (request.fits.length > 1) return await compareFits(request, values, terminal);
  const journal = new RunJournal(values.out);
  const outcome = await sample(request, journal, values.quiet, terminal);
  if (outcome === undefined) return Exit.interrupted;
  const { report, draws } = outcome;
  const { files, problem } = await keep(outcome, journal);
  if (problem !== undefined) terminal.err.write(terminal.err.paint("red", "error: ") + problem + "\n");
  else if (journal.trouble !== undefined && !values.quiet) terminal.err.write(`${journal.trouble}\n`);
  const style = { width: terminal.out.width(), paint: terminal.out.paint };
  terminal.out.write(values.json ? reportJson(report) : summaryText(report, draws, files, style));
  if (problem !== undefined) return Exit.internal;
  if (report.partial) return Exit.interrupted;
  return values.strict && report.verdict.status === "fail" ? Exit.failedVerdict : Exit.done;
}

/** The files of the run, or why there are none: then the results on the terminal are all there is. */
async function keep(
  outcome: FitOutcome,
  journal: RunJournal,
): Promise<{ readonly files: readonly string[]; readonly problem?: string }> {
  try {
    const files = await journal.finish(outcome);
    await removeComponents(dirname(files[0]!)); // --force may have put the run where a comparison was
    return { files };
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    return { files: [], problem: error.message };
  }
}

/** Undefined when interrupted before there was a result; says what is kept. */
async function sample(
  request: Request,
  journal: RunJournal,
  quiet: boolean,
  terminal: Terminal,
): Promise<FitOutcome | undefined> {
  using interrupt = watchInterrupt(terminal.err);
  const { signal } = interrupt;
  const view = progressView(terminal.err, quiet);
  try {
    const outcome = await runFit(request.fits[0], { ...journal.hooks(view.show), signal });
    return withWarnings(outcome, request.warnings);
  } catch (error) {
    const interrupted = signal.aborted && error === signal.reason;
    const kept = journal.abandon(
      interrupted ? "was interrupted" : `ended with an error (${reasonOf(error)})`,
    );
    view.close();
    if (kept !== undefined) {
      terminal.err.write(`${interrupted ? "Interrupted; " : ""}${keptSentence(kept)}.\n`);
    } else if (interrupted) {
      terminal.err.write("Interrupted before there were draws to keep; nothing was written.\n");
    }
    if (interrupted) return undefined;
    throw error;
  } finally {
    view.close();
  }
}

/** Reads and checks everything before any work, so that every problem shows at once. */
async function readRequest(line: Line<typeof OPTIONS>): Promise<Request> {
  const { values } = line;
  const [file] = line.positionals;
  const problems: Problem[] = [...line.problems];
  const several = values.components !== undefined && values.components.length > 1;
  const method = values.method ?? (several ? COMPARING_METHOD : DEFAULT_METHOD);
  const sizes = sizesOf(method, values);
  await gather(problems, () => checkSizes(sizes));
  const specs = await gather(problems, () => readSpecs(values, file === undefined));
  await gather(problems, () => checkComponents(method, specs ?? []));
  const selection = await gather(problems, () => readSelection(file, line, specs?.[0].controls ?? []));
  // A default directory gets its name from the finished fit, but its place can be checked now.
  await gather(problems, () => checkRunPath(values.out ?? "runs", values.force || values.out === undefined));
  if (specs === undefined || selection === undefined || problems.length > 0) throw new InputError(problems);

  const { date, spend, target, control, group, only, config, pooling, carry, seed, holdout, engine } = values;
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
      engine,
      inputs: {
        file: file ?? null,
        date: date ?? null,
        spend: [...spend],
        target: target ?? null,
        controls: [...control],
        group: group ?? null,
        only: only ?? null,
        config: config ?? null,
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
  file: string | undefined,
  { values, problems }: Line<typeof OPTIONS>,
  moreControls: readonly string[],
): Promise<Pick<Selection, "series" | "notes"> | undefined> {
  if (file === undefined) {
    refuseColumnsWithoutFile({ ...values, control: [...values.control, ...moreControls] });
    return { series: exampleSeries(), notes: [] };
  }
  const table = await readTableFile(file);
  // With `--spned tv` on the line, "no spend column" would be a misleading second complaint.
  const columnsInDoubt = problems.some(({ where }) => {
    const name = where.slice("--".length);
    return Object.hasOwn(COLUMN_OPTIONS, name) || !Object.hasOwn(OPTIONS, name);
  });
  return columnsInDoubt ? undefined : selectSeries(
    table,
    rolesOf({ ...values, control: [...new Set([...values.control, ...moreControls])] }),
  );
}

/**
 * The models: the config file's settings, with what the command line names put in their place; one for each number
 * of curves.
 */
async function readSpecs({ config, components, preset }: FitValues, example: boolean): Promise<Spec[]> {
  if (example && config === undefined && preset === undefined) components ??= [EXAMPLE_COMPONENTS];
  const settings = config === undefined ? {} : await readConfig(config);
  // A file that is no object is parseSpec's to refuse.
  const isRecord = typeof settings === "object" && settings !== null && !Array.isArray(settings);
  const models = components === undefined ? [{}] : components.map((each) => ({ components: each }));
  return models.map((model) => {
    const named = { ...model, ...(preset === undefined ? {} : { preset }) };
    return parseSpec(isRecord ? { ...settings, ...named } : settings, config ?? "the model");
  });
}

async function readConfig(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError([{
      where: path,
      message: `is not valid JSON (${(error as Error).message}); mend it, or leave --config out.`,
    }]);
  }
}
