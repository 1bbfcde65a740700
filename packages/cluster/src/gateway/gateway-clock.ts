import type { Clock } from "@shoal/core";

/**
 * A clock for all those who sleep until the gateway is over: they have one listener on its signal. While an engine does not answer they may be dozens, and runtimes take more than
 * ten listeners for a leak, and say so to whoever runs the coordinator.
 */
export function gatewayClock(clock: Clock, over: AbortSignal): Clock {
  const sleepers = new Set<AbortController>();
  over.addEventListener("abort", () => {
    for (const sleeper of sleepers) sleeper.abort(over.reason);
  }, { once: true });
  const sleepUntilOver = async (ms: number): Promise<void> => {
    over.throwIfAborted();
    const sleeper = new AbortController();
    sleepers.add(sleeper);
    try {
      await clock.sleep(ms, sleeper.signal);
    } finally {
      sleepers.delete(sleeper);
    }
  };
  return { now: () => clock.now(), sleep: (ms, signal) => (signal === over ? sleepUntilOver(ms) : clock.sleep(ms, signal)) };
}
