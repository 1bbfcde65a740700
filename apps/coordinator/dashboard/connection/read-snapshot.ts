import type { JobSnapshot, WorkerSnapshot } from "@shoal/cluster";
import { packRuns, type PackedJob, type PackedSegment, type PackedSnapshot } from "../blocks/packed-runs.ts";

type Fields = Record<string, unknown>;

/**
 * A line as a snapshot, its maps packed; undefined where it is none. A newer or older coordinator may leave things out: what is missing of a job or a worker is taken as
 * none, and what can't be shown at all is left out, so that one odd job doesn't hide the others.
 */
export function readSnapshot(line: string): PackedSnapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isFields(value) || !Number.isFinite(value["at"]) || !Array.isArray(value["jobs"]) || !Array.isArray(value["workers"])) return undefined;
  return {
    at: value["at"] as number,
    name: text(value["name"], "coordinator"),
    jobs: value["jobs"].map(readJob).filter((job) => job !== undefined),
    workers: value["workers"].map(readWorker).filter((worker) => worker !== undefined),
    ...(typeof value["paused"] === "string" ? { paused: value["paused"] } : {}),
    refused: isFields(value["refused"]) ? (value["refused"] as Record<string, number>) : {},
  };
}

function readJob(job: unknown): PackedJob | undefined {
  if (!isFields(job) || typeof job["job"] !== "string") return undefined;
  return {
    ...job,
    job: job["job"],
    name: text(job["name"], job["job"]),
    state: text(job["state"], "running") as JobSnapshot["state"],
    startedAt: number(job["startedAt"]),
    volunteers: job["volunteers"] === true,
    rowsDone: number(job["rowsDone"]),
    rowsPerSecond: number(job["rowsPerSecond"]),
    failedRows: number(job["failedRows"]),
    bottleneck: text(job["bottleneck"], ""),
    segments: list(job["segments"]).map(readSegment).filter((segment) => segment !== undefined),
    samples: list(job["samples"]).filter(isFields),
    failures: list(job["failures"]).filter((failure) => isFields(failure) && isFields(failure["error"])) as unknown as JobSnapshot["failures"],
  };
}

function readSegment(segment: unknown): PackedSegment | undefined {
  if (!isFields(segment)) return undefined;
  const blocks = isFields(segment["blocks"]) ? segment["blocks"] : {};
  return {
    segment: number(segment["segment"]),
    name: text(segment["name"], "segment"),
    rowsDone: number(segment["rowsDone"]),
    ...(Number.isFinite(segment["rowsTotal"]) ? { rowsTotal: segment["rowsTotal"] as number } : {}),
    ...(segment["isEstimate"] === true ? { isEstimate: true } : {}),
    blocks: {
      ready: number(blocks["ready"]), leased: number(blocks["leased"]), committing: number(blocks["committing"]), done: number(blocks["done"]),
      troubled: number(blocks["troubled"]), ...(Number.isFinite(blocks["total"]) ? { total: blocks["total"] as number } : {}),
    },
    map: packRuns(list(segment["map"])),
  };
}

function readWorker(worker: unknown): WorkerSnapshot | undefined {
  if (!isFields(worker) || typeof worker["worker"] !== "string") return undefined;
  return {
    ...worker,
    worker: worker["worker"],
    label: text(worker["label"], worker["worker"]),
    host: worker["host"] === "tab" ? "tab" : "machine",
    runtime: text(worker["runtime"], ""),
    devices: list(worker["devices"]) as WorkerSnapshot["devices"],
    state: text(worker["state"], "waiting") as WorkerSnapshot["state"],
    joinedAt: number(worker["joinedAt"]),
    rowsDone: number(worker["rowsDone"]),
    blocksDone: number(worker["blocksDone"]),
    rowsPerSecond: number(worker["rowsPerSecond"]),
    failures: number(worker["failures"]),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}
