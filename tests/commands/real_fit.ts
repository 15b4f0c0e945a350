/** Real fits of the built-in example as subprocesses, for tests that end them early. */
import { fileURLToPath } from "node:url";
import { readUntil } from "./cli.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-env"];

/** How a fit ended that was sent a signal. */
export interface Ended {
  readonly code: number;
  /** From the signal to the end. */
  readonly seconds: number;
  readonly out: string;
  /** Since the signal. */
  readonly err: string;
}

/** The moment at which progress says so, or some time later. */
export const says =
  (text: string, laterMs = 0) => async (progress: ReadableStream<Uint8Array>): Promise<void> => {
    await readUntil(progress, text);
    await after(laterMs);
  };

export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const command = (args: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${path("../../deno.json")}`,
      ...PERMISSIONS,
      path("../../main.ts"),
      ...args,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });

/**
 * Starts a fit and sends it a signal.
 *
 * @param line options, such as `--engine cpu --out DIR`
 * @param ready waits for the moment; told the fit's progress
 */
export async function endFit(
  line: readonly string[],
  signal: "SIGINT" | "SIGTERM" | "SIGKILL",
  ready: (progress: ReadableStream<Uint8Array>) => Promise<unknown>,
): Promise<Ended> {
  const child = command(["fit", ...line]).spawn(), out = new Response(child.stdout).text();
  try {
    await ready(child.stderr);
    const sent = performance.now();
    child.kill(signal);
    const err = await readUntil(child.stderr), { code } = await child.status;
    return { code, seconds: (performance.now() - sent) / 1000, out: await out, err };
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  }
}

/** What `diagnose` says of a directory. */
export async function diagnose(directory: string): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await command(["diagnose", directory, "--json"]).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
