import { useSyncExternalStore } from "react";

type Clock = { subscribe: (listener: () => void) => () => void; read: () => number };

/** One timer for everybody who looks at the same clock; none when nobody does. */
function makeClock(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    subscribe(listener) {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = Date.now();
        listeners.forEach((tell) => tell());
      }, everyMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
    read() {
      if (timer === undefined) now = Date.now() - (Date.now() % everyMs);
      return now;
    },
  };
}

const slow = makeClock(15_000);
const fast = makeClock(1_000);

/** The time, for texts such as "4 min ago": it moves every 15 seconds. */
export function useNow(): Date {
  return new Date(useSyncExternalStore(slow.subscribe, slow.read));
}

/** The time to the second, for countdowns. */
export function useSeconds(): Date {
  return new Date(useSyncExternalStore(fast.subscribe, fast.read));
}
