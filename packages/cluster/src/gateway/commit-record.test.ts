import { expect, test } from "vitest";
import { blockKey, committedOf, entryOf, recordOf, taskOfKey, type Committed } from "./commit-record.ts";

const task = { job: "j", segment: 1, block: 23, first: 4, rows: 5 };

test("a key names its task, and other keys are no task's", () => {
  expect(taskOfKey("j", blockKey(task))).toEqual(task);
  expect(taskOfKey("j", "something else")).toBeUndefined();
});

test.each<Committed>([
  { kind: "result", input: "i", sha256: "s", rows: 4, failed: 1, worker: "w", attempt: { epoch: 3, number: 7 } },
  { kind: "split", input: "i", at: [4, 6] },
  { kind: "quarantine", input: "i", error: { code: "bad", message: "a bad row", hint: "Mend it.", failure: "row" } },
])("what is committed comes back as it was: $kind", (committed) => {
  const record = recordOf(committed, 9);
  expect(committedOf(JSON.parse(JSON.stringify(record)))).toEqual(committed);
  expect(entryOf(committed).kind).toBe(committed.kind);
});

test("a record stays within 4 KB whatever an error has to say, and what it says first stays", () => {
  const error = { code: "bad", message: `first \u0001${"\u0001ß".repeat(50_000)}`, hint: "→".repeat(9_000), stack: "x".repeat(9_000), details: { many: "y".repeat(9_000) } };
  const record = recordOf({ kind: "quarantine", input: "0".repeat(64), error }, 1);
  expect(new TextEncoder().encode(JSON.stringify(record)).byteLength).toBeLessThan(4_000);
  expect(committedOf(record)).toMatchObject({ error: { code: "bad", message: expect.stringMatching(/^first /) } });
});

test("two tries at one task never have the same name, nor a result that of a split", () => {
  const result = (epoch: number, number: number, worker: string): string => recordOf({ kind: "result", input: "i", sha256: "s", rows: 1, failed: 0, worker, attempt: { epoch, number } }, epoch).attempt;
  const names = [result(1, 1, "a"), result(1, 2, "a"), result(2, 1, "a"), result(1, 1, "b"), recordOf({ kind: "split", input: "i", at: [] }, 1).attempt, recordOf({ kind: "split", input: "i", at: [] }, 2).attempt];
  expect(new Set(names).size).toBe(names.length);
});

test("an entry of another kind is refused by name", () => {
  expect(() => committedOf({ attempt: "x", kind: "later" })).toThrow(expect.objectContaining({ code: "ledger-unreadable" }));
});
