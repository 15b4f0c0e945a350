/** Telling of something that changes often: at once, then no more often than asked, and the last change always. */

export interface Throttle<T> extends Disposable {
  tell(value: T): void;
}

/** @param tell called at most once in `everyMs`, with the latest value */
export function throttle<T>(tell: (value: T) => void, everyMs: number): Throttle<T> {
  let waiting: { value: T } | undefined, timer: ReturnType<typeof setTimeout> | undefined;
  const onTime = () => {
    timer = undefined;
    if (waiting === undefined) return;
    const { value } = waiting;
    waiting = undefined;
    timer = setTimeout(onTime, everyMs);
    tell(value);
  };
  return {
    tell(value) {
      waiting = { value };
      if (timer === undefined) onTime();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
