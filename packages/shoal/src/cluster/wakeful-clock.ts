import { systemClock, type Clock } from "@shoal/core";

/** The machine's own time, on which a sleeper keeps the process alive: a run that waits for its coordinator to come back is not over. */
export const wakefulClock: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    }),
};
