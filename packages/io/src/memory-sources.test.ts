import { columnFromValues, formatSchema, blockFromRows, type Datasource } from "@shoal/core";
import { tableFromBlock } from "@shoal/core/arrow";
import { describe, expect, test } from "vitest";
import { collectBlocks, collectRows } from "./collect-rows.fixture.ts";
import { fromArrow } from "./from-arrow.ts";
import { fromAsyncIterable, fromReadableStream } from "./from-async-iterable.ts";
import { fromColumns } from "./from-columns.ts";
import { fromItems } from "./from-items.ts";
import { range } from "./range.ts";

const signal = new AbortController().signal;
const schemaText = async (source: Datasource<unknown>) => formatSchema((await source.schema?.(signal)) ?? { fields: [] });
async function versionOf(source: Datasource<unknown>): Promise<string> {
  for await (const partition of source.partitions(signal)) return partition.version;
  throw new Error("no partition");
}

describe("fromItems", () => {
  test("objects are rows, with all keys of all items", async () => {
    const source = fromItems<{ a?: number; b?: string; constructor?: unknown }>([{ a: 1 }, { b: "x" }]);
    expect(await collectRows(source)).toEqual([{ a: 1, b: null }, { a: null, b: "x" }]);
    expect(await schemaText(source)).toBe("a: float64?, b: utf8?");
    expect(await source.countRows?.(signal)).toBe(2);
  });

  test("bare values become the column item", async () => {
    expect(await collectRows(fromItems(["x", null]))).toEqual([{ item: "x" }, { item: null }]);
    expect(await schemaText(fromItems([new Float32Array(2), new Float32Array(2)]))).toBe("item: tensor<float32>[2]");
    expect(await collectRows(fromItems([]))).toEqual([]);
    // eslint-disable-next-line no-sparse-arrays
    expect(await collectRows(fromItems([, 1]))).toEqual([{ item: null }, { item: 1 }]);
  });

  test("what has its content elsewhere than in its keys is no row", async () => {
    const noRows: readonly object[] = [new Map([["a", 1]]), new Set([1]), new URL("http://x/"), new Error("x"), /x/, Promise.resolve(), Object.assign(new TypeError("x"), { code: "y" })];
    for (const item of noRows) {
      expect(() => fromItems<object>([{ a: 1 }, item])).toThrow(expect.objectContaining({ code: "wrong-type", message: expect.stringMatching(/^Item 1 is an? \w+, which is no row/) as string }) as Error);
    }
    // Of a promise in an async iterable, what it gives is the row.
    for (const item of noRows.filter((each) => !(each instanceof Promise))) {
      await expect(collectRows(fromAsyncIterable<object>([{ a: 1 }, item]))).rejects.toMatchObject({ code: "wrong-type", details: { row: 1 } });
    }
    class Point { readonly x = 1; }
    expect(await collectRows(fromItems<object>([{}, new Point(), Object.create(null) as object]))).toEqual([{ x: null }, { x: 1 }, { x: null }]);
  });

  test("objects and bare values don't mix; __proto__ is refused", () => {
    expect(() => fromItems([{ a: 1 }, "x"])).toThrow('Item 0 is an object, item 1 is a bare value: "x".');
    expect(() => fromItems([JSON.parse('{"__proto__":1}') as object])).toThrow("__proto__");
  });

  test("a getter that throws, and not even an error, is named", () => {
    // eslint-disable-next-line no-throw-literal, typescript/only-throw-error
    const odd = { get a(): number { throw undefined; } };
    expect(() => fromItems([{ a: 1 }, odd])).toThrow(expect.objectContaining({ code: "unreadable-value", message: expect.stringContaining('Item 1: reading its "a" throws') as string }) as Error);
  });

  test("the version follows the content", async () => {
    expect(await versionOf(fromItems(["a", "b"]))).toBe(await versionOf(fromItems(["a", "b"])));
    expect(await versionOf(fromItems(["a", "b"]))).not.toBe(await versionOf(fromItems(["a", "c"])));
    expect(await versionOf(fromColumns(new Float32Array([1, 2])))).not.toBe(await versionOf(fromColumns(new Float32Array([1, 3]))));
  });

  test("large tensors make small blocks", async () => {
    const items = Array.from({ length: 40 }, () => new Float32Array(1 << 17));
    expect((await collectBlocks(fromItems(items))).every((block) => block.rows <= 16)).toBe(true);
  });
});

