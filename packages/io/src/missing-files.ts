import { ShoalError } from "@shoal/core";

/** What a store of files says besides. */
interface Where {
  /** Where a relative path was looked for, in brackets after it. */
  readonly lookedIn?: string;
  readonly hint?: string;
}

export function fileNotFound(path: string, { lookedIn = "", hint = "" }: Where = {}): ShoalError {
  return new ShoalError("file-not-found", `There is no file or directory "${path}"${lookedIn}.`, { hint: `Check the path${hint}.`, failure: "bug", details: { path } });
}

/** @param found what the directory has instead */
export function noFilesInDirectory(path: string, extensions: readonly string[], found: readonly string[], { lookedIn = "" }: Where = {}): ShoalError {
  return new ShoalError("no-files", `There is no file ${extensions.length === 0 ? "" : `ending in ${extensions.join(" or ")} `}in the directory "${path}"${lookedIn}.`, {
    hint: `Name the files, or use a glob such as "${path.replace(/\/$/, "")}/**/*"; directories inside it are not looked into.`,
    failure: "bug",
    details: { path, extensions, found: found.slice(0, 20) },
  });
}

export function noFileMatches(pattern: string, { lookedIn = "" }: Where = {}): ShoalError {
  return new ShoalError("no-files", `No file matches "${pattern}"${lookedIn}.`, { hint: "Check the pattern; `**` crosses directories, `*` does not.", failure: "bug", details: { pattern } });
}
