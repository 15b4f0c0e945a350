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

/** Starts the service on a directory. @param readable what else it may read */
export async function startServer(
  directory: string,
  more: readonly string[] = [],
  readable: readonly string[] = [],
): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
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
      "--port=0",
      "--engine=cpu",
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
