import { columnFromValues, createBlock, type Block, type Column } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { Dictionary, Field, Int32, makeData, Null, RecordBatch, Schema, Struct, Table, tableFromArrays, tableToIPC, Utf8, vectorFromArray, type Vector } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { inspectBlock, type BlockExpectation } from "./arrow-inspect.ts";

const floats = (values: (number | null)[]): Column => columnFromValues(values, { kind: "float64" });
const block = (columns: Record<string, Column>): Block => createBlock(columns);
const inspect = (bytes: Uint8Array, expected: Partial<BlockExpectation> & { rows: number }) => inspectBlock(bytes, expected);

describe("what passes", () => {
  const image = { width: 2, height: 1, channels: 3 as const, data: new Uint8Array(6) };
  const everything = block({
    float: floats([1.5, null, -0]), int: columnFromValues([1, 2, null], { kind: "int32" }), big: columnFromValues([1n, 2n, 3n], { kind: "int64" }), flag: columnFromValues([true, false, null], { kind: "bool" }),
    text: columnFromValues(["a", "", "ü"], { kind: "utf8" }), bytes: columnFromValues([new Uint8Array([1]), null, new Uint8Array()], { kind: "binary" }),
    list: columnFromValues([[1, 2], [], null], { kind: "list", element: "float32" }), words: columnFromValues([["a"], [], ["b", "c"]], { kind: "list", element: "utf8" }),
    tensor: { type: { kind: "tensor", element: "float32", shape: [2] }, length: 3, values: new Float32Array(6) }, json: columnFromValues([{ a: [1] }, null, "x"], { kind: "json" }),
    picture: columnFromValues([image, image, null], { kind: "image" }), nothing: columnFromValues([null, null, null], { kind: "null" }),
  });

  test("a block with columns of every type", () => {
    expect(inspect(encodeBlock(everything), { rows: 3, columns: Object.keys(everything.columns).toReversed(), anyValues: true })).toBe(undefined);
  });

  test("one without rows, whatever columns it has; and one without columns", () => {
    expect(inspect(encodeBlock(block({ a: floats([]) })), { rows: 0, columns: ["b"] })).toBe(undefined);
    expect(inspect(encodeBlock(createBlock({}, [], 0)), { rows: 0, columns: ["b"] })).toBe(undefined);
    expect(inspect(encodeBlock(createBlock({}, [], 4)), { rows: 4 })).toBe(undefined);
  });

  test("several record batches, also of another writer", () => {
    const table = tableFromArrays({ n: new Float32Array([1, 2]) });
    const two = new Table([...table.batches, ...table.batches]);
    expect(inspect(tableToIPC(two, "stream"), { rows: 4, columns: ["n"] })).toBe(undefined);
  });
});

