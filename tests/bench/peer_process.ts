/**
 * Runs another program that samples the same model: a job goes in as JSON, an answer comes out as JSON. It has a
 * process group of its own, so that it leaves nothing running behind, however either of us ends.
 */
import type { z } from "zod";

/** A peer's answer, or why there is none. */
export type PeerResult<T> =
  | { readonly value: T; readonly why?: undefined }
  | { readonly value: undefined; readonly why: string };

/** A program and where it comes from. */
export interface PeerProgram {
  /** As people call it: `Stan`. */
  readonly title: string;
  /** Found on the PATH unless it is a path. */
  readonly program: string;
  /** The script and what it is told on its command line. */
  readonly words: readonly string[];
  /** One line of shell that installs it. */
  readonly install: string;
}

/** Exit status of the scripts when a package is missing. */
const NOT_INSTALLED = 3;
const SAID = 2000; // characters of a failed script's last words
/** Long enough for the slowest series at hand on a busy machine. */
const TIMEOUT_S = 1200;
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Path of a script in this folder. */
export const scriptPath = (name: string): string =>
  decodeURIComponent(new URL(name, import.meta.url).pathname);

/**
 * Runs a peer to its end, or to the end of its time.
 *
 * @param job what it reads, as JSON
 * @param schema what it must answer
 * @returns no value, and a sentence, where it is not installed, fails or takes too long
 * @throws ZodError or SyntaxError when the answer is not what was agreed
 */
export async function runPeer<T>(
  { title, program, words, install }: PeerProgram,
  job: unknown,
  schema: z.ZodType<T>,
  timeoutSeconds = TIMEOUT_S,
): Promise<PeerResult<T>> {
  const without = (why: string): PeerResult<T> => ({ value: undefined, why: `${title} ${why}` });
  const advice = `To install it: ${install} (more in tests/bench/README.md).`;
  let ended: Ended;
  try {
    ended = await runGroup(program, words, JSON.stringify(job), timeoutSeconds);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return without(`was left out: there is no program ${program} here. ${advice}`);
  }
  if (ended.late) return without(`was stopped: it took more than ${timeoutSeconds} s.`);
  const said = ended.stderr.trim();
  if (ended.code === NOT_INSTALLED) return without(`was left out: ${said} ${advice}`);
  if (ended.code !== 0) return without(`failed:\n${said.slice(-SAID)}`);
  return { value: schema.parse(JSON.parse(ended.stdout)) };
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether its time was up. */
  readonly late: boolean;
}

/** @throws NotFound when there is no such program */
async function runGroup(
  program: string,
  words: readonly string[],
  input: string,
  timeoutSeconds: number,
): Promise<Ended> {
  let leader: number | undefined = undefined;
  const end = () => leader !== undefined && endGroup(leader);
  using _signals = onEndingSignal(end); // before there is anything that a signal must not outrun
  const child = new Deno.Command(program, {
    args: [...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true, // leads a group
  }).spawn();
  leader = child.pid;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, 1000 * timeoutSeconds);
  try {
    const [, { code, stdout, stderr }] = await Promise.all([feed(child.stdin, input), child.output()]);
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr), late };
  } finally {
    clearTimeout(timer);
    end(); // what the program itself left behind
  }
}

async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // it ended before it read everything
  }
}

function endGroup(leader: number): void {
  try {
    Deno.kill(-leader, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // all gone
  }
}

/** Until disposed of: on a signal that ends this process does `first` and then lets it end so. */
function onEndingSignal(first: () => void): Disposable {
  const listeners = ENDING.map((signal) => {
    const listener = () => {
      first();
      remove();
      Deno.kill(Deno.pid, signal);
    };
    return { signal, listener };
  });
  const remove = () => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return { [Symbol.dispose]: remove };
}
