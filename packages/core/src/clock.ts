/** Time as an argument (law 11), so that schedules can be replayed. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. Only differences mean something. */
  now(): number;
  /** Settles after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own day and time, in milliseconds since 1970. */
export const systemDate = (): number => Date.now();

/** The machine's own chance: 0 ≤ x < 1. */
export const systemRandom = (): number => Math.random();

/** The machine's own time. A sleeping clock does not keep a process alive where the runtime can say so. */
export const systemClock: Clock = machineClock(false);

/** The machine's own time, on which a sleeper keeps the process alive: a run that waits for its coordinator to come back is not over. */
export const wakefulClock: Clock = machineClock(true);

function machineClock(keepsAlive: boolean): Clock {
  return {
    now: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer: unknown = setTimeout(finish, ms);
        if (!keepsAlive && typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
        const abort = (): void => {
          clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", abort, { once: true });
        function finish(): void {
          signal?.removeEventListener("abort", abort);
          resolve();
        }
      }),
  };
}
