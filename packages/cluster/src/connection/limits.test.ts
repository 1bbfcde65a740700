import type { ErrorData } from "@shoal/core";
import { expect, test } from "vitest";
import { messagesOf } from "../gateway/workers/tasks-of-messages.ts";
import { encodeMessage } from "./encode-message.ts";
import { MessageReader } from "./message-reader.ts";
import { protocolVersion, type Header } from "./messages.ts";

// What is sent at the limits of what others may say: the other side has to take it, or its connection ends, and the next one too.

/** Three bytes a letter. */
const long = (letters: number): string => "語".repeat(letters);
const job = long(256);
const last = { task: { job, segment: 63, block: 2 ** 40, first: 2 ** 31 - 1, rows: 2 ** 31 - 1 }, attempt: { epoch: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER } };
const sha256 = "0".repeat(64);

function longError(letter = "語", depth = 0): ErrorData {
  const text = (letters: number): string => letter.repeat(letters);
  return { code: text(128), message: text(16_384), hint: text(4_096), stack: text(16_384), details: { at: text(16_000) }, ...(depth < 4 && { cause: longError(letter, depth + 1) }) };
}

function taken(side: "worker" | "driver", messages: readonly Header[]): Header[] {
  const reader = new MessageReader(side);
  reader.read(encodeMessage({ kind: "welcome", protocol: protocolVersion, key: "k", name: long(1_024), beatMs: 1 }));
  return messages.map((message) => reader.read(encodeMessage(message)).header);
}

test("many tasks of a job with a long name go as several messages, and none is lost", () => {
  const tasks = Array.from({ length: 3_000 }, (_, at) => ({ ...last, attempt: { epoch: last.attempt.epoch, number: at } }));
  const leases = taken("worker", [...messagesOf(tasks)].map((some): Header => ({ kind: "lease", lease: 1, leaseMs: 15_000, duplicate: false, tasks: some.map((one) => ({ ...one, bytes: Number.MAX_SAFE_INTEGER, input: sha256 })) })));
  const revocations = taken("worker", [...messagesOf(tasks)].map((some): Header => ({ kind: "revoke", tasks: some, why: "job-ended" })));
  for (const messages of [leases, revocations]) expect(messages.flatMap((message) => ("tasks" in message ? message.tasks.map(({ attempt }) => attempt.number) : []))).toEqual(tasks.map(({ attempt }) => attempt.number));
});

test("those of a usual name go as one, up to what one may list", () => {
  const tasks = Array.from({ length: 512 }, () => ({ ...last, task: { ...last.task, job: "0a5bd8d9-7f57-4a3c-9d5b-2f1c5b0f3c11" } }));
  expect([...messagesOf(tasks)]).toEqual([tasks]);
  expect([...messagesOf(Array.from({ length: 1_025 }, () => ({ task: { ...last.task, job: "j" } })))].map(({ length }) => length).every((length) => length <= 1_024)).toBe(true);
});

// Letters that JSON writes as six bytes may stand in a code, which no terminal is shown as it came.
test.each(["語", "\\", "\ud800", "\n", "a"])("errors of the longest texts, all of %j", (letter) => {
  const error = longError(letter);
  const [failed, bye, part] = taken("driver", [{ kind: "job-failed", job, error }, { kind: "part", job, segment: 0, block: 0, first: 0, rows: 1, failures: [], error }, { kind: "bye", error, again: false }]);
  for (const message of [failed, bye, part]) expect(message).toMatchObject({ error: { message: letter.repeat(16_384), hint: letter.repeat(4_096) } });
});

test.each([[100_000, "\ud800"], [2_000, "語"], [300, "a"]])("%i failed rows, each with the longest error of %j", (rows, letter) => {
  const error: ErrorData = { ...longError(letter), failure: "device-lost" };
  const failures = Array.from({ length: rows }, (_, row) => ({ row, attempts: 1, error }));
  const stats = { device: long(256), preprocessMs: 1, predictMs: 1, postprocessMs: 1, batches: [1], counts: {} };
  const [part] = taken("driver", [{ kind: "part", job, segment: 63, block: 2 ** 40, first: 0, rows, failures, stats, worker: long(1_024) }]);
  expect(part).toMatchObject({ worker: long(1_024) });
  expect(part !== undefined && "failures" in part ? part.failures : []).toHaveLength(rows);
});
