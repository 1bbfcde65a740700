import { expect, test } from "vitest";
import { blockFromRows, blockRows, concatBlocks, createBlock, sliceBlock, schemaOf, tensorColumn, takeRows, columnFromValues } from "./index.ts";
import { blockFromTable, decodeBlock, encodeBlock, encodedTypes, tableFromBlock } from "./with-arrow.ts";

const lineage = [{ partition: "a.jsonl", version: "1", firstRow: 10, rows: 3 }];
const rows = [
  { text: "héllo", n: 1.5, id: 7, flag: true, at: new Date(5), tags: ["a", "b"], vector: Float32Array.of(1, 2), any: { deep: [1] }, bytes: Uint8Array.of(1, 2), ragged: [1, 2], gone: null },
  { text: null, n: null, id: null, flag: null, at: null, tags: null, vector: null, any: null, bytes: null, ragged: null, gone: null },
  { text: "", n: -0, id: 9, flag: false, at: new Date(0), tags: [], vector: Float32Array.of(3, 4), any: "x", bytes: Uint8Array.of(), ragged: [], gone: null },
];

test("every kind of column survives the wire, missing rows and lineage included", () => {
  const block = blockFromRows(rows, undefined, lineage);
  const back = decodeBlock(encodeBlock(block));
  expect([...blockRows(back)].map(plain)).toEqual([...blockRows(block)].map(plain));
  expect([...blockRows(back)].map(plain)).toEqual(rows.map(plain));
  expect(back.lineage).toEqual(lineage);
  expect(back.columns["vector"]?.type).toEqual({ kind: "tensor", element: "float32", shape: [2] });
});

test("a block without columns keeps its row count", () => {
  expect(decodeBlock(encodeBlock(createBlock({}, [], 5))).rows).toBe(5);
});

test("tensors keep their shape, through slices and the wire", () => {
  const block = createBlock({ image: tensorColumn(Float32Array.from({ length: 24 }, (_, at) => at), [2, 3]) });
  const back = decodeBlock(encodeBlock(sliceBlock(block, 1, 3)));
  expect(back.columns["image"]?.type).toEqual({ kind: "tensor", element: "float32", shape: [2, 3] });
  expect([...blockRows(back)].map((row) => Array.from(row["image"] as Float32Array))).toEqual([[6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17]]);
});

test("images keep their own sizes", () => {
  const images = [{ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 2) }, null, { width: 1, height: 1, channels: 3, data: Uint8Array.of(7, 8, 9) }];
  const block = blockFromRows(images.map((image) => ({ image })));
  const back = decodeBlock(encodeBlock(sliceBlock(block, 0, 3)));
  expect(back.columns["image"]?.type).toEqual({ kind: "image" });
  expect([...blockRows(back)].map((row) => row["image"])).toEqual(images);
});

test("columns over the same memory stay themselves", () => {
  const memory = Float64Array.of(1, 2, 3, 4);
  const shapes = [
    { n: memory, y: memory },
    { n: memory.subarray(0, 3), y: memory.subarray(1) },
    { n: memory.subarray(0, 2), y: memory.subarray(2), z: memory.subarray(0, 2) },
    { n: memory.subarray(0, 1), y: memory.subarray(0, 1) },
  ];
  for (const arrays of shapes) {
    const block = createBlock(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensorColumn(array, [])])));
    expect([...blockRows(decodeBlock(encodeBlock(block)))]).toEqual([...blockRows(block)]);
  }
});

test("whole numbers are exact or refused", () => {
  expect(() => blockFromRows([{ id: 2n ** 70n }])).toThrow(expect.objectContaining({ code: "inexact-number" }) as Error);
  expect(() => blockFromRows([{ id: 1 }, { id: 2n ** 60n + 1n }])).toThrow(expect.objectContaining({ code: "inexact-number", message: expect.stringMatching(/^Row 1, column "id": 1152921504606846977n is not exact/) as string }) as Error);
  expect([...blockRows(blockFromRows([{ id: 1 }, { id: 2n }]))]).toEqual([{ id: 1 }, { id: 2 }]);
});

test("slices narrow the lineage; joining them restores it", () => {
  const block = blockFromRows(rows, undefined, lineage);
  expect(sliceBlock(block, 1, 3).lineage).toEqual([{ ...lineage[0], firstRow: 11, rows: 2 }]);
  const joined = concatBlocks([sliceBlock(block, 0, 1), sliceBlock(block, 1, 3)]);
  expect(joined.lineage).toEqual(lineage);
  expect([...blockRows(joined)].map(plain)).toEqual(rows.map(plain));
  expect([...blockRows(takeRows(block, [2, 0]))].map((row) => row["text"])).toEqual(["", "héllo"]);
});

test("a value that does not fit names its row", () => {
  expect(() => columnFromValues(["a", 3], { kind: "utf8" })).toThrow(/Row 1: 3 does not fit/);
});

test("integers beyond 2^53 stay exact, as bigints", () => {
  const values = [1n, 2n ** 60n, null];
  const back = decodeBlock(encodeBlock(blockFromRows(values.map((id) => ({ id })))));
  expect([...blockRows(back)].map((row) => row["id"])).toEqual([1, 2n ** 60n, null]);
});

test("text survives the wire unit by unit: byte order marks, halves of surrogate pairs, in lists, nested values and names too", () => {
  const texts = ["\ufeffhello", "\ufeff", "mid\ufeffdle", "a\ud83d", "\ude00b", "ü", "", null, "\ud83d\ude00", "\u0000"];
  const block = blockFromRows(texts.map((t, n) => ({ t, marked: t?.startsWith("a") ? "" : `\ufeff${n}`, list: t === null ? null : [t, "\ufeff", ""], json: { t, list: [t, n] }, "\ufeffname": n, "\ud800": n, "\udc00": t })));
  const back = decodeBlock(encodeBlock(block));
  expect([...blockRows(back)]).toEqual([...blockRows(block)]);
  expect(schemaOf(back.columns)).toEqual(schemaOf(block.columns));
  expect(encodedTypes(encodeBlock(block))).toEqual(Object.fromEntries(Object.entries(block.columns).map(([name, { type }]) => [name, type])));
});

test("a list of texts keeps its missing items beside halves of surrogate pairs", () => {
  const values = [["\ud800", null], [], null, ["\ufeff"]];
  const back = decodeBlock(encodeBlock(createBlock({ list: { type: { kind: "list", element: "utf8" }, length: values.length, values } })));
  expect(back.columns["list"]).toEqual({ type: { kind: "list", element: "utf8" }, length: values.length, values });
});

test("a table for other programs has U+FFFD for half a surrogate pair, and does not shift the texts after it", () => {
  const back = blockFromTable(tableFromBlock(blockFromRows([{ t: "a\ud83d" }, { t: "\ude00b" }, { t: "\ufeffü" }])));
  expect([...blockRows(back)].map((row) => row["t"])).toEqual(["a\ufffd", "\ufffdb", "\ufeffü"]);
});

function plain(row: Record<string, unknown>): unknown {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value]));
}