describe("fromColumns", () => {
  test("typed arrays, lists, columns, nested numbers", async () => {
    const source = fromColumns({ id: new Int32Array([1, 2]), t: ["x", "y"], v: [[1, 2], [3, 4]], c: columnFromValues([true, null]) });
    expect(await schemaText(source)).toBe("id: int32, t: utf8, v: tensor<float64>[2], c: bool?");
    expect(await collectRows(source)).toEqual([
      { id: 1, t: "x", v: new Float64Array([1, 2]), c: true },
      { id: 2, t: "y", v: new Float64Array([3, 4]), c: null },
    ]);
  });

  test("a bare array becomes the column data; depth is shape", async () => {
    expect(await schemaText(fromColumns([[[1, 2, 3]], [[4, 5, 6]]]))).toBe("data: tensor<float64>[1, 3]");
    expect(await schemaText(fromColumns([new Float32Array(3), new Float32Array(3)]))).toBe("data: tensor<float32>[3]");
    expect(await schemaText(fromColumns([[1], [1, 2]]))).toBe("data: list<float64>");
    expect(await collectRows(fromColumns(new Uint8ClampedArray([1])))).toEqual([{ data: 1 }]);
  });

  test("unequal columns are refused", () => {
    expect(() => fromColumns({ a: [1], b: [1, 2] })).toThrow('Column "b" has 2 rows where "a" has 1.');
  });
});

test("fromArrow joins tables, lineage says which", async () => {
  const [a, b] = [tableFromBlock(blockFromRows([{ n: 1, t: "x" }])), tableFromBlock(blockFromRows([{ n: 2 }]))] as const;
  expect(await collectRows(fromArrow([a, b]))).toEqual([{ n: 1, t: "x" }, { n: 2, t: null }]);
  expect((await collectBlocks(fromArrow([a, b]))).map((block) => block.lineage[0]?.partition)).toEqual(["arrow-0", "arrow-1"]);
  expect(await collectRows(fromArrow(a), { columns: ["t"] })).toEqual([{ t: "x" }]);
});

describe("range", () => {
  test("ids are numbers, made as they are asked for", async () => {
    expect(await collectRows(range(3))).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
    expect(await collectRows(range(2 ** 40), { firstRow: 2 ** 40 - 1 })).toEqual([{ id: 2 ** 40 - 1 }]);
    expect((await collectBlocks(range(10_000))).map((block) => block.lineage[0])).toMatchObject([{ firstRow: 0, rows: 4096 }, { firstRow: 4096 }, { firstRow: 8192, rows: 1808 }]);
    expect((await collectBlocks(range(10), { columns: [] })).map((block) => block.rows)).toEqual([10]);
  });

  test("refuses what is no count", () => expect(() => range(-1)).toThrow("whole number"));
});

describe("fromAsyncIterable", () => {
  async function* rows(n: number) {
    for (let id = 0; id < n; id++) yield { id };
  }

  test("the first block comes early; later ones are larger", async () => {
    expect((await collectBlocks(fromAsyncIterable(rows(200)))).map((block) => block.rows)).toEqual([32, 64, 104]);
  });

  test("can be read once, a function at will", async () => {
    const once = fromAsyncIterable(rows(1));
    await collectRows(once);
    await expect(collectRows(once)).rejects.toMatchObject({ code: "already-consumed" });
    const again = fromAsyncIterable(() => rows(1));
    expect([await collectRows(again), await collectRows(again)]).toEqual([[{ id: 0 }], [{ id: 0 }]]);
  });

  test("a column keeps its type, also where a block has none of it", async () => {
    const list = Array.from({ length: 100 }, (_, id) => (id < 40 ? { id, a: id } : { id, b: "x" }));
    const blocks = await collectBlocks(fromAsyncIterable(list));
    expect(blocks.map((block) => block.columns["a"]?.type.kind)).toEqual(["float64", "float64", "float64"]);
    await expect(collectRows(fromAsyncIterable([{ a: 1 }, ...list, { a: "x" }]))).rejects.toThrow('Row 101 has "x" in column "a", which is float64');
    await expect(collectRows(fromAsyncIterable([{ a: 1 }, "x"]))).rejects.toThrow('Row 1 is "x" where the rows before it are objects');
  });

  test("ending early closes what was open", async () => {
    let cancelled = false;
    const stream = new ReadableStream<number>({ pull: (controller) => controller.enqueue(1), cancel: () => void (cancelled = true) });
    expect(await collectRows(fromReadableStream(stream), { limit: 3 })).toEqual([{ item: 1 }, { item: 1 }, { item: 1 }]);
    expect(cancelled).toBe(true);
  });
});
