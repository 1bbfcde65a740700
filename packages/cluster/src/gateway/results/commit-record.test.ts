import { expect, test } from "vitest";
import { blockKey, committedOf, entryOf, recordOf, taskOfKey, type Committed } from "./commit-record.ts";
import { fitsIntoRecord, type ResultAbout } from "./stored-result.ts";

const task = { job: "j", segment: 1, block: 23, first: 4, rows: 5 };

test("a key names its task, and other keys are no task's", () => {
  expect(taskOfKey("j", blockKey(task))).toEqual(task);
  expect(taskOfKey("j", "something else")).toBeUndefined();
});

function assertShort(record: object): true {
  expect(new TextEncoder().encode(JSON.stringify(record)).byteLength).toBeLessThan(4_000);
  return true;
}

const about: ResultAbout = { failures: [], stats: { device: "cpu", preprocessMs: 1, predictMs: 2.5, postprocessMs: 3, batches: [4], counts: { tokens: 5 } } };

test.each<Committed>([
  { kind: "result", input: "i", sha256: "s", rows: 4, failed: 0, worker: "w", attempt: { epoch: 3, number: 7 }, about },
  { kind: "result", input: "i", sha256: "s", rows: 4, failed: 900, worker: "w", attempt: { epoch: 3, number: 7 }, about: "the name of a blob" },
  { kind: "result", input: "i", sha256: "s", within: { blob: "b", start: 100, bytes: 20 }, rows: 4, failed: 0, worker: "w", attempt: { epoch: 3, number: 7 }, about },
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

test("with what is said of a result, as much as fits, a record stays within 4 KB", () => {
  const worker = "ß→".repeat(128);
  const fit = (more: Partial<ResultAbout["stats"]>, failures: ResultAbout["failures"] = []): boolean => {
    const said: ResultAbout = { failures, stats: { ...about.stats, preprocessMs: 1 / 3, predictMs: 1 / 3, postprocessMs: 1 / 3, counts: {}, ...more } };
    const record = recordOf({ kind: "result", input: "0".repeat(64), sha256: "0".repeat(64), within: { blob: "0".repeat(64), start: 2 ** 40, bytes: 2 ** 40 }, rows: 2 ** 31, failed: 0, worker, attempt: { epoch: 2 ** 50, number: 2 ** 50 }, about: said }, 1);
    return fitsIntoRecord(said) && assertShort(record);
  };
  expect([0, 1, 32, 100, 1_000].map((batches) => fit({ batches: Array<number>(batches).fill(2 ** 31) }))).toEqual([true, true, true, false, false]);
  expect([10, 100, 1_000].map((letters) => fit({ device: "→".repeat(letters) }))).toEqual([true, true, false]);
  expect([10, 1_000].map((letters) => fit({ counts: { ["→".repeat(letters)]: 1 } }))).toEqual([true, false]);
  expect([10, 1_000].map((letters) => fit({}, [{ row: 1, attempts: 1, error: { code: "bad", message: "→".repeat(letters) } }]))).toEqual([true, false]);
});

test("two tries at one task never have the same name, nor a result that of a split", () => {
  const result = (epoch: number, number: number, worker: string): string => recordOf({ kind: "result", input: "i", sha256: "s", rows: 1, failed: 0, worker, attempt: { epoch, number }, about }, epoch).attempt;
  const names = [result(1, 1, "a"), result(1, 2, "a"), result(2, 1, "a"), result(1, 1, "b"), recordOf({ kind: "split", input: "i", at: [] }, 1).attempt, recordOf({ kind: "split", input: "i", at: [] }, 2).attempt];
  expect(new Set(names).size).toBe(names.length);
});

test("an entry of another kind is refused by name", () => {
  expect(() => committedOf({ attempt: "x", kind: "later" })).toThrow(expect.objectContaining({ code: "ledger-unreadable" }));
  const within = { ...recordOf({ kind: "result", input: "i", sha256: "s", rows: 1, failed: 0, worker: "w", attempt: { epoch: 1, number: 1 }, about }, 1), within: ["b", -1, 2] };
  expect(() => committedOf(within)).toThrow(expect.objectContaining({ code: "ledger-unreadable" }));
  const { about: _, ...earlier } = recordOf({ kind: "result", input: "i", sha256: "s", rows: 1, failed: 0, worker: "w", attempt: { epoch: 1, number: 1 }, about }, 1);
  expect(() => committedOf(earlier)).toThrow(expect.objectContaining({ code: "ledger-unreadable" }));
});
