import type { ShoalError } from "@shoal/core";
import { delimiterFlag, likelyDelimiter } from "./likely-delimiter.ts";

/** Who names the output of this command: its flags, or the job, and then how. */
let overwriteInJob: string | undefined;

/** The output is named in the job, so that no flag replaces it. @param sink as the job would say it, with the mode */
export function outputIsNamedByJob(sink = 'writeParquet("out/", { mode: "overwrite" })'): void {
  overwriteInJob = sink;
}

/** The output is named by a flag. */
export function outputIsNamedByFlag(): void {
  overwriteInJob = undefined;
}

let keptFolder: string | undefined;

/** What is done of a shared run is kept in this folder, from which a later one goes on. */
export function shareIsKeptIn(folder: string | undefined): void {
  keptFolder = folder;
}

let saysOnError = false;

/** Whether the person has said what becomes of rows that fail. */
export function onErrorIsGiven(given: boolean): void {
  saysOnError = given;
}

let readsByFlags = false;

/** The command itself names what is read, and how; else the job does. */
export function inputIsNamedByFlags(named = true): void {
  readsByFlags = named;
}

/** What happened and what to do, in the words of whoever named it: `{ delimiter }` of a job is `--delimiter` of a command. */
export function inWordsOfFlags({ code, message }: ShoalError): string {
  return code === "ragged-row" && readsByFlags ? message.replace('{ delimiter: ";" }', delimiterFlag(";")) : message;
}

const resume = "--resume";
const overwrite = "--overwrite";

/** Hints name the options of the API, and the person at the command has flags: those that help with an error of this code. */
const byCode: Readonly<Record<string, readonly string[]>> = {
  "output-exists": [overwrite],
  "output-unfinished": [resume, overwrite],
  "output-damaged": [resume],
  "resume-changed": [overwrite],
  "device-changed": [overwrite],
  "discard-failed": [overwrite],
  "no-place-for-dead-letters": ["--dead-letters failed.jsonl, or -o out.jsonl"],
  "too-many-errors": ["--max-errors"],
  "engine-too-old": ["--engine-unsafe"],
  "timeout": ["--timeout (shoal infer)"],
};

/** What to change, at the command or in the job; empty where there is nothing. */
export function flagHints(error: ShoalError): string {
  const format = error.details?.["looksLike"];
  const named = typeof format === "string" ? [`--input-format ${format} (shoal infer, shoal inspect)`] : (byCode[error.code] ?? otherwise(error));
  // What is done lies with others, and goes on there.
  const isKeptByOther = error.details?.["keptBy"] !== undefined;
  const helpful = isKeptByOther && error.code === "output-unfinished" ? [resume] : isKeptByOther && error.code === "resume-changed" ? ["--on <link> --resume"] : named;
  if (error.code === "ledger-unreadable" && keptFolder !== undefined) return `\n  → To begin anew, remove the folder ${keptFolder}, or move it away; links that were given out no longer work then.`;
  const flags = overwriteInJob === undefined ? helpful : helpful.filter((flag) => flag !== overwrite);
  return [
    ...(flags.length === 0 ? [] : [`\n  → With this command: ${flags.join(", ")}`]),
    ...(overwriteInJob !== undefined && helpful.includes(overwrite) ? [`\n  → To start anew, in the job: ${overwriteInJob}`] : []),
  ].join("");
}

function otherwise(error: ShoalError): readonly string[] {
  if (error.code === "engine-replicas" && error.details?.["replicas"] === 3) return ["--replicas 1"];
  if (error.code === "missing-column") {
    const { columns } = error.details ?? {};
    const delimiter = Array.isArray(columns) ? likelyDelimiter(columns.map(String)) : undefined;
    return delimiter === undefined ? [] : [`${delimiterFlag(delimiter)} (of CSV: shoal infer, shoal inspect)`];
  }
  // Of rows that can't be read nobody knows what they are: none is let go.
  return error.failure === "row" && error.details?.["step"] !== undefined && !saysOnError ? ["--on-error skip"] : [];
}
