/**
 * Sees to it that webhooks are delivered: at least once, however often the service ends on the way. What is to be sent
 * is in the database before anything is sent, and there it stays until it is known what came of it.
 */
import type { Reach } from "./addresses.ts";
import type { Answer } from "./courier.ts";
import { Courier } from "./courier_process.ts";
import type { Delivery, DeliveryStore, TryEnd } from "./delivery_store.ts";
import type { JobStore } from "../job_store.ts";
import { log, logError } from "../log.ts";
import { letterOf } from "./webhook.ts";

export interface WebhookSettings {
  readonly reach: Reach;
  /** How long to wait before each further try, in ms; a receiver that is away for a night still gets it. */
  readonly pausesMs?: readonly number[];
  /** Time for one try. */
  readonly tryMs?: number;
}

const PAUSES_MS = [5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600].map((seconds) => 1000 * seconds);
const TRY_MS = 15_000;
/** Tries at once. One for each receiver, so that a slow one holds up nobody else. */
const MOST_AT_ONCE = 8;
/** Longest sleep, in case the clock is put forward. */
const LOOK_AGAIN_MS = 60_000;
/** How long to wait for a disk that takes nothing. */
const RETRY_MS = 1000;
/** What tries under way get when the service leaves. */
const LAST_TRIES_MS = 2000;

export class Deliveries {
  readonly #key: Uint8Array;
  readonly #pausesMs: readonly number[];
  readonly #store: DeliveryStore;
  readonly #jobs: JobStore;
  readonly courier: Courier;
  /** Tries under way, by receiver. */
  readonly #busy = new Map<string, Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;
  /** Whether nothing is to be made any more of what comes from the courier. */
  #cut = false;

  constructor(
    { reach, pausesMs = PAUSES_MS, tryMs = TRY_MS }: WebhookSettings,
    key: Uint8Array,
    store: DeliveryStore,
    jobs: JobStore,
  ) {
    this.#key = key;
    this.#pausesMs = pausesMs;
    this.#store = store;
    this.#jobs = jobs;
    this.courier = new Courier(reach, tryMs);
  }

  /** Begins to deliver. */
  begin(): void {
    this.#open = true;
    this.wake();
  }

  /** To be called when there may be something to deliver. */
  wake(): void {
    if (!this.#open) return;
    clearTimeout(this.#timer);
    let sleepMs = RETRY_MS;
    try {
      this.#start();
      const due = this.#store.nextDue([...this.#busy.keys()]) ?? Infinity;
      sleepMs = this.#busy.size < MOST_AT_ONCE ? Math.min(due - Date.now(), LOOK_AGAIN_MS) : LOOK_AGAIN_MS;
    } catch (error) {
      logError("Webhooks cannot be looked up", error);
    }
    this.#timer = setTimeout(() => this.wake(), sleepMs);
  }

  /** Sends nothing more. Of tries that are cut off nothing is known, so they are made again by the next service. */
  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    const ended = Promise.all(this.#busy.values());
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([ended, new Promise((resolve) => timer = setTimeout(resolve, LAST_TRIES_MS))]);
    clearTimeout(timer);
    this.#cut = true;
    await this.courier.kill();
    await ended;
  }

  #start(): void {
    while (this.#busy.size < MOST_AT_ONCE) {
      const delivery = this.#store.next([...this.#busy.keys()], Date.now());
      if (delivery === undefined) return;
      const { receiver } = delivery;
      const work = this.#try(delivery).finally(() => {
        this.#busy.delete(receiver);
        this.wake();
      });
      this.#busy.set(receiver, work);
    }
  }

  async #try({ job: id, tries }: Delivery): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.courier.post(letterOf(this.#jobs.get(id)!, this.#key, Date.now()));
    } catch (error) {
      logError("A webhook cannot be sent", error);
      answer = { error: "The service could not send it; its log says more." };
    }
    if (this.#cut) return;
    const end = endOfTry(answer, this.#pausesMs[tries], Date.now());
    if (end.state === "failed") log("error", "A webhook is given up", { job: id, cause: end.error });
    await this.#record(id, end);
  }

  /** Until it is written down its receiver is not tried again. */
  async #record(id: string, end: TryEnd): Promise<void> {
    while (true) {
      try {
        return this.#store.record(id, end);
      } catch (error) {
        logError("What came of a webhook cannot be stored", error);
        if (this.#cut) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}

/**
 * What an answer means: 2xx that it is taken, 410 that no more is wanted, all else that it is to be tried again.
 *
 * @param pauseMs before the next try; undefined: there is none
 */
export function endOfTry(answer: Answer, pauseMs: number | undefined, now: number): TryEnd {
  if ("status" in answer && answer.status >= 200 && answer.status < 300) return { state: "delivered" };
  const error = "error" in answer
    ? answer.error
    : `The receiver answered ${answer.status}${REASONS[answer.status] ?? ""}.`;
  const gone = "status" in answer && answer.status === 410;
  return gone || pauseMs === undefined
    ? { state: "failed", error }
    : { state: "pending", error, due: now + pauseMs };
}

const REDIRECT = ", and redirects are not followed; send jobs with the address that it redirects to";
const REASONS: Readonly<Record<number, string>> = {
  301: REDIRECT,
  302: REDIRECT,
  303: REDIRECT,
  307: REDIRECT,
  308: REDIRECT,
  410: ": it wants no more",
};
