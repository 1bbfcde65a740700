import type { Datasink } from "@shoal/core";
import type { RunSettings } from "./run-settings.ts";

/**
 * Where the rows of a run go. A limit that the process was given and not the call (`shoal run --limit`) makes a trial of it: the call meant
 * its output to be whole, so the trial's lies beside it.
 */
export function trialSink(sink: Datasink, process: Pick<RunSettings, "limit">, own: Pick<RunSettings, "limit"> = {}): Datasink {
  return process.limit === undefined || own.limit !== undefined ? sink : (sink.limitedTo?.(process.limit) ?? sink);
}
