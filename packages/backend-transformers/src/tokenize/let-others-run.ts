const runMs = 2;

/**
 * A pause for long work on the actor's thread: now and then it lets everything else that waits there run, such as handing the device its
 * next batch. Gives nothing to wait for in between.
 */
export function letOthersRun(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < runMs) return undefined;
    return new Promise((resolve) => {
      const goOn = (): void => {
        since = performance.now();
        resolve();
      };
      // Timers of browsers wait for some milliseconds, which adds up.
      if ("setImmediate" in globalThis) (globalThis as unknown as { setImmediate(run: () => void): void }).setImmediate(goOn);
      else setTimeout(goOn);
    });
  };
}
