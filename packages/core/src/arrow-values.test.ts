import {
  Dictionary, Field, FixedSizeList, Int32, List, makeData, Map_, Struct, Table, tableFromIPC, tableToIPC, Utf8, Vector, vectorFromArray, type DataType,
} from "apache-arrow";
import { expect, test } from "vitest";
import { blockFromTable } from "./with-arrow.ts";
import { valuesOfVector } from "./arrow-values.ts";

const texts = ["\ufeffone", null, "", "\ufeff", "zwölf\ufeff"];
const vectorOf = (values: readonly unknown[], type: DataType): Vector => vectorFromArray(values, type) as unknown as Vector;
const struct = new Struct([new Field("t", new Utf8(), true), new Field("n", new Int32(), true)]);

const forms: Readonly<Record<string, readonly [readonly unknown[], DataType, (readonly unknown[])?]>> = {
  text: [texts, new Utf8()],
  dictionary: [[...texts, ...texts], new Dictionary(new Utf8(), new Int32())],
  list: [[texts, null, [], ["\ufeff"]], new List(new Field("item", new Utf8(), true))],
  "list of lists": [[[texts, []], null, [null, ["\ufeff"]]], new List(new Field("item", new List(new Field("item", new Utf8(), true)), true))],
  pair: [[["\ufeffa", "b"], null, ["", "\ufeff"]], new FixedSizeList(2, new Field("item", new Utf8(), true))],
  struct: [[{ t: "\ufeffa", n: 1 }, null, { t: null, n: null }], struct],
  "list of structs": [[[{ t: "\ufeffa", n: 1 }, { t: "", n: null }], [], null], new List(new Field("item", struct, true))],
};

test.each(Object.entries(forms))("%s comes out of Arrow as it was written, sliced and in pieces too", (_, [values, type]) => {
  const vector = vectorOf(values, type);
  expect(valuesOfVector(vector)).toEqual(values);
  for (const [from, to] of [[1, 3], [2, 3], [1, 1]] as const) expect(valuesOfVector(vector.slice(from, to))).toEqual(values.slice(from, to));
  expect(valuesOfVector(vector.slice(0, 2).concat(vector.slice(2)))).toEqual(values);
  const table = tableFromIPC(tableToIPC(new Table({ column: vector }), "stream"));
  expect(blockFromTable(table as Table).columns["column"]?.values).toEqual(values);
});

test("a map within a list becomes an object", () => {
  const entries = new Struct([new Field("key", new Utf8(), false), new Field("value", new Utf8(), true)]);
  const child = makeData({ type: new Map_(new Field("entries", entries, false) as never), length: 2, nullCount: 0, valueOffsets: Int32Array.of(0, 2, 3), child: vectorOf([{ key: "\ufeffk", value: "\ufeffv" }, { key: "l", value: null }, { key: "m", value: "" }], entries).data[0] } as never);
  const list = makeData({ type: new List(new Field("item", child.type, true)), length: 2, nullCount: 0, valueOffsets: Int32Array.of(0, 0, 2), child } as never);
  expect(valuesOfVector(new Vector([list as never]))).toEqual([[], [{ "\ufeffk": "\ufeffv", l: null }, { m: "" }]]);
});
