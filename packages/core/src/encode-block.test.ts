import { tableFromIPC, vectorFromArray } from "apache-arrow";
import { expect, test } from "vitest";
import { columnName } from "./arrow.ts";
import { encodeTable } from "./codec.ts";
import { encodeBlock, encodeColumns } from "./encode-block.ts";
import { columnFromValues, concatBlocks, createBlock, sliceBlock, tensorColumn, type Block, type Column } from "./index.ts";
import { decodeBlock } from "./with-arrow.ts";

const image = (size: number) => ({ width: size, height: 1, channels: 1, data: Uint8Array.from({ length: size }, (_, at) => at) });
const columns: Record<string, Column> = {
  none: columnFromValues([null, null, null], { kind: "null" }),
  flag: columnFromValues([true, null, false], { kind: "bool" }),
  ...Object.fromEntries((["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"] as const).map((kind) => [kind, columnFromValues([1, null, 3], { kind })])),
  at: columnFromValues([new Date(5), null, new Date(NaN)], { kind: "timestamp" }),
  text: columnFromValues(["héllo", null, ""], { kind: "utf8" }),
  json: columnFromValues([{ a: [1] }, null, "x"], { kind: "json" }),
  bytes: columnFromValues([Uint8Array.of(1, 2), null, Uint8Array.of()], { kind: "binary" }),
  numbers: columnFromValues([[1, 2], null, []], { kind: "list", element: "float32" }),
  holes: columnFromValues([[1, null], null, [3]], { kind: "list", element: "int32" }),
  words: columnFromValues([["a", "ü"], null, []], { kind: "list", element: "utf8" }),
  image: columnFromValues([image(2), null, image(3)], { kind: "image" }),
  tensor: tensorColumn(Float32Array.of(1, 2, 3, 4, 5, 6), [2]),
  cube: { ...tensorColumn(BigInt64Array.from({ length: 12 }, (_, at) => BigInt(at)), [2, 2]), validity: Uint8Array.of(1, 0, 1) },
  "": columnFromValues([1, 2, 3], { kind: "float64" }),
};
const everything = createBlock(columns, [{ partition: "a", version: "1", firstRow: 3, rows: 3 }], 3);

/** What apache-arrow says of the bytes, and what we say. */
function read(bytes: Uint8Array) {
  const { schema, numRows } = tableFromIPC(bytes);
  const fields = schema.fields.map((field) => [columnName(field), String(field.type), field.nullable, [...field.metadata]]);
  return { fields, numRows, metadata: [...schema.metadata], block: decodeBlock(bytes) };
}

function byLibrary(block: Block): Uint8Array {
  return encodeTable(block, new Map([["shoal:lineage", JSON.stringify({ rows: block.rows, lineage: block.lineage })]]), new Map());
}

test.each([
  ["every kind of column", everything],
  ["slices of them", sliceBlock(everything, 1, 3)],
  ["no rows", sliceBlock(everything, 0, 0)],
  ["many rows", concatBlocks(Array.from({ length: 700 }, () => everything))],
  ["each column alone, and twice", createBlock(Object.fromEntries(Object.entries(columns).flatMap(([name, column]) => [[name, column], [`${name} again`, column]])), [], 3)],
  ["no columns", createBlock({}, [], 4)],
  ["long names", createBlock({ ["é".repeat(500)]: columnFromValues([1], { kind: "float64" }) }, [], 1)],
])("%s: the bytes say what apache-arrow's own would", (_, block) => {
  expect(read(encodeBlock(block))).toEqual(read(byLibrary(block)));
});

test("columns alone are a stream without rows", () => {
  const bytes = encodeColumns(sliceBlock(everything, 0, 0).columns);
  expect(read(bytes).fields).toEqual(read(byLibrary(everything)).fields);
  expect(tableFromIPC(bytes).numRows).toBe(0);
});

test("Arrow vectors are left to apache-arrow", () => {
  const values = vectorFromArray([1, 2, 3]);
  const block = createBlock({ ...columns, vector: { type: { kind: "arrow", name: "Float64" }, length: 3, values } }, [], 3);
  expect(encodeBlock(block)).toEqual(byLibrary(block));
});
