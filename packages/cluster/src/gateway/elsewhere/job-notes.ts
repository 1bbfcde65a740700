import type { ErrorData, FailureClass, JsonObject } from "@shoal/core";
import type { LedgerEntry } from "../../engine/index.ts";
import type { AttemptId, TaskId } from "../../scheduler/index.ts";
import { partOf, partRecord, taskOfKey } from "../results/commit-record.ts";
import type { BlobPart } from "../results/gathered-results.ts";
import { isAbout, isErrorData, type ResultAbout } from "../results/stored-result.ts";

/** What gateways write into the ledger of a job beside commits. `gateway` is the epoch of who writes, `home` that of whose leases are spoken of. */
export type JobNote =
  /** It leases blocks of the job from now on: results of its attempts are welcome at every gateway. */
  | { readonly kind: "joined"; readonly gateway: number }
  /** It has these tasks, by their keys, and works at them. */
  | { readonly kind: "holds"; readonly gateway: number; readonly tasks: readonly string[] }
  /** Its workers failed at one of these tasks; without one the whole job can't be run there. */
  | { readonly kind: "failed"; readonly gateway: number; readonly error: ErrorData; readonly home?: number; readonly task?: number; readonly row?: number }
  /** A worker brought a result of rows that this gateway does not have; the home sees whether they are the job's. */
  | { readonly kind: "claim"; readonly gateway: number; readonly claim: Claim };

export interface Claim {
  readonly task: TaskId;
  readonly attempt: AttemptId;
  readonly worker: string;
  /** Of the block that it was computed from, as its worker says. */
  readonly input: string;
  /** Of what is stored. */
  readonly sha256: string;
  /** Where, if not under that name. */
  readonly within?: BlobPart | undefined;
  readonly rows: number;
  readonly failed: number;
  /** As in its commit. */
  readonly about: ResultAbout | string;
}

/** The records of a home's appends. */
export interface OpenedRecord {
  /** Of the gateway that leads the job from here on. */
  readonly gateway: number | undefined;
  /** Of the blob that holds the job's description as JSON. */
  readonly description: string | undefined;
  readonly at: number | undefined;
  /** Nobody but the driver that opened it can go on with it. */
  readonly isPassing: boolean;
}

/** Of one note: a key is 46 letters at most, and mostly a dozen. */
const noteBytes = 3_800;

export function holdsNotes(gateway: number, keys: Iterable<string>): JsonObject[] {
  const notes: JsonObject[] = [];
  let tasks: string[] = [];
  let bytes = 0;
  for (const key of keys) {
    if (bytes + key.length + 3 > noteBytes) {
      notes.push({ kind: "holds", gateway, tasks });
      [tasks, bytes] = [[], 0];
    }
    tasks.push(key);
    bytes += key.length + 3;
  }
  return tasks.length === 0 ? notes : [...notes, { kind: "holds", gateway, tasks }];
}

export function claimNote(gateway: number, key: string, { attempt, worker, input, sha256, within, rows, failed, about }: Claim): JsonObject {
  return { kind: "claim", gateway, key, epoch: attempt.epoch, number: attempt.number, worker, input, sha256, ...(within !== undefined && { within: partRecord(within) }), rows, failed, about: about as JsonObject | string };
}

/** Undefined where a note is of another kind: a later version may have written it. */
export function jobNote(job: string, record: JsonObject): JobNote | undefined {
  const { kind, gateway, home, tasks, error, task, row } = record;
  if (typeof gateway !== "number") return undefined;
  switch (kind) {
    case "joined": return { kind, gateway };
    case "holds": return Array.isArray(tasks) ? { kind, gateway, tasks: tasks.filter((key) => typeof key === "string") } : undefined;
    case "failed": {
      if (!isErrorData(error)) return undefined;
      return { kind, gateway, error, ...(typeof home === "number" && { home }), ...(typeof task === "number" && { task }), ...(typeof row === "number" && { row }) };
    }
    case "claim": {
      const { key, epoch, number, worker, input, sha256, within, rows, failed, about } = record;
      const part = partOf(within);
      const of = typeof key === "string" ? taskOfKey(job, key) : undefined;
      if (of === undefined || typeof input !== "string" || typeof sha256 !== "string" || typeof worker !== "string" || !(typeof about === "string" || isAbout(about))) return undefined;
      if (typeof epoch !== "number" || typeof number !== "number" || typeof rows !== "number" || typeof failed !== "number" || (within !== undefined && part === undefined)) return undefined;
      return { kind, gateway, claim: { task: of, attempt: { epoch, number }, worker, input, sha256, ...(part !== undefined && { within: part }), rows, failed, about } };
    }
    default: return undefined;
  }
}

/** What an append says of who opened the job; undefined where it says nothing of it. */
export function openedRecord(records: Extract<LedgerEntry, { kind: "append" }>["records"]): OpenedRecord | undefined {
  const record = records.find(({ kind }) => kind === "opened" || kind === "described");
  if (record === undefined) return undefined;
  const { gateway, description, at, passing } = record;
  return { gateway: typeof gateway === "number" ? gateway : undefined, description: typeof description === "string" ? description : undefined, at: typeof at === "number" ? at : undefined, isPassing: passing === true };
}

export function failureOfError({ failure }: ErrorData): FailureClass {
  return failure ?? "row";
}
