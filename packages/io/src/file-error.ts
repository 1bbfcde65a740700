import { ShoalError, type ShoalErrorFields } from "@shoal/core";

const reasons: Readonly<Record<string, readonly [code: string, reason: string, hint: string]>> = {
  ENOENT: ["file-not-found", "there is no such file or directory", "Check the path; relative paths start at the working directory."],
  EACCES: ["permission-denied", "this user may not", "Change the permissions, or choose another path."],
  EPERM: ["permission-denied", "this user may not", "Change the permissions, or choose another path."],
  EROFS: ["permission-denied", "the file system is read-only", "Choose a path on a file system that can be written."],
  ENOSPC: ["disk-full", "the disk is full", "Free some space, or choose a path on another disk."],
  EDQUOT: ["disk-full", "the disk quota is used up", "Free some space, or choose a path on another disk."],
  EISDIR: ["is-a-directory", "it is a directory", "Name a file."],
  ENOTDIR: ["not-a-directory", "a part of the path is a file, not a directory", "Check the path."],
  ENAMETOOLONG: ["name-too-long", "the name is too long for the file system", "Choose a shorter name. An output is written under a longer one first: leave it 60 bytes."],
  EMFILE: ["too-many-open-files", "too many files are open", "Raise the limit (ulimit -n)."],
  EPIPE: ["output-closed", "the reader of this output has gone", "Nothing needs doing if that was meant (as in `| head`)."],
};

/** Those of a browser have names. */
const namedReasons: Readonly<Record<string, readonly [code: string, reason: string, hint: string]>> = {
  NotFoundError: ["file-not-found", "it is no longer there", "Check the path, or choose the file again."],
  NotReadableError: ["file-changed", "it has changed, or may no longer be read", "Choose the file again."],
  NotAllowedError: ["permission-denied", "the page may not", "Ask for the permission, or choose another place."],
  SecurityError: ["permission-denied", "the page may not", "Ask for the permission, or choose another place."],
  QuotaExceededError: ["disk-full", "the browser gives the page no more room", "Remove what is no longer needed, or write to memoryFile(name)."],
  TypeMismatchError: ["is-a-directory", "it is a directory, or a part of the path is a file", "Check the path."],
  NoModificationAllowedError: ["output-busy", "another tab is using the file", "Close that tab, or choose another path."],
};

/** A file system's error in words. `doing` completes "Can't …": `read "a.jsonl"`. */
export function fileError(error: unknown, doing: string, fields: ShoalErrorFields = {}): ShoalError {
  if (ShoalError.is(error)) return error;
  const system = (error as { code?: unknown } | null)?.code;
  const known = typeof system === "string" ? reasons[system] : error instanceof DOMException ? namedReasons[error.name] : undefined;
  if (known === undefined) {
    const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
    return new ShoalError(name === "AbortError" ? "aborted" : "file-error", `Can't ${doing}: ${message}`, { hint: "Check the path and the disk, and run it again.", ...fields, cause: error });
  }
  return new ShoalError(known[0], `Can't ${doing}: ${known[1]} (${typeof system === "string" ? system : (error as DOMException).name}).`, { hint: known[2], failure: "bug", ...fields, cause: error });
}
