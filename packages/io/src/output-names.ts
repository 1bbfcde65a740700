// What the files of an output are called, wherever it lies; moving and locking are each place's own.

/** In the hidden directory: what gets the output's name when it is whole. */
export const dataName = "data";

/** In the hidden directory: a single file's dead letters while they are written. */
export const lettersName = "letters";

/** The dead letters of a directory of parts lie in it. */
export const deadLettersName = "_dead-letters.jsonl";

const lettersSuffix = ".dead-letters.jsonl";
const unfinishedSuffix = ".shoal-unfinished";

/** The next part of a directory: `part-00000.jsonl`. */
export function partName(at: number, extension: string): string {
  return `part-${String(at).padStart(5, "0")}${extension}`;
}

/** Where the dead letters of a single file are found; as a name or as a path. */
export function lettersBeside(file: string): string {
  return `${file}${lettersSuffix}`;
}

const trial = /\.limit-\d+(\.|$)/;

/** The trial of an output, beside it: `out/stories.limit-20/`, `rows.limit-20.jsonl.gz`. Undefined where the path has no name. */
export function trialPath(path: string, rows: number, extensions: readonly string[]): string | undefined {
  const [, name = "", slash = ""] = /^(.*?)([/\\]*)$/s.exec(path) ?? [];
  if (name === "-" || /(^|[/\\])\.{0,2}$/.test(name)) return undefined;
  const [ending = "", extension = ""] = /(\.[a-z]+)(?:\.gz)?$/i.exec(name) ?? [];
  const length = slash === "" && extensions.includes(extension.toLowerCase()) ? ending.length : 0;
  return `${name.slice(0, name.length - length)}.limit-${rows}${name.slice(name.length - length)}${slash}`;
}

/** What is passed over in directories and globs: hidden files, marker files as other systems write them, and our own dead letters and trials. */
const passedOver: readonly { readonly is: (name: string) => boolean; readonly spelled: (part: string) => boolean }[] = [
  { is: (name) => name.startsWith("."), spelled: (part) => part.startsWith(".") },
  { is: (name) => name.startsWith("_"), spelled: (part) => part.startsWith("_") },
  { is: (name) => name.endsWith(lettersSuffix), spelled: (part) => part.includes(".dead-letters") },
  { is: (name) => trial.test(name), spelled: (part) => part.includes(".limit-") },
];

/** Whether a file or folder is passed over where it is not named. */
export function isHidden(name: string): boolean {
  return passedOver.some(({ is }) => is(name));
}

/**
 * Whether a path that matches a glob is passed over: for its own name, or for that of a folder on the way. What the glob spells is named.
 * Both begin after the part of the pattern that has no wild cards.
 */
export function hiddenFromGlob(glob: string): (below: string) => boolean {
  const parts = glob.split("/");
  const unnamed = passedOver.filter(({ spelled }) => !parts.some((part) => spelled(part)));
  return (below) => below.split(/[/\\]/).some((name) => name !== ".." && unnamed.some(({ is }) => is(name)));
}

/** The hidden directory beside an output in which it is written. */
export function unfinishedName(name: string): string {
  return `.${name}${unfinishedSuffix}`;
}

/** The output that such a directory is of; undefined where it is none. */
export function outputOfUnfinished(name: string): string | undefined {
  return name.startsWith(".") && name.endsWith(unfinishedSuffix) ? name.slice(1, -unfinishedSuffix.length) : undefined;
}

/** What becomes of the dead letters beside a single file when it is published. */
export type LettersFate = "replace" | "remove" | "leave";

export function lettersFate(hasLetters: boolean, mode: "error" | "overwrite"): LettersFate {
  if (hasLetters) return "replace";
  return mode === "overwrite" ? "remove" : "leave";
}
