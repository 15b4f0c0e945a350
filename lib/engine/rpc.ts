/** Calls to a Worker and their answers, one at a time or many in flight, matched by id. */
import { DeviceError } from "../errors.ts";

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string; readonly device: boolean };

/** An answer whose buffers move to the caller instead of being copied. */
export class Transfer {
  constructor(readonly value: unknown, readonly buffers: readonly Transferable[]) {}
}

/** In a Worker: answers every call by the function of that name. */
// deno-lint-ignore no-explicit-any -- arguments arrive as whatever the caller's typed wrapper sent
export function serveCalls(handlers: Record<string, (...args: any[]) => unknown>): void {
  self.addEventListener("message", async (event) => {
    const { id, name, args } = (event as MessageEvent<Call>).data;
    try {
      const result = await handlers[name]!(...args);
      if (result instanceof Transfer) reply({ id, value: result.value }, result.buffers);
      else reply({ id, value: result });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      reply({ id, error: message, device: error instanceof DeviceError });
    }
  });
}

function reply(answer: Answer, transfer: readonly Transferable[] = []): void {
  (self as unknown as Worker).postMessage(answer, [...transfer]);
}

/** A Worker as its caller sees it. A crash of the Worker rejects every call in flight. */
export class RemoteWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  #nextId = 0;
  #failure: Error | undefined;

  constructor(script: URL, name: string) {
    this.#worker = new Worker(script, { type: "module", name });
    this.#worker.addEventListener("message", (event: MessageEvent<Answer>) => {
      const answer = event.data;
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("error" in answer) {
        waiter?.reject(answer.device ? new DeviceError(answer.error) : new Error(answer.error));
      } else waiter?.resolve(answer.value);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(new DeviceError(`The ${name} worker stopped: ${event.message}`));
    });
  }

  call<T>(name: string, args: readonly unknown[] = [], transfer: readonly Transferable[] = []): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#worker.postMessage({ id, name, args } satisfies Call, [...transfer]);
    });
  }

  terminate(): void {
    this.#fail(new DeviceError("The engine was closed while work was still in flight"));
    this.#worker.terminate();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
