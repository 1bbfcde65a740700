import { expect, test } from "vitest";
import { holdsNotes, jobNote } from "./job-notes.ts";
import { loanFrom, loansOf, classesFor, taskClass, type LentTask } from "./loan.ts";
import { queuedWant, wantOf } from "./want.ts";

const input = "ab".repeat(32);
const lent = (block: number, change: Partial<LentTask["task"]> = {}): LentTask => ({ task: { job: "job", segment: 2, block, first: 0, rows: 32, ...change }, input, number: 1_000 + block, blockRows: 32 });
const loan = { job: "job", description: "cd".repeat(32), segment: 2, home: 7, by: "here", at: 5 };

test("tasks go in loans that the queue takes, come back the same, and have the same names when they are offered again", () => {
  const tasks = [...Array.from({ length: 60 }, (_, block) => lent(block)), lent(60, { first: 8, rows: 4 })];
  const queued = loansOf({ ...loan, tasks }, "cpu", 2);
  expect(queued.map(({ id }) => id)).toEqual(loansOf({ ...loan, tasks }, "cpu", 2).map(({ id }) => id));
  expect(new Set(queued.map(({ id }) => id)).size).toBe(queued.length);
  expect(queued.every(({ body, priority }) => JSON.stringify(body).length <= 4_000 && priority === 3)).toBe(true);
  expect(queued.flatMap(({ body }) => loanFrom(body)?.tasks)).toEqual(tasks);
});

test("names of strange letters make loans smaller, and none too large", () => {
  const job = "ö\n".repeat(120);
  const queued = loansOf({ ...loan, job, by: "ü".repeat(500), tasks: Array.from({ length: 50 }, (_, block) => lent(block)) }, "cpu", 0);
  expect(Math.max(...queued.map(({ body }) => new TextEncoder().encode(JSON.stringify(body)).byteLength))).toBeLessThanOrEqual(4_096);
});

test.each([{}, { ...loan, tasks: [] }, { ...loan, tasks: [[1, 0, 4, "no hash", 1]] }, { ...loan, tasks: [[1, 3, 4, input, 1, 5]] }, { ...loan, tasks: [[1, 0, 0, input, 1]] }, { ...loan, segment: -1, tasks: [[1, 0, 4, input, 1]] }])("%j is no loan", (body) => {
  expect(loanFrom(body)).toBeUndefined();
});

test("classes say what workers may see", () => {
  expect(classesFor("cpu", { volunteer: true, runsCode: false })).toEqual(["cpu"]);
  expect(classesFor("cpu", { volunteer: false, runsCode: false })).toEqual(["cpu-own", "cpu"]);
  expect(classesFor("webgpu", { volunteer: false, runsCode: true })).toEqual(["webgpu-own-code", "webgpu-code", "webgpu-own", "webgpu"]);
  expect([taskClass("cuda", { trusted: true, runsCode: true }), taskClass("cuda", {})]).toEqual(["cuda-own-code", "cuda"]);
});

test("a want comes back as it was, and what is none is none", () => {
  const want = { gateway: 3, device: "cpu", blocks: 8, volunteer: false, runsCode: true, memoryBytes: 8e9, cpus: 4, gpus: 0, models: ["m"] } as const;
  expect(wantOf(queuedWant(want, 1).body)).toEqual(want);
  for (const body of [{}, { gateway: 1, class: "tpu", blocks: 3 }, { gateway: 1, class: "cpu", blocks: 0 }, { class: "cpu", blocks: 1 }]) expect(wantOf(body)).toBeUndefined();
  // Who does not say so is a stranger.
  expect(wantOf({ gateway: 1, class: "cpu", blocks: 1 })).toMatchObject({ volunteer: true, runsCode: false });
});

test("what is held is said in notes of 4 KB", () => {
  const keys = Array.from({ length: 2_000 }, (_, block) => `0-${block}-0-32`);
  const notes = holdsNotes(5, keys);
  expect(notes.every((note) => JSON.stringify(note).length <= 4_096)).toBe(true);
  expect(notes.flatMap((note) => { const read = jobNote("job", note); return read?.kind === "holds" ? read.tasks : []; })).toEqual(keys);
  expect(jobNote("job", { kind: "of a later version", gateway: 1 })).toBeUndefined();
});
