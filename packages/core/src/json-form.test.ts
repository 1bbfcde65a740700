import { expect, test } from "vitest";
import { blockFromRows, blockRows, concatBlocks, takeRows } from "./block.ts";
import { decodeBlock } from "./codec.ts";
import { encodeBlock } from "./encode-block.ts";
import { columnFromValues } from "./column-from-values.ts";
import { columnValues } from "./column.ts";

const cycle: { self?: unknown } = {};
cycle.self = [cycle];
const deep = (levels: number, inner: unknown): unknown => (levels === 0 ? inner : { inner: deep(levels - 1, inner) });

test.each([
  ["a Map", new Map([["a", 1]])], ["a Set", new Set([1])], ["a RegExp", /a/], ["an Error", new TypeError("no")], ["a Promise", Promise.resolve(1)],
  ["an ArrayBuffer", new ArrayBuffer(1)], ["a DataView", new DataView(new ArrayBuffer(1))], ["a function", () => 1], ["a symbol", Symbol("a")],
] as const)("%s is refused, by row and column, wherever it stands", (what, value) => {
  for (const wrapped of [value, { inner: [value] }, [{ a: value }], deep(400, value)]) {
    expect(() => blockFromRows([{ a: { fine: 1 } }, { a: wrapped }])).toThrow(
      expect.objectContaining({ code: "wrong-type", failure: "row", message: expect.stringMatching(new RegExp(`^Row 1, column "a": .*${what}`)) as string, details: { row: 1, column: "a" } }) as Error,
    );
  }
});

test("what contains itself is refused", () => {
  for (const value of [cycle, { deep: cycle }, deep(300, cycle)]) expect(() => columnFromValues([value])).toThrow(expect.objectContaining({ code: "wrong-type" }) as Error);
});

test("a URL is its text, and what says how it becomes JSON becomes that", () => {
  const url = new URL("https://example.org/a");
  expect(columnFromValues([url, "b"])).toMatchObject({ type: { kind: "utf8" }, values: [url.href, "b"] });
  expect(columnValues(columnFromValues([{ url, list: [url] }]))).toEqual([{ url: url.href, list: [url.href] }]);
  const money = { toJSON: () => ({ euros: 1, at: url }) };
  expect(columnValues(columnFromValues([money, { money }]))).toEqual([{ euros: 1, at: url.href }, { money: { euros: 1, at: url.href } }]);
});

test("all else stays as it is, shared values and deep ones too", () => {
  const shared = { a: 1 };
  class Point { x = 1; }
  const value = { shared, again: [shared, shared], date: new Date(0), bytes: new Uint8Array(2), big: 1n, none: null, not: undefined, bare: Object.create(null) as object, point: new Point(), nan: NaN };
  const column = columnFromValues([value, null, undefined, deep(5000, 1)], { kind: "json" });
  expect(column.values).toHaveLength(4);
  expect((column.values as unknown[])[0]).toBe(value);
  const block = blockFromRows([{ json: { a: [1] } }, { json: null }]);
  expect([...blockRows(decodeBlock(encodeBlock(concatBlocks([block, takeRows(block, [1, 0])]))))].map((row) => row["json"])).toEqual([{ a: [1] }, null, null, { a: [1] }]);
});
