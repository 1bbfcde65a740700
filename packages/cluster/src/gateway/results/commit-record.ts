import { ShoalError, type ErrorData, type JsonObject } from "@shoal/core";
import type { CommitRecord } from "../../engine/index.ts";
import type { AttemptId, TaskEntry, TaskId } from "../../scheduler/index.ts";
import type { BlobPart } from "./gathered-results.ts";
import { isAbout, isErrorData, type ResultAbout } from "./stored-result.ts";

/** Under which a task stands in its job's ledger: result, split and quarantine alike, so that the first of them decides. */
export function blockKey({ segment, block, first, rows }: Omit<TaskId, "job">): string {
  return `${segment}-${block}-${first}-${rows}`;
}

/** A key's task; undefined when the key is of something else. */
export function taskOfKey(job: string, key: string): TaskId | undefined {
  const match = /^(\d+)-(\d+)-(\d+)-(\d+)$/.exec(key);
  if (match === null) return undefined;
  const [segment, block, first, rows] = match.slice(1).map(Number) as [number, number, number, number];
  return { job, segment, block, first, rows };
}

export interface CommittedResult {
  readonly kind: "result";
  /** What its rows as Arrow IPC are called: a blob, unless they lie within one. Their SHA-256, or a name as "7.12" where they pass, see `PassingResults`. */
  readonly sha256: string;
  readonly within?: BlobPart | undefined;
  readonly rows: number;
  readonly failed: number;
  readonly worker: string;
  readonly attempt: AttemptId;
  /** Or the SHA-256 of the blob that has it, where it is too long for a record. */
  readonly about: ResultAbout | string;
}

/** What the ledger keeps for a task, read back. */
export type Committed = {
  /** What the rows of the block as it was offered are called, see `InputNames`. */
  readonly input: string;
} & (
  | CommittedResult
  | { readonly kind: "split"; readonly at: readonly number[] }
  | { readonly kind: "quarantine"; readonly error: ErrorData }
);

const messageBytes = 2_000;
const hintBytes = 800;

/** At most 4 KB, whatever an error has to say. */
export function recordOf(committed: Committed, epoch: number): CommitRecord {
  const { kind, input } = committed;
  switch (kind) {
    case "result": {
      const { sha256, within, rows, failed, worker, attempt, about } = committed;
      return { attempt: `${attempt.epoch}.${attempt.number} ${worker}`, kind, sha256, ...(within !== undefined && { within: partRecord(within) }), rows, failed, worker, epoch: attempt.epoch, number: attempt.number, input, about: about as JsonObject | string };
    }
    case "split": return { attempt: `split ${epoch}`, kind, at: committed.at, input };
    case "quarantine": {
      const { code, message, hint, failure } = committed.error;
      const error: JsonObject = {
        code: cut(code, 200), message: cut(message, messageBytes),
        ...(hint === undefined ? {} : { hint: cut(hint, hintBytes) }), ...(failure === undefined ? {} : { failure }),
      };
      return { attempt: `quarantine ${epoch}`, kind, error, input };
    }
  }
}

/** @throws `ledger-unreadable` */
export function committedOf(record: CommitRecord): Committed {
  const { kind, input } = record as JsonObject;
  if (typeof input === "string") {
    const { about, sha256, within, rows, failed, worker, epoch, number, at, error } = record as JsonObject;
    if (kind === "result" && (typeof about === "string" || isAbout(about)) && typeof sha256 === "string" && typeof worker === "string" && [rows, failed, epoch, number].every((each) => typeof each === "number")) {
      const part = within === undefined ? undefined : partOf(within);
      if (within === undefined || part !== undefined) return { kind, input, sha256, ...(part !== undefined && { within: part }), rows: rows as number, failed: failed as number, worker, attempt: { epoch: epoch as number, number: number as number }, about };
    }
    if (kind === "split" && Array.isArray(at) && at.every((each) => typeof each === "number")) return { kind, input, at };
    if (kind === "quarantine" && isErrorData(error)) return { kind, input, error };
  }
  throw new ShoalError("ledger-unreadable", `An entry of the ledger is of a kind that this version does not know: ${JSON.stringify(record).slice(0, 200)}.`, {
    hint: "Continue the job with the version of Shoal that began it, or begin it anew.",
  });
}

/** As records say it: shorter than its names would be. */
export function partRecord({ blob, start, bytes }: BlobPart): readonly [string, number, number] {
  return [blob, start, bytes];
}

/** Undefined where it is none. */
export function partOf(record: unknown): BlobPart | undefined {
  if (!Array.isArray(record)) return undefined;
  const [blob, start, bytes] = record as readonly unknown[];
  const isCount = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  return typeof blob === "string" && isCount(start) && isCount(bytes) ? { blob, start, bytes } : undefined;
}

/** The blobs that it names. */
export function blobsOf({ sha256, within, about }: Pick<CommittedResult, "sha256" | "within" | "about">): readonly string[] {
  const rows = within?.blob ?? sha256;
  return typeof about === "string" ? [rows, about] : [rows];
}

/** As the scheduler speaks of it. */
export function entryOf(committed: Committed): TaskEntry {
  switch (committed.kind) {
    case "result": return { kind: "result", attempt: committed.attempt, worker: committed.worker };
    case "split": return { kind: "split", at: committed.at };
    case "quarantine": return { kind: "quarantine", error: committed.error };
  }
}

/** As much of a text as takes so many bytes in JSON. */
function cut(text: string, most: number): string {
  let end = text.length;
  while (new TextEncoder().encode(JSON.stringify(text.slice(0, end))).byteLength > most) end = Math.floor(end * 0.8);
  return end === text.length ? text : `${text.slice(0, end)}…`;
}
