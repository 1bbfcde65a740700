// Node 20 can't read .ts itself. Loading that takes a while, and nobody waits for it who does not run a job file.
import "@shoal/workers/ts-loader";
import { pathToFileURL } from "node:url";

/** Runs a job file; what it exports. */
export async function importJob(path: string): Promise<{ readonly default?: unknown }> {
  return (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
}
