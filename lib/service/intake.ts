/** Reading what comes in, off the thread that answers requests: one Worker, replaced when it takes too long. */
import { RemoteWorker } from "../engine/rpc.ts";
import type { Answer, IntakeCalls } from "./intake_worker.ts";
import { Refusal } from "./refusal.ts";

/** A body of 20 MB takes about three seconds; what takes much longer is made to. */
const MOST_MS = 30_000;

type Value<N extends keyof IntakeCalls> = ReturnType<IntakeCalls[N]> extends Promise<Answer<infer T>> ? T
  : never;

/** Checks bodies one after another. */
export class Intake implements Disposable {
  #worker: RemoteWorker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @throws Refusal when what came in cannot be used */
  call<N extends keyof IntakeCalls>(name: N, ...args: Parameters<IntakeCalls[N]>): Promise<Value<N>> {
    const turn = this.#last.then(() => this.#call(name, args));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #call<N extends keyof IntakeCalls>(name: N, args: Parameters<IntakeCalls[N]>): Promise<Value<N>> {
    this.#worker ??= new RemoteWorker(new URL("./intake_worker.ts", import.meta.url), "intake");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Refusal("invalid", TOO_SLOW)), MOST_MS);
    let answer: Answer<Value<N>>;
    try {
      answer = await Promise.race([this.#worker.call<Answer<Value<N>>>(name, args), late.promise]);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if ("value" in answer) return answer.value;
    const { kind, detail, problems } = answer.refusal;
    throw new Refusal(kind, detail, problems);
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

const TOO_SLOW = `Checking the request took more than ${MOST_MS / 1000} seconds, so it was given up; ` +
  "send less data, or name columns instead of patterns.";
