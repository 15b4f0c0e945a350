/** The real command line in a directory of its own, for comparing results. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

export interface Cli extends AsyncDisposable {
  readonly directory: string;
  /** Runs `fit`; what it wrote. */
  fit(line: string): Promise<Run>;
  /** Runs `compare`; the `compare.json` object, and what each run holds. */
  compare(line: string): Promise<{ readonly report: Report; readonly runs: ReadonlyMap<string, Run> }>;
}

// deno-lint-ignore no-explicit-any -- looked into at many places, each of which asserts what it finds
type Report = Record<string, any>;

export interface Run {
  /** The `fit.json` object. */
  readonly report: Report;
  readonly draws: string;
}

export async function makeCli(): Promise<Cli> {
  const directory = await Deno.makeTempDir();
  let runs = 0;
  /** Runs a command; the directory that it wrote. */
  const run = async (command: string, line: string): Promise<string> => {
    const out = `run-${++runs}`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", MAIN, command]
        .concat(line.split(" "), "--quiet", "--out", out),
      cwd: directory,
      stdout: "null",
      stderr: "piped",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return join(directory, out);
  };
  const readJson = async (...path: string[]) => JSON.parse(await Deno.readTextFile(join(...path)));
  const readRun = async (out: string): Promise<Run> => ({
    report: await readJson(out, "fit.json"),
    draws: await Deno.readTextFile(join(out, "draws.csv")),
  });
  return {
    directory,
    fit: async (line) => await readRun(await run("fit", line)),
    async compare(line) {
      const out = await run("compare", line), report: Report = await readJson(out, "compare.json");
      const names: string[] = report.methods.map(({ run }: { run: string }) => run);
      const runs = await Promise.all(
        names.map(async (name) => [name, await readRun(join(out, name))] as const),
      );
      return { report, runs: new Map(runs) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
