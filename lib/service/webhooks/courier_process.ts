/** The process that sends webhooks, as the service sees it. It is started when there is something to send. */
import { fileURLToPath as fromFileUrl } from "node:url";
import { deniedNets, type Reach } from "./addresses.ts";
import type { Answer } from "./courier.ts";
import { lineOf, linesOf, readLine } from "../json_lines.ts";
import type { Letter } from "./webhook.ts";

/** To the process. */
export interface Order {
  readonly n: number;
  readonly letter: Letter;
}

/** From it. */
export interface Delivered {
  readonly n: number;
  readonly answer: Answer;
}

/** What a process gets beyond the time of its POST before it is taken for stuck, in ms. */
const GRACE_MS = 5000;
const CONFIG = new URL("../../../deno.json", import.meta.url);
const SCRIPT = new URL("./courier_main.ts", import.meta.url);

export class Courier {
  readonly #reach: Reach;
  readonly #limitMs: number;
  #process: CourierProcess | undefined;

  /** @param limitMs time for one POST */
  constructor(reach: Reach, limitMs: number) {
    this.#reach = reach;
    this.#limitMs = limitMs;
  }

  /** Process id, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** @throws Error when there can be no process */
  async post(letter: Letter): Promise<Answer> {
    const process = this.#process ??= new CourierProcess(this.#reach, this.#limitMs, () => {
      if (this.#process === process) this.#process = undefined;
    });
    const stuck = setTimeout(() => void process.kill(), this.#limitMs + GRACE_MS);
    try {
      return await process.post(letter);
    } finally {
      clearTimeout(stuck);
    }
  }

  /** Ends the process, and with an error what it was sending. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

class CourierProcess {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #gone: Promise<void>;
  #sent = 0;

  constructor(reach: Reach, limitMs: number, onEnd: () => void) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--cached-only",
        `--config=${fromFileUrl(CONFIG)}`,
        "--allow-net",
        `--deny-net=${deniedNets(reach)}`,
        SCRIPT.href,
        reach,
        String(limitMs),
      ],
      // A proxy would connect where it likes; the other asks for permissions that a courier has not (Deno 2.9.6).
      env: { NODE_USE_ENV_PROXY: "", NODE_EXTRA_CA_CERTS: "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#gone = this.#listen(onEnd);
  }

  get pid(): number {
    return this.#child.pid;
  }

  post(letter: Letter): Promise<Answer> {
    const n = this.#sent++;
    return new Promise((resolve) => {
      this.#waiting.set(n, resolve);
      this.#orders.write(lineOf({ n, letter } satisfies Order)).catch(() => {}); // its end is told by #listen
    });
  }

  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It went by itself.
    }
    await this.#gone;
  }

  async #listen(onEnd: () => void): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const delivered = readLine<Delivered>(line);
      if (delivered === undefined) continue;
      this.#waiting.get(delivered.n)?.(delivered.answer);
      this.#waiting.delete(delivered.n);
    }
    await this.#child.status;
    this.#orders.close().catch(() => {});
    onEnd(); // before anyone who waited sends again
    for (const end of this.#waiting.values()) end({ error: "The process that sends webhooks stopped." });
    this.#waiting.clear();
  }
}
