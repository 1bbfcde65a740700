import { basename, dirname, join } from "node:path";

/**
 * Where a shared run keeps what a killed one is continued from: a hidden folder beside its output. Undefined where rows go to no place of this machine.
 */
export function shareFolder(output: string | undefined): string | undefined {
  if (output === undefined || output === "-" || /^[a-z][a-z0-9+.-]+:\/\//i.test(output)) return undefined;
  return join(dirname(output), `.${basename(output)}.shoal-share`);
}
