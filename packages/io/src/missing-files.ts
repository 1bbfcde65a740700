import { ShoalError } from "@shoal/core";

/** What a store of files says besides. */
interface Where {
  /** Where a relative path was looked for, in brackets after it. */
  readonly lookedIn?: string;
  readonly hint?: string;
  /** What would have matched, but for what it is called. */
  readonly passedOver?: readonly string[];
}

export function fileNotFound(path: string, { lookedIn = "", hint = "" }: Where = {}): ShoalError {
  return new ShoalError("file-not-found", `There is no file or directory "${path}"${lookedIn}.`, { hint: `Check the path${hint}.`, failure: "bug", details: { path } });
}

/** @param found what the directory has instead */
export function noFilesInDirectory(path: string, extensions: readonly string[], found: readonly string[], { lookedIn = "", passedOver = [] }: Where = {}): ShoalError {
  return new ShoalError("no-files", `There is no file ${extensions.length === 0 ? "" : `ending in ${extensions.join(" or ")} `}in the directory "${path}"${lookedIn}.`, {
    hint: passedOver.length > 0 ? whyPassedOver(passedOver, "Give its path") : `Name the files, or use a glob such as "${path.replace(/\/$/, "")}/**/*"; directories inside it are not looked into.`,
    failure: "bug",
    details: { path, extensions, found: found.slice(0, 20) },
  });
}

export function noFileMatches(pattern: string, { lookedIn = "", passedOver = [] }: Where = {}): ShoalError {
  const hint = passedOver.length > 0 ? whyPassedOver(passedOver, "Spell that in the pattern, as in \"*.limit-*\"") : "Check the pattern; `**` crosses directories, `*` does not.";
  return new ShoalError("no-files", `No file matches "${pattern}"${lookedIn}.`, { hint, failure: "bug", details: { pattern } });
}

function whyPassedOver(paths: readonly string[], remedy: string): string {
  const others = paths.length === 1 ? "" : ` (and ${paths.length - 1} more)`;
  return `"${paths[0]}"${others} is passed over, as trials (".limit-20"), dead letters and names that begin with "." or "_" are, folders too. ${remedy} if it is to be read.`;
}
