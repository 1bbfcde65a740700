import type { RunSettings } from "./run-settings.ts";

/**
 * The settings of one call over those of its process. What either may end or watch, both do: a job that has a signal of its own still
 * ends with Ctrl-C, and one that listens to events takes them from nobody.
 */
export function mergeSettings(process: RunSettings, own: RunSettings): RunSettings {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as RunSettings;
  const merged = { ...process, ...given };
  const signals = [process.signal, own.signal].filter((signal) => signal !== undefined);
  const listeners = [process.onEvent, own.onEvent].filter((listener) => listener !== undefined);
  return {
    ...merged,
    // The process's is for trying out: what a call bounds wider is tried too.
    ...(process.limit !== undefined && own.limit !== undefined ? { limit: Math.min(process.limit, own.limit) } : {}),
    ...(signals.length > 1 ? { signal: AbortSignal.any(signals) } : {}),
    ...(listeners.length > 1 ? { onEvent: (event) => listeners.forEach((listen) => listen(event)) } : {}),
  };
}
