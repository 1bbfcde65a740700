import type { Datasink } from "@shoal/core";
import type { RunSettings } from "./run-settings.ts";

/**
 * Where the rows of a run go. A limit that the process was given (`shoal run --limit`), and that is below what the call says itself, makes a trial of it:
 * the call meant its output to be whole, so the trial's lies beside it. A sink of one's own without `limitedTo` takes the rows of the trial as they come.
 */
export function trialSink(sink: Datasink, process: Pick<RunSettings, "limit">, own: Pick<RunSettings, "limit"> = {}): Datasink {
  return process.limit === undefined || (own.limit ?? Infinity) <= process.limit ? sink : (sink.limitedTo?.(process.limit) ?? sink);
}
