import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Where a shared run keeps what a killed one is continued from: a hidden folder beside its output. Undefined where rows go to no place of this machine.
 */
export function shareFolder(output: string | undefined): string | undefined {
  if (output === undefined || output === "-" || /^[a-z][a-z0-9+.-]+:\/\//i.test(output)) return undefined;
  return join(dirname(output), `.${basename(output)}.shoal-share`);
}

/** The folder of a shared run of this output that was not published; undefined where there is none. */
export function unfinishedShare(output: string | undefined): string | undefined {
  const folder = shareFolder(output);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}
