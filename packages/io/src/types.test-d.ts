import type { Datasource } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expectTypeOf } from "expect-type";
import { csvSource, fromAsyncIterable, fromColumns, fromItems, jsonlSource, range, textSource } from "./index.ts";

type RowOf<S> = S extends Datasource<infer R> ? R : never;

const words = fromItems(["a", "b"]);
expectTypeOf<RowOf<typeof words>>().toEqualTypeOf<{ item: string }>();

const rows = fromItems([{ id: 1, text: "x" }]);
expectTypeOf<RowOf<typeof rows>>().toEqualTypeOf<{ id: number; text: string }>();

const large = fromItems([{ id: 1n, from: null as bigint | null, text: "x" }]);
expectTypeOf<RowOf<typeof large>>().toEqualTypeOf<{ id: number | bigint; from: number | bigint | null; text: string }>();

const bigs = fromItems([1n]);
expectTypeOf<RowOf<typeof bigs>>().toEqualTypeOf<{ item: number | bigint }>();

const tensors = fromItems([new Float32Array(2)]);
expectTypeOf<RowOf<typeof tensors>>().toExtend<{ item: Float32Array }>();

const columns = fromColumns({ id: new Int32Array(2), text: ["a", "b"], vector: [[1, 2], [3, 4]] });
expectTypeOf<RowOf<typeof columns>>().toExtend<{ id: number; text: string; vector: Float64Array }>();

const bare = fromColumns(new Float32Array(2));
expectTypeOf<RowOf<typeof bare>>().toEqualTypeOf<{ data: number }>();

async function* stream() {
  yield { a: 1 };
}
const streamed = fromAsyncIterable(stream());
expectTypeOf<RowOf<typeof streamed>>().toEqualTypeOf<{ a: number }>();

const ids = range(3);
expectTypeOf<RowOf<typeof ids>>().toEqualTypeOf<{ id: number }>();

const prompts = jsonlSource<{ prompt: string }>("prompts/*.jsonl");
expectTypeOf<RowOf<typeof prompts>>().toEqualTypeOf<{ prompt: string }>();

declare const schema: StandardSchemaV1<unknown, { score: number }>;
const validated = csvSource("a.csv", { schema, delimiter: ";" });
expectTypeOf<RowOf<typeof validated>>().toEqualTypeOf<{ score: number }>();

const untyped = jsonlSource("a.jsonl");
expectTypeOf<RowOf<typeof untyped>>().toEqualTypeOf<Record<string, unknown>>();

const lines = textSource("a.txt");
expectTypeOf<RowOf<typeof lines>>().toEqualTypeOf<{ text: string }>();

// @ts-expect-error a type that no column has
jsonlSource("a.jsonl", { types: { a: "varchar" } });
