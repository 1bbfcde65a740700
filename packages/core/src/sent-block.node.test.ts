import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { blockFromRows, columnFromValues, createBlock, packBlock, sliceBlock, tensorColumn, unpackBlock, type Block, type Column } from "./index.ts";
import { arrowFor } from "./sent-block.ts";
import { blockFromTable, decodeBlock, encodeBlock, tableFromBlock } from "./with-arrow.ts";
import { Decimal, makeVector, Table } from "apache-arrow";

const image = (width: number, ...data: number[]): object => ({ width, height: 1, channels: 1, data: Uint8Array.from(data) });
const lineage = [{ partition: "a.jsonl", version: "1", firstRow: 10, rows: 3 }];
const everything: Record<string, Column> = {
  ...blockFromRows([
    { text: "héllo 👋", n: 1.5, id: 7, flag: true, at: new Date(5), tags: ["a", "b"], any: { deep: [1, new Date(3)], big: 5n }, bytes: Uint8Array.of(1, 2), ragged: [1, 2.5], gone: null },
    { text: null, n: null, id: null, flag: null, at: null, tags: null, any: null, bytes: null, ragged: null, gone: null },
    { text: "", n: -0, id: 9, flag: false, at: new Date(0), tags: [], any: "x", bytes: Uint8Array.of(), ragged: [], gone: null },
  ]).columns,
  whole: columnFromValues([1, null, 2], { kind: "int64" }),
  vector: columnFromValues([Float32Array.of(1, 2), null, Float32Array.of(3)], { kind: "list", element: "float32" }),
  wide: columnFromValues([Float64Array.of(1, 2), null, [3]], { kind: "list", element: "float32" }),
  holes: { type: { kind: "list", element: "float64" }, length: 3, values: [[1, null], null, [2]] },
  tensor: tensorColumn(new Float32Array(12).map((_, at) => at), [2, 2]),
  image: columnFromValues([image(2, 1, 2), null, image(1, 9)], { kind: "image" }),
};

/** As a channel between processes hands it over. */
function sent(block: Block): Block {
  const message = deserialize(serialize(packBlock(block))) as ReturnType<typeof packBlock>;
  expect(arrowFor(message)).toBe(undefined);
  return unpackBlock(message);
}

test("a block comes out as it does from Arrow bytes, whatever it holds", () => {
  const block = createBlock(everything, lineage);
  expect(sent(block)).toEqual(decodeBlock(encodeBlock(block)));
});

test("so does a part of one, and one without rows or columns", () => {
  const block = createBlock(everything, lineage);
  for (const part of [sliceBlock(block, 1, 2), sliceBlock(block, 1), sliceBlock(block, 0, 0), createBlock({}, lineage, 3)]) expect(sent(part)).toEqual(decodeBlock(encodeBlock(part)));
});

test("a view does not take the rest of its memory along", () => {
  const values = new Float64Array(1000);
  const packed = packBlock(createBlock({ n: { type: { kind: "float64" }, length: 2, values: values.subarray(5, 7) } }));
  expect("columns" in packed && packed.columns["n"]?.values).toHaveProperty("buffer.byteLength", 16);
});

test("to another thread its memory moves, of which none is the block's, and JSON keeps its bigints", () => {
  const block = createBlock(everything, lineage);
  const before = structuredClone(block.columns["tensor"]?.values);
  const moves: ArrayBuffer[] = [];
  const packed = packBlock(block, moves);
  const received = unpackBlock(structuredClone(packed, { transfer: moves }));
  expect(moves.length).toBeGreaterThan(8);
  expect(moves.every(({ byteLength }) => byteLength === 0)).toBe(true);
  expect(block.columns["tensor"]?.values).toEqual(before);
  expect(received.columns["any"]?.values).toEqual([{ deep: [1, new Date(3)], big: 5n }, null, "x"]);
  const plain = sent(block);
  const { any: _, ...others } = plain.columns;
  expect(received.columns).toMatchObject(others);
});

test("what can't be read throws, and is not sent", () => {
  const json = { get a(): never { throw new Error("not to be read"); } };
  expect(() => packBlock(createBlock({ json: { type: { kind: "json" }, length: 1, values: [json] } }))).toThrow("not to be read");
});

test("Arrow vectors go as Arrow bytes", async () => {
  const decimals = makeVector({ type: new Decimal(2, 10), data: Uint32Array.of(5, 0, 0, 0), length: 1 } as never);
  const block = blockFromTable(new Table({ d: decimals as never }));
  expect(block.columns["d"]?.type.kind).toBe("arrow");
  const packed = packBlock(block);
  await arrowFor(packed);
  expect("arrow" in packed).toBe(true);
  expect(tableFromBlock(unpackBlock(packed)).getChildAt(0)?.toArray()).toEqual(tableFromBlock(block).getChildAt(0)?.toArray());
});
