import * as v from "valibot";
import { errorData, rowFailures } from "./errors.ts";
import { blockNumber, count, counted, flag, id, label, list, rows, sha256, words } from "./parts.ts";
import { jobDescription, segmentNumber } from "./plans.ts";
import { resultStats } from "./workers.ts";

/** Of blocks that were done before: more would not go into a header. */
export const mostRunsBefore = 4_096;
/** Of blocks whose results were taken. */
export const mostRunsTaken = 4_096;

/** Of files that have come in part. */
export const mostArrived = 1_024;

const workersAtMost = counted(10_000_000);

export const submit = v.object({ kind: v.literal("submit"), description: jobDescription });
const runOfBlocks = v.tuple([count, count]);
const blocksBefore = v.object({ rows: count, runs: list(runOfBlocks, mostRunsBefore) });
export const accepted = v.object({
  kind: v.literal("accepted"), job: id, committedBlocks: count, missing: list(sha256, 65_536), arrived: v.exactOptional(list(v.tuple([sha256, count]), mostArrived)),
  before: v.exactOptional(list(blocksBefore, 64)),
});
export const file = v.object({ kind: v.literal("file"), sha256, offset: count, last: flag });
export const fileTaken = v.object({ kind: v.literal("file-taken"), sha256 });
export const ask = v.object({ kind: v.literal("ask"), job: id, segment: segmentNumber, blocks: count });
export const offer = v.object({
  kind: v.literal("offer"), job: id, segment: segmentNumber, block: blockNumber, rows,
  expectedRows: v.exactOptional(count), isEstimate: v.exactOptional(flag), taken: v.exactOptional(list(runOfBlocks, mostRunsTaken)),
});
export const inputEnded = v.object({ kind: v.literal("input-ended"), job: id, segment: segmentNumber, blocks: count });
export const cancel = v.object({ kind: v.literal("cancel"), job: id, forget: v.exactOptional(flag), again: v.exactOptional(flag) });
export const published = v.object({ kind: v.literal("published"), job: id });

export const part = v.object({
  kind: v.literal("part"), job: id, segment: segmentNumber, block: count, first: rows, rows, failures: rowFailures, error: v.exactOptional(errorData),
  stats: v.exactOptional(resultStats), worker: v.exactOptional(label),
});

export const blockDone = v.object({ kind: v.literal("block-done"), job: id, segment: segmentNumber, block: count });
export const jobFailed = v.object({ kind: v.literal("job-failed"), job: id, error: errorData });

export const fleet = v.object({
  kind: v.literal("fleet"), job: id, segment: segmentNumber, workers: workersAtMost, busy: workersAtMost, loading: workersAtMost,
  atOtherJobs: v.exactOptional(workersAtMost), notice: v.exactOptional(words),
});
