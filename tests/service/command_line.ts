/** The real command line in a directory of its own, for comparing results. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

export interface Cli extends AsyncDisposable {
  readonly directory: string;
  /** Runs `fit`; what it wrote. */
  fit(line: string): Promise<{ readonly report: Record<string, unknown>; readonly draws: string }>;
}

export async function makeCli(): Promise<Cli> {
  const directory = await Deno.makeTempDir();
  let runs = 0;
  return {
    directory,
    async fit(line) {
      const out = `run-${++runs}`;
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", MAIN, "fit"]
          .concat(line.split(" "), "--quiet", "--out", out),
        cwd: directory,
        stdout: "null",
        stderr: "piped",
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const read = (name: string) => Deno.readTextFile(join(directory, out, name));
      return { report: JSON.parse(await read("fit.json")), draws: await read("draws.csv") };
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
