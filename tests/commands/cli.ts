/**
 * The command line as a subprocess, in an empty directory of its own, with the permissions that the tasks have.
 * The pipeline and the engines are replaced by fakes through an import map: what is tested is all around them.
 */
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };

const url = (path: string) => new URL(path, import.meta.url).href;
const FAKES = {
  [url("../../lib/fit.ts")]: url("./fake/fit.ts"),
  [url("../../lib/engine/self_test.ts")]: url("./fake/self_check.ts"),
};

export interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A directory with a command line in it; removed when disposed of. */
export interface Place extends AsyncDisposable {
  readonly directory: string;
  run(line: string, env?: Record<string, string>): Promise<Output>;
  /** For tests that interrupt. */
  spawn(line: string): Deno.ChildProcess;
  /** Names of everything in the directory and below, sorted. */
  files(): Promise<string[]>;
}

export async function makePlace(): Promise<Place> {
  const directory = await Deno.makeTempDir(), outside = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(outside, JSON.stringify({ imports: { ...config.imports, ...FAKES } }));
  const command = (line: string, env: Record<string, string> = {}) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-config",
        "--no-lock",
        `--import-map=${outside}`,
        "--allow-read",
        "--allow-write",
        "--allow-env=HILLMIX_DEBUG",
        url("../../main.ts"),
        ...line.split(" ").filter((word) => word !== ""),
      ],
      cwd: directory,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    directory,
    spawn(line) {
      const child = command(line).spawn();
      // A fit may take its time over the gentler signal that disposing of a child sends.
      const end = async () => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await child.status;
      };
      return Object.assign(child, { [Symbol.asyncDispose]: end });
    },
    async run(line, env) {
      const { code, stdout, stderr } = await command(line, env).output();
      return { code, out: decode(stdout), err: decode(stderr) };
    },
    files: () => filesBelow(directory),
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
      await Deno.remove(outside);
    },
  };
}

async function filesBelow(directory: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(directory, prefix))) {
    const path = join(prefix, name);
    found.push(...(isDirectory ? await filesBelow(directory, path) : [path]));
  }
  return found.sort();
}

/** Reads a stream until it holds `text`, or to its end. */
export async function readUntil(stream: ReadableStream<Uint8Array>, text?: string): Promise<string> {
  const reader = stream.getReader(), decoder = new TextDecoder();
  let seen = "";
  for (;;) {
    const { value, done } = await reader.read();
    seen += decoder.decode(value, { stream: true });
    if (done || text !== undefined && seen.includes(text)) break;
  }
  reader.releaseLock();
  return seen;
}
