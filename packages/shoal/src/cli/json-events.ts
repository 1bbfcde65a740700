import { jsonSafe } from "@shoal/core";
import type { RunSettings } from "@shoal/dataset";

/** `--json`: each event of the run as one line. */
export function jsonEvents(flags: { readonly json?: true }, rowsOnStandardOutput: boolean): Pick<RunSettings, "onEvent"> {
  if (flags.json === undefined) return {};
  const stream = rowsOnStandardOutput ? process.stderr : process.stdout;
  return { onEvent: (event) => void stream.write(`${JSON.stringify(event, jsonSafe)}\n`) };
}
