/** Whoever waits for something to happen to a job. */

export class Watchers {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves to true when {@link tell} is called for `id`, to false after `ms` or when the signal aborts. */
  wait(id: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const end = (told: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
        waiting.delete(tell);
        if (waiting.size === 0) this.#waiting.delete(id);
        resolve(told);
      };
      const tell = () => end(true), giveUp = () => end(false);
      const timer = setTimeout(giveUp, ms);
      signal?.addEventListener("abort", giveUp);
      waiting.add(tell);
    });
  }

  tell(id: string): void {
    for (const tell of [...this.#waiting.get(id) ?? []]) tell();
  }

  tellAll(): void {
    for (const id of [...this.#waiting.keys()]) this.tell(id);
  }
}
