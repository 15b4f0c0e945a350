/** `serve` as a process of its own, with the permissions of its task, to be killed at will. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readUntil } from "../commands/cli.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Resolves to the exit code. */
  signal(name: "SIGKILL" | "SIGTERM"): Promise<number>;
}

/** How a service is started. */
export interface ServerOptions {
  /** More words on its line. */
  readonly more?: readonly string[];
  /** What else it may read. */
  readonly readable?: readonly string[];
  readonly engine?: string;
  /** 0 for any that is free. */
  readonly port?: number;
  /** Words before the command, such as those that choose cores. */
  readonly before?: readonly string[];
}

/** Starts the service on a directory. */
export async function startServer(
  directory: string,
  { more = [], readable = [], engine = "cpu", port = 0, before = [] }: ServerOptions = {},
): Promise<Server> {
  const [program, ...words] = [...before, Deno.execPath()];
  const child = new Deno.Command(program, {
    args: [
      ...words,
      "run",
      "--quiet",
      "--no-prompt",
      `--allow-read=${[ROOT, directory, ...readable].join(",")}`,
      `--allow-write=${directory}`,
      `--allow-run=${Deno.execPath()}`,
      "--allow-net=127.0.0.1",
      "--allow-env=HILLMIX_DEBUG",
      `${ROOT}main.ts`,
      "serve",
      `--port=${port}`,
      `--engine=${engine}`,
      `--data=${directory}`,
      ...more,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = await readUntil(child.stdout, "\n");
  const [url] = /http:\/\/\S+/.exec(said) ?? [];
  if (url === undefined) {
    const words = await new Response(child.stderr).text();
    await child.stdout.cancel();
    assert.fail(`the service did not start: ${said}${words}`);
  }
  const stderr = new Response(child.stderr).text();
  return {
    url,
    pid: child.pid,
    async signal(name) {
      child.kill(name);
      const { code } = await child.status;
      await Promise.all([child.stdout.cancel(), stderr]);
      return code;
    },
  };
}