describe("what does not", () => {
  const one = encodeBlock(block({ a: floats([1, 2, 3]) }));

  test.each<[string, Uint8Array, Partial<BlockExpectation> & { rows: number }, object]>([
    ["fewer rows", one, { rows: 4 }, { message: "it has 3 rows and not 4" }],
    ["more rows", one, { rows: 2 }, { message: "it has more rows than 2" }],
    ["rows where none should be", one, { rows: 0 }, { message: "it has more rows than 0" }],
    ["rows of no columns", encodeBlock(createBlock({}, [], 5)), { rows: 4 }, { message: "it says that it has 5 rows, and it should have 4" }],
    ["a missing column", one, { rows: 3, columns: ["a", "b"] }, { column: "b" }],
    ["a column that would replace one of the input", one, { rows: 3, columns: [] }, { column: "a" }],
    ["nothing but NaN", encodeBlock(block({ x: floats([1, 2]), a: floats([NaN, NaN]) })), { rows: 2 }, { column: "a", message: 'column "a" holds nothing but NaN' }],
    ["nothing but NaN where there is anything", encodeBlock(block({ a: floats([null, NaN, null]) })), { rows: 3 }, { column: "a" }],
    ["nothing but NaN in all of several batches", tableToIPC(new Table([1, 2].flatMap(() => tableFromArrays({ n: new Float32Array([NaN]) }).batches)), "stream"), { rows: 2 }, { column: "n" }],
    ["nothing at all", encodeBlock(block({ x: floats([1, null]), a: floats([null, null]) })), { rows: 2 }, { column: "a", message: 'column "a" holds no value at all' }],
    ["no text at all, in all of several batches", tableToIPC(new Table([1, 2].flatMap(() => new Table({ t: vectorFromArray([null], new Utf8()) }).batches)), "stream"), { rows: 2 }, { column: "t" }],
    ["nulls of no type", encodeBlock(block({ a: columnFromValues([null, null]) })), { rows: 2 }, { column: "a" }],
    ["JSON that says nothing at all", encodeBlock(block({ a: columnFromValues([null, null], { kind: "json" }) })), { rows: 2 }, { column: "a" }],
    ["a dictionary that has nothing to say", tableToIPC(new Table({ a: vectorFromArray([null, null], new Dictionary(new Utf8(), new Int32())) as Vector }), "stream"), { rows: 2 }, { column: "a" }],
    ["tensors of nothing but NaN", encodeBlock(block({ a: { type: { kind: "tensor", element: "float32", shape: [2] }, length: 2, values: new Float32Array(4).fill(NaN) } })), { rows: 2 }, { column: "a" }],
  ])("%s", (_what, bytes, expected, fault) => {
    expect(inspect(bytes, expected)).toMatchObject(fault);
  });

  test("a column of the input may be anything where that is said; and one NaN among numbers passes, as on one machine", () => {
    expect(inspect(encodeBlock(block({ a: floats([NaN, NaN]) })), { rows: 2, anyValues: true })).toBe(undefined);
    expect(inspect(encodeBlock(block({ a: floats([NaN, 1]), b: floats([Infinity, -Infinity]), c: floats([null, 0]), d: columnFromValues([null, []], { kind: "json" }) })), { rows: 2 })).toBe(undefined);
    expect(inspect(encodeBlock(block({ c: floats([null, null]), d: columnFromValues([null, null]) })), { rows: 2, anyValues: true })).toBe(undefined);
    expect(inspect(encodeBlock(block({ c: floats([]) })), { rows: 0 })).toBe(undefined);
    expect(inspect(encodeBlock(block({ a: { type: { kind: "tensor", element: "float32", shape: [2, 2] }, length: 2, values: new Float32Array([NaN, NaN, NaN, NaN, 0, NaN, NaN, NaN]) } })), { rows: 2 })).toBe(undefined);
    const table = tableFromArrays({ n: new Float32Array([1, 2]) });
    expect(inspect(tableToIPC(new Table([...tableFromArrays({ n: new Float32Array([NaN, NaN]) }).batches, ...table.batches]), "stream"), { rows: 4 })).toBe(undefined);
  });

  test("two columns of one name", () => {
    const { schema, batches: [batch] } = tableFromArrays({ a: new Float32Array(1), b: new Float32Array(1) });
    const renamed = (name: string): Uint8Array => {
      const fields = schema.fields.map((field) => new Field(name, field.type, true));
      return tableToIPC(new Table(new Schema(fields), [new RecordBatch(new Schema(fields), (batch as RecordBatch).data as never)]), "stream");
    };
    expect(inspect(renamed("a"), { rows: 1 })).toMatchObject({ message: expect.stringContaining("two of its columns") });
  });

  test("few bytes that stand for many", () => {
    const long = new Table({ a: vectorFromArray(["x".repeat(100_000)], new Dictionary(new Utf8(), new Int32())) as Vector });
    const [data] = (long.getChild("a") as Vector).data;
    const codes = makeData({ type: (data as never as { type: Dictionary }).type, length: 100_000, data: new Int32Array(100_000), dictionary: (data as never as { dictionary: Vector }).dictionary } as never);
    const schema = new Schema([new Field("a", codes.type as never, true)]);
    const bytes = tableToIPC(new Table(schema, [new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 100_000, nullCount: 0, children: [codes as never] }))]), "stream");
    expect(bytes.byteLength).toBeLessThan(1e6);
    expect(inspect(bytes, { rows: 100_000 })).toMatchObject({ message: expect.stringContaining("when it is decoded") });
    const nothing = new Schema([new Field("a", new Null(), true)]);
    const empty = makeData({ type: new Null(), length: 2 ** 31 - 1 });
    const wide = tableToIPC(new Table(nothing, [new RecordBatch(nothing, makeData({ type: new Struct(nothing.fields), length: 2 ** 31 - 1, nullCount: 0, children: [empty] }))]), "stream");
    expect(inspect(wide, { rows: 2 ** 31 - 1 })).toMatchObject({ column: "a" });
  });

  test("pictures whose bytes do not fit their size", () => {
    const bytes = encodeBlock(block({ p: { type: { kind: "image" }, length: 1, values: [{ width: 4, height: 4, channels: 3, data: new Uint8Array(47) }] } }));
    expect(inspect(bytes, { rows: 1 })).toMatchObject({ column: "p", row: 0 });
  });

  test("JSON that is none", () => {
    const bytes = encodeBlock(block({ j: columnFromValues([{ abc: 1 }], { kind: "json" }) }));
    const at = new TextDecoder("latin1").decode(bytes).indexOf('{"abc":1}');
    bytes[at] = 0x20;
    expect(() => inspect(bytes, { rows: 1 })).toThrow(SyntaxError);
  });

  test("a column of text that holds something else", () => {
    const bytes = encodeBlock(block({ t: columnFromValues(["\ud800abc"]) }));
    const at = new TextDecoder("latin1").decode(bytes).indexOf('"\\ud800abc"');
    expect(inspect(bytes, { rows: 1 })).toBe(undefined);
    bytes.set(new TextEncoder().encode('{"a":1234}'), at);
    bytes.fill(0x20, at + 10, at + 11);
    expect(() => inspect(bytes, { rows: 1 })).toThrow(TypeError);
  });

  test("bytes that are no stream, that end early, or go on with another", () => {
    expect(() => inspect(new Uint8Array(100), { rows: 0 })).toThrow(RangeError);
    expect(() => inspect(new Uint8Array(), { rows: 0 })).toThrow(/no schema/);
    for (let length = 0; length < one.byteLength - 8; length += 8) {
      let fault: unknown;
      try {
        fault = inspect(one.slice(0, length), { rows: 3 });
      } catch (error) {
        fault = error;
      }
      expect(fault, `${length} of ${one.byteLength} bytes`).not.toBe(undefined);
    }
    const twice = new Uint8Array(2 * one.byteLength - 8);
    twice.set(one);
    twice.set(one, one.byteLength - 8);
    expect(() => inspect(twice, { rows: 6 })).toThrow(/second schema/);
  });
});
