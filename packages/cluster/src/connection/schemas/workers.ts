import * as v from "valibot";
import { attemptId, errorData, failureClass, rowFailures, taskId } from "./errors.ts";
import { about, segmentDescription, segmentNumber } from "./plans.ts";
import { amount, count, counted, device, flag, id, label, list, longestText, named, rows, sha256, text, words } from "./parts.ts";

const token = text(512);
/** At most. */
export const tasksPerMessage = 1_024;
/** Numbers of attempts. */
const finishing = list(count, 100_000);
/** Of which a worker says that it has them, at most. */
export const modelsOfWorker = 1_024;
const tried = v.object({ task: taskId, attempt: attemptId });

const workerTraits = v.object({
  label, host: v.picklist(["machine", "tab"]), runtime: label, devices: list(device, 16), cpus: amount, gpus: amount, memoryBytes: amount,
  models: list(named(256), modelsOfWorker), runsCode: flag,
});

export const hello = v.object({
  kind: v.literal("hello"), protocol: count, role: v.picklist(["worker", "driver"]), token: v.exactOptional(token), key: v.exactOptional(token), name: id,
  worker: v.exactOptional(workerTraits),
});

export const welcome = v.object({ kind: v.literal("welcome"), protocol: count, key: token, name: text(longestText.title), beatMs: v.pipe(counted(3_600_000), v.minValue(1)), keepsLedgers: v.exactOptional(flag), namesResults: v.exactOptional(flag) });
export const bye = v.object({ kind: v.literal("bye"), error: errorData, again: flag });

export const segment = v.object({ kind: v.literal("segment"), job: id, segment: segmentNumber, jobName: text(1_024), about, description: segmentDescription });

export const lease = v.object({
  kind: v.literal("lease"), lease: count, leaseMs: amount, duplicate: flag,
  tasks: list(v.object({ task: taskId, attempt: attemptId, bytes: count, input: v.exactOptional(sha256), apart: v.exactOptional(v.literal(true)) }), tasksPerMessage),
});

export const block = v.object({ kind: v.literal("block"), task: taskId, attempt: attemptId });
export const revoke = v.object({ kind: v.literal("revoke"), tasks: list(tried, tasksPerMessage), why: v.picklist(["committed", "expired", "moved", "stalled", "job-ended"]) });
export const settle = v.object({ kind: v.picklist(["settle", "refuse"]), task: taskId, attempt: attemptId });
export const heard = v.object({ kind: v.literal("heard") });
export const jobEnded = v.object({ kind: v.literal("job-ended"), job: id });
export const drain = v.object({ kind: v.literal("drain"), why: words });

export const ready = v.object({ kind: v.literal("ready"), model: v.exactOptional(named(256)), loadMs: v.exactOptional(amount), credit: v.exactOptional(count), finishing: v.exactOptional(finishing) });

export const beat = v.object({
  kind: v.literal("beat"), running: v.exactOptional(attemptId), rows, loading: v.exactOptional(v.object({ doneBytes: count, bytes: count })),
  state: v.picklist(["waiting", "loading", "computing", "paused"]), device: v.exactOptional(device), notice: v.exactOptional(words),
});

export const resultStats = v.object({
  device: text(256), preprocessMs: amount, predictMs: amount, postprocessMs: amount, batches: list(rows, 100_000),
  counts: v.pipe(v.record(text(256), v.pipe(v.number(), v.finite())), v.check((counts) => Object.keys(counts).length <= 1_000, "too many counts")),
  collapsedRows: v.exactOptional(rows), memoryBytes: v.exactOptional(amount),
});

export const result = v.object({ kind: v.literal("result"), task: taskId, attempt: attemptId, rows, sha256: v.exactOptional(sha256), input: v.exactOptional(sha256), failures: rowFailures, stats: resultStats });
export const failed = v.object({ kind: v.literal("failed"), task: taskId, attempt: attemptId, failure: failureClass, error: errorData, row: v.exactOptional(rows) });
export const draining = v.object({ kind: v.literal("draining"), finishing });
