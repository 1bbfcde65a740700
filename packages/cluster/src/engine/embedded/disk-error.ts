import { ShoalError } from "@shoal/core";
import { systemCode } from "./disk.ts";

const full: Readonly<Record<string, string>> = { ENOSPC: "the disk is full", EDQUOT: "the disk quota is used up" };

/** A file system's error in words. `doing` completes "Can't …". */
export function diskError(error: unknown, doing: string, path: string): ShoalError {
  if (ShoalError.is(error)) return error;
  const code = systemCode(error);
  const fields = { cause: error, details: { path, ...(code === "" ? {} : { system: code }) } };
  if (code in full) return new ShoalError("disk-full", `Can't ${doing} in "${path}": ${full[code]} (${code}).`, { hint: "Free some space on that disk.", ...fields });
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return new ShoalError("permission-denied", `Can't ${doing} in "${path}": this user may not (${code}).`, { hint: "Change the permissions of that folder, or choose another one.", ...fields });
  }
  return new ShoalError("file-error", `Can't ${doing} in "${path}": ${error instanceof Error ? error.message : String(error)}`, { hint: "Check that folder and its disk.", ...fields });
}
